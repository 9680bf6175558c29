"""Retry transient database errors; translate the rest into StorageError."""

import logging
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from nas.errors import StorageError
from nas.storage.backends.protocol import Database

_SHORTEST, _LONGEST = 0.1, 2.0  # seconds between two attempts

_log = logging.getLogger(__name__)
T = TypeVar("T")


@contextmanager
def translate_errors(database: Database, where: str = "") -> Iterator[None]:
    """Turn what the database or its file raises into a StorageError about it; our own mistakes pass through."""
    errors: tuple[type[Exception], ...] = (DBAPIError, OSError, *database.driver_errors)
    try:
        yield
    except errors as error:
        sentence = database.explain(_cause(error))
        if sentence is None:
            raise
        raise StorageError(f"{where or database.where}: {sentence}") from error


def with_retries(database: Database, work: Callable[[], T], *, seconds: float = math.inf) -> T:
    """Do idempotent work, again if its connection is lost, for so long, or as the database's patience lasts."""
    until, pause, warned = time.monotonic() + min(seconds, database.retry_timeout), _SHORTEST, False
    errors: tuple[type[Exception], ...] = (DBAPIError, *database.driver_errors)
    while True:
        try:
            return work()
        except errors as error:
            if not database.is_transient(_cause(error)) or time.monotonic() + pause > until:
                raise
            if not warned:
                _log.warning("%s: %s; trying again", database.where, database.explain(_cause(error)))
            warned = True
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, _LONGEST)


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
