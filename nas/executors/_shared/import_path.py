"""Import path of started processes: our packages and what is installed, no folder of the user's.

Where a file of the working folder, or beside the running script, is called like a module that a worker imports, it
would run there in that module's place.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def import_path() -> str:
    """Return a PYTHONPATH; to be used with `python -P`, which adds no working folder by itself."""
    home = str(Path(__file__).absolute().parents[3])
    unwanted = set(map(os.path.realpath, _of_the_user()))
    others = [place for place in sys.path if os.path.isabs(place) and os.path.realpath(place) not in unwanted]
    return os.pathsep.join(dict.fromkeys([home, *others]))


def _of_the_user() -> Iterator[str]:
    """Return the working folder, and that of the running script."""
    with suppress(FileNotFoundError):  # it was deleted
        yield os.getcwd()
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script:
        yield os.path.dirname(os.path.abspath(script)) if os.path.isabs(script) else os.path.dirname(script) or "."
