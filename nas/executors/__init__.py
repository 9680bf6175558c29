"""Executors: one file a place where jobs run."""

import os

from nas.executors._foreign import Foreign
from nas.executors._process.devices import gpus
from nas.executors.protocol import Executor
from search_spaces.candidate import Named
from search_spaces.hyperparameters import make
from search_spaces.registry import Menu

EXECUTORS = Menu("nas.executors", "executor")


def start(named: Named) -> Executor:
    """Start the executor of that name with its settings.

    Raises:
        UnknownName: no such executor.
        SpecError: a setting that is unknown or not allowed, or an executor of another distribution that fails.
    """
    if named.name in EXECUTORS.own_names():
        executor: Executor = make(EXECUTORS, named).start()
        return executor
    path, whose = f"executor.{named.name}", EXECUTORS.whose(named.name)
    return Foreign(path, whose, lambda: make(EXECUTORS, named).start())


def idle_gpus(named: Named) -> int:
    """Return how many GPUs of this machine an executor leaves idle, if it trains on this machine."""
    on_cores = named.name == "process" and named.settings.get("device", "cpu") != "cuda"
    return len(gpus(os.environ)) if on_cores else 0
