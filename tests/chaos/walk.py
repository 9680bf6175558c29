"""Walks through fail points: for each one a search or an opening that ends there, and another that goes on.

    python walk.py search URL FILE KIND FIRST STRIDE      searches, one a study
    python walk.py open KIND FIRST STRIDE URL …           openings of empty databases, one a URL

Prints the number of each fail point that was met, and "end" when none was left to meet. What is slow to load is
loaded once; each run is a fork of this process.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from invariants import invariants
from outside import results

from nas.storage import Storage
from nas.storage.backends.fault_injection import VARIABLE


def main(arguments: Sequence[str]) -> None:
    """Walk as the command line says."""
    what, *rest = arguments
    (_walk_search if what == "search" else _walk_opening)(*rest)
    say("end")


def _walk_search(url: str, file: str, kind: str, first: str, stride: str) -> None:
    import workers.training_loop  # noqa: F401  # loads torch, before there is a fork

    require_success(_forked(partial(_search, url, file, "undisturbed")))
    for number in range(int(first), sys.maxsize, int(stride)):
        name = f"s{number}"
        if not _is_killed(_forked(partial(_search, url, file, name), f"{kind}:{number}")):
            return
        recorded = _is_recorded(url, name)
        before = invariants(url, study=name) if recorded else {}
        require_success(_forked(partial(_search, url, file, name)))
        invariants(url, study=name, before=before, ended=True)
        with Storage.open(url) as storage:
            trials = [storage.trials(storage.study(of).id) for of in (name, "undisturbed")]
        assert results(trials[0]) == results(trials[1])
        say(number)


def _walk_opening(kind: str, first: str, stride: str, *urls: str) -> None:
    import alembic.command  # noqa: F401  # as above

    for number, url in zip(range(int(first), sys.maxsize, int(stride)), urls, strict=False):
        if not _is_killed(_forked(partial(_open, url), f"{kind}:{number}")):
            return
        with Storage.open(url) as storage:
            assert (storage.studies(), storage.check()) == ([], [])
        say(number)
    raise AssertionError(f"there are more fail points than the {len(urls)} databases given")


def _open(url: str) -> None:
    Storage.open(url).close()


def _search(url: str, file: str, name: str) -> None:
    from nas.cli.main import main as nas

    sys.argv = ["nas", "run", file, "--storage", url, "--name", name, "--quiet"]
    nas()


def _forked(work: Callable[[], object], fail_at: str = "") -> int:
    """Do work in a fork, and return how that ended."""
    sys.stdout.flush()
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    code = 1
    try:
        if fail_at:
            os.environ[VARIABLE] = fail_at
        os.dup2(2, 1)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        os._exit(code)


def _is_killed(status: int) -> bool:
    """Tell whether a fork met its fail point; else it must have come to its end."""
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    require_success(status)
    return False


def require_success(status: int) -> None:
    assert status == 0, f"ended with status {status}"


def _is_recorded(url: str, name: str) -> bool:
    with Storage.open(url) as storage:
        return storage.find(name) is not None


def say(what: object) -> None:
    with suppress(BrokenPipeError):
        print(what, flush=True)  # noqa: T201  # to the test that has started this


if __name__ == "__main__":
    main(sys.argv[1:])
