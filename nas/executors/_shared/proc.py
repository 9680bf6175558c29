"""Fields of a process or thread in its file `stat` of /proc."""

from pathlib import Path


def fields(stat: Path) -> list[str]:
    """Return the fields after the program's name, which may hold anything; the state is the first.

    Raises:
        OSError: it is no more.
    """
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()
