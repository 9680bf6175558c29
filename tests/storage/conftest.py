"""A storage in each kind of database, one study in it, and trials to put there."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Server

import nas
from nas.storage import Lease, Storage, StudyRecord
from nas.storage.backends.protocol import KINDS
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Named, Params, Recipe, Settings
from workers.messages import TaskInfo

ROOT = Path(nas.__file__).parents[1]
BEGAN = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)
TASK = TaskInfo(
    name="digits",
    kind="classification",
    inputs=(1, 8, 8),
    outputs=10,
    samples=(1000, 400, 397),
    metrics=("loss", "accuracy"),
    loss="cross_entropy",
    sha256="ab" * 32,
    classes=("0", "1"),
)

TrialMaker = Callable[..., Trial]


@pytest.fixture(scope="session")
def template(postgres: Server) -> str:
    """Return the name of a database that has our tables."""
    url = postgres.database()
    Storage.open(url).close()
    return url.rpartition("/")[2]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return the kind of database; a file about one of them parametrizes this itself, with `indirect`."""
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database is, if it is a file."""
    return tmp_path / "nas.db"


@pytest.fixture
def blank(kind: str, path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a database without tables; that of SQLite is no file yet."""
    if kind == "sqlite":
        yield f"sqlite:///{path}"
    else:
        postgres: Server = request.getfixturevalue("postgres")
        url = postgres.database()
        yield url
        postgres.drop(url)


@pytest.fixture
def url(kind: str, path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a database that may have our tables already."""
    if kind == "sqlite":
        yield f"sqlite:///{path}"
    else:
        postgres: Server = request.getfixturevalue("postgres")
        template: str = request.getfixturevalue("template")
        kept: dict[str, str] = request.getfixturevalue("kept")
        url = kept.pop(template, "") or postgres.database(template=template)
        yield url
        if postgres.emptied(url, template):
            kept[template] = url
        else:
            postgres.drop(url)


@pytest.fixture(scope="session")
def kept() -> dict[str, str]:
    """Return a database that the next test may have, by the template it is like."""
    return {}


@pytest.fixture
def storage(url: str) -> Iterator[Storage]:
    with Storage.open(url) as storage:
        yield storage


@pytest.fixture
def task() -> TaskInfo:
    return TASK


@pytest.fixture
def study(storage: Storage) -> StudyRecord:
    return storage.create("first", {"budget": {"trials": 100}}, TASK, {"python": "3.11"})


@pytest.fixture
def lease(storage: Storage, study: StudyRecord) -> Lease:
    return storage.acquire(study.id)


@pytest.fixture
def running() -> TrialMaker:
    return make_running


@pytest.fixture
def complete() -> TrialMaker:
    return make_complete


@pytest.fixture
def script() -> Callable[..., subprocess.Popen[str]]:
    """Start Python code in a process of its own, with arguments; `import`s of ours work there."""
    return start_script


def make_running(number: int, **changes: Any) -> Trial:
    params: Params = {
        "depth": 2,
        "width.0": 16,
        "width.1": 64,
        "optimizer": "sgd",
        "optimizer.sgd.lr": 0.01,
        "optimizer.sgd.nesterov": True,
    }
    architecture = Architecture("mlp", Settings(depth=2, width=(16, 64), activation="relu"))
    recipe = Recipe(Named("sgd", Settings(lr=0.01, nesterov=True)), batch_size=64, weight_decay=1e-4)
    trial = Trial(
        number,
        params,
        Candidate(architecture, recipe, seed=2**40 + number),
        TrialState.RUNNING,
        fingerprint="cd" * 32,
        parameters=2**40,
        flops=2**50,
        attempt=1,
        started_at=BEGAN,
    )
    return replace(trial, **changes)


def make_complete(number: int, *, epochs: int = 3, **changes: Any) -> Trial:
    curve = tuple(
        Point(epoch, {"loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch}, 0.25) for epoch in range(1, epochs + 1)
    )
    ended = make_running(
        number,
        state=TrialState.COMPLETE,
        curve=curve,
        values=(curve[-1].metrics["accuracy"],),
        epochs=epochs,
        seconds=0.25 * epochs,
        engine="solo",
        finished_at=BEGAN + timedelta(seconds=epochs),
    )
    return replace(ended, **changes)


def start_script(code: str, *arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
