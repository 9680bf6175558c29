"""Executors: one file a place where jobs run."""

from nas.executors.protocol import Executor
from search_spaces.candidate import Named
from search_spaces.registry import Menu

EXECUTORS = Menu("nas.executors", "executor")


def start(named: Named) -> Executor:
    """Start the executor of that name with its settings."""
    executor: Executor = EXECUTORS.load(named.name)(**named.settings).start()
    return executor
