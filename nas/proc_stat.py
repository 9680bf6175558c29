"""Processes of this machine, as Linux shows them in /proc/PID/stat; psutil takes twice as long for a list of all."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ENDED = "ZXx"
"""States of a process that only waits to be reaped."""


class Process(NamedTuple):
    """A process that has not ended."""

    pid: int
    parent: int
    session: int


def fields(stat: Path) -> list[str]:
    """Return the fields after the program's name, which may hold anything; the state is the first.

    Raises:
        OSError: it is no more.
    """
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()


def processes() -> Iterator[Process]:
    """List every process that has not ended."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError):
            state, parent, _, session = fields(Path(f"/proc/{name}/stat"))[:4]
            if state not in ENDED:
                yield Process(int(name), int(parent), int(session))
