"""A search on a server from outside: it outlives a restart, and its password is nowhere to be found."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import psycopg
import pytest
from postgres_server import PASSWORD, Server

from nas.storage import Storage
from nas.trials import TrialState

CANARY = "canary"
"""A part of the password that is the same escaped and not."""
STUDY = """\
name: far
task: wine
space: {family: mlp, depth: 1..2, width: {each: [16, 32]}, optimizer: {sgd: {lr: 1e-2..1 log}}}
objective: maximize accuracy
sampler: random
budget: {trials: 40, epochs: 5}
final: {seeds: 0}
executor: inline
storage: ${DATABASE}
"""


@pytest.fixture
def kind() -> str:
    return "postgresql"


@pytest.fixture
def nas(tmp_path: Path, url: str) -> Callable[..., subprocess.Popen[str]]:
    """Start a command where the study file is; the database is in the environment."""
    (tmp_path / "study.yaml").write_text(STUDY, "utf-8")
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "NAS_STORAGE": url, "DATABASE": url, "PYTHONPATH": root}

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nas", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=pipe, stderr=pipe, text=True)

    return start


def run(process: subprocess.Popen[str]) -> str:
    """Return all that a command says; none of it may be the password."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert CANARY not in out + err
    return out


def everything(url: str) -> str:
    """Return every value in every table of a database as text."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "".join(str(connection.execute(f'TABLE "{name}"').fetchall()) for (name,) in names)


def test_a_search_outlives_a_restart_of_its_server_and_never_shows_the_password(
    nas: Callable[..., subprocess.Popen[str]], postgres: Server, url: str, tmp_path: Path
) -> None:
    search = nas("run", "study.yaml")
    assert CANARY not in Path(f"/proc/{search.pid}/cmdline").read_text("utf-8")
    with Storage.open(url) as storage:
        while not (found := storage.find("far")) or not found.counts.get("COMPLETE"):
            assert search.poll() is None, search.communicate()
            time.sleep(0.02)
    postgres.kill()
    time.sleep(2.0)
    assert search.poll() is None, search.communicate()
    postgres.start()
    run(search)
    with Storage.open(url) as storage:
        trials = storage.trials(storage.study("far").id)
        assert storage.check(folder=tmp_path) == []
    assert [trial.number for trial in trials] == list(range(40))
    assert all(trial.state.finished and len(trial.curve) == trial.epochs for trial in trials)
    shown = optuna.load_study(study_name="far", storage=url)
    ours = {trial.number for trial in trials if trial.state is TrialState.COMPLETE}
    assert {trial.number for trial in shown.get_trials(states=[optuna.trial.TrialState.COMPLETE])} == ours
    for command in (["show", "far"], ["db", "upgrade", "--json"]):
        run(nas(*command))
    assert json.loads(run(nas("db", "status", "--json")))["url"].startswith("postgresql+psycopg://nas:***@127.0.0.1:")
    assert CANARY in PASSWORD
    assert CANARY not in everything(url)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]
