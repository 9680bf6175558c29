"""A study whose space and trials Optuna's tables show."""

import math

import optuna
import pytest
from optuna_tables import ACCURACY, Maker
from postgres_server import Server

from nas.dashboard.projection import Projection
from nas.storage import Lease, Storage, StudyRecord
from nas.trials import Point, Trial, TrialState
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.space import SearchSpace


@pytest.fixture(scope="session")
def template(postgres: Server) -> str:
    """Return the name of a database that has Optuna's tables too: Optuna takes long to make them."""
    url = postgres.database()
    Storage.open(url).close()
    optuna.storages.RDBStorage(url).engine.dispose()
    return url.rpartition("/")[2]


@pytest.fixture
def space() -> SearchSpace:
    return SearchSpace(
        name="small",
        family="mlp",
        architecture={
            "depth": Int(1, 2),
            "width.0": Choice((16, 64)),
            "width.1": Int(16, 128, log=True),
        },
        recipe={
            "optimizer": Choice(("sgd", "adamw")),
            "optimizer.sgd.lr": Float(1e-4, 1e-1, log=True),
            "optimizer.sgd.nesterov": Choice((False, True)),
        },
    )


@pytest.fixture
def projection(storage: Storage, study: StudyRecord, lease: Lease, space: SearchSpace) -> Projection:
    return Projection(storage, study, space, ACCURACY)


@pytest.fixture
def trials(running: Maker, complete: Maker) -> list[Trial]:
    """Return one trial of each kind, in all the states a study can show at once."""
    limits = {"parameters <= 200k": 2.0, "flops <= 1M": -1.0}
    bad = Point(1, {"loss": math.nan, "accuracy": math.nan}, 0.1)
    return [
        complete(0),
        running(1, curve=complete(1).curve[:2]),
        complete(2, state=TrialState.PRUNED, values=(), reason="pruned"),
        complete(3, state=TrialState.PRUNED, values=(), curve=(), reason="infeasible", constraints=limits),
        complete(4, state=TrialState.FAIL, values=(), curve=(bad,), reason="nan"),
        running(5, state=TrialState.WAITING, started_at=None),
        complete(6, values=(math.inf,)),
        complete(7, reason="reused", reused_from=0),
        complete(8, constraints={"flops <= 1M": math.inf}),
    ]
