"""`nas top`: a line a trial, a column for what differs, and no wider than the terminal."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import Ran
from rich.console import Console

from nas.cli.output.leaderboard import board
from nas.snapshot import Snapshot, leaders
from nas.trials import Trial


@pytest.fixture
def led(searched: tuple[Path, Ran]) -> tuple[Snapshot, list[Trial]]:
    return leaders(f"sqlite:///{searched[0]}/nas.db", "first", 100)


@pytest.fixture
def snapshot(led: tuple[Snapshot, list[Trial]]) -> Snapshot:
    return led[0]


@pytest.fixture
def best(led: tuple[Snapshot, list[Trial]]) -> list[Trial]:
    return led[1]


def lines(snapshot: Snapshot, trials: list[Trial], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(board(snapshot, trials, None, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_trial_is_a_line_no_longer_than_the_terminal(snapshot: Snapshot, best: list[Trial], width: int) -> None:
    params = {f"a_long_name.{place}.x{place}": "a long value" for place in range(20)}
    trials = [replace(trial, params={**params, "depth": place}) for place, trial in enumerate(best)]
    trials[0] = replace(trials[0], params={})
    shown = lines(snapshot, trials, width)
    assert max(map(len, shown)) <= width
    assert len(shown) == len(trials) + 4  # two lines of heads, a rule, and how many columns are left out
    assert "they differ in" in shown[-1]


def test_the_score_is_of_the_validation_samples(snapshot: Snapshot, best: list[Trial]) -> None:
    head = lines(snapshot, best, 200)[:2]
    assert "validation" in head[0]
    assert "accuracy" in head[1]


def test_what_all_trials_have_in_common_is_no_column(snapshot: Snapshot, best: list[Trial]) -> None:
    trials = [replace(trial, params={"depth": 2, "lr": place}) for place, trial in enumerate(best)]
    head = " ".join(lines(snapshot, trials, 200)[:2])
    assert "lr" in head
    assert "depth" not in head


def test_settings_of_options_that_exclude_each_other_share_a_column(snapshot: Snapshot, best: list[Trial]) -> None:
    first, second = best[:2]
    trials = [replace(first, params={"optimizer.sgd.lr": 0.1}), replace(second, params={"optimizer.adamw.lr": 0.2})]
    shown = lines(snapshot, trials, 200)
    assert shown[1].split().count("lr") == 1
    assert "0.1" in shown[3]
    assert "0.2" in shown[4]
