"""Executors: one file a place where jobs run."""

import os

from nas.executors._devices import gpus
from nas.executors.protocol import Executor
from search_spaces.candidate import Named
from search_spaces.registry import Menu

EXECUTORS = Menu("nas.executors", "executor")


def start(named: Named) -> Executor:
    """Start the executor of that name with its settings."""
    executor: Executor = EXECUTORS.load(named.name)(**named.settings).start()
    return executor


def idle_gpus(named: Named) -> int:
    """Return how many GPUs of this machine an executor leaves idle, if it trains on this machine."""
    on_cores = named.name == "process" and named.settings.get("device", "cpu") != "cuda"
    return len(gpus(os.environ)) if on_cores else 0
