"""A wrong command line: one line on standard error, in the form of every error, and exit code 2."""

import pytest
from command_runs import Nas

WRONG = {
    ("rnu",): "error: unknown command 'rnu' (did you mean 'run'?) (see nas --help)",
    ("db", "chek"): "error: unknown command 'chek' (did you mean 'check'?) (see nas db --help)",
    ("run", "study.yaml", "--trails", "3"): (
        "error: unknown option '--trails' (did you mean '--trials'?) (see nas run --help)"
    ),
    ("ls", "--bogus"): "error: unknown option '--bogus' (one of: --storage, --json, --help) (see nas ls --help)",
    ("run",): "error: missing argument 'FILE' (see nas run --help)",
    ("run", "study.yaml", "--trials", "many"): (
        "error: --trials: should be a valid integer, got 'many' (see nas run --help)"
    ),
    ("trial", "first", "x"): "error: NUMBER: should be a valid integer, got 'x' (see nas trial --help)",
    ("run", "study.yaml", "--time", "soon"): (
        "error: --time: 'soon' is no length of time; write 90s, 30m, 2h or 1h30m (see nas run --help)"
    ),
    ("run", "study.yaml", "--workers", "2"): (
        "error: --workers: the executor 'inline' has no workers to count; add --executor process (see nas run --help)"
    ),
    ("run", "study.yaml", "--address", "head:6379"): (
        "error: --address: the executor 'inline' has no address; add --executor ray (see nas run --help)"
    ),
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_command_line_is_told_in_one_line(arguments: tuple[str, ...], fresh: Nas) -> None:
    ran = fresh(*arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{WRONG[arguments]}\n")


@pytest.mark.parametrize("arguments", [(), ("db",)], ids=["nas", "nas db"])
def test_no_command_at_all_is_answered_with_the_help(arguments: tuple[str, ...], fresh: Nas) -> None:
    ran = fresh(*arguments)
    assert ran.code == 2
    assert (ran.out + ran.err).startswith("Usage: nas")


def test_the_version_exits_with_0(fresh: Nas) -> None:
    assert fresh("--version").code == 0
