"""What progress says: counts, speed, the time that is left; on a terminal and in words."""

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command_runs import STUDY
from rich.console import Console

from nas.cli.output import announcement, humanize
from nas.cli.output.console import plain
from nas.cli.output.live import LiveDisplay
from nas.cli.output.plain_lines import PlainLines
from nas.cli.output.progress import Progress
from nas.config import Budget, Objective, StudyConfig
from nas.events import EpochsDone, FinalScored, FinalStarted, Noticed, StudyStarted, TrialFinished
from nas.snapshot import class_of, tally
from nas.study_file.load import loads
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params
from workers.messages import TaskInfo


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def config() -> StudyConfig:
    return loads(STUDY, base=Path())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(config: StudyConfig, clock: Clock) -> Progress:
    return Progress(config, clock=clock)


@pytest.fixture
def trial(config: StudyConfig) -> Trial:
    import random

    params = config.space.sample(random.Random(0))
    return Trial(3, params, config.space.candidate(params, 0), TrialState.COMPLETE, values=(0.9,), epochs=2)


def test_a_trial_is_in_one_of_five_classes(trial: Trial) -> None:
    ended = [
        trial,
        replace(trial, state=TrialState.PRUNED, reason="pruned"),
        replace(trial, state=TrialState.FAIL, reason="nan"),
        replace(trial, reason="reused"),
        replace(trial, state=TrialState.PRUNED, reason="reused"),
        replace(trial, state=TrialState.PRUNED, reason="infeasible"),
    ]
    assert tally(ended) == {"complete": 1, "pruned": 1, "failed": 1, "reused": 2, "infeasible": 1}


def test_a_trial_that_goes_on_is_in_none(trial: Trial) -> None:
    assert class_of(replace(trial, state=TrialState.RUNNING)) == "running"
    assert sum(tally([replace(trial, state=TrialState.WAITING)]).values()) == 0


def test_speed_is_that_of_the_last_seconds(progress: Progress, clock: Clock) -> None:
    progress.take(EpochsDone(1000, 2))
    clock.now = 100.0
    progress.take(EpochsDone(50, 2))
    assert progress.speed == 5.0


def test_the_time_left_follows_the_trials(progress: Progress, trial: Trial, clock: Clock) -> None:
    clock.now = 8.0
    progress.take(TrialFinished(trial, best=True))
    assert progress.remaining == 15 * 8.0


def test_the_time_left_is_never_more_than_the_budget(progress: Progress, trial: Trial, clock: Clock) -> None:
    progress.config = replace(progress.config, budget=Budget(trials=16, seconds=10.0))
    clock.now = 8.0
    progress.take(TrialFinished(trial, best=True))
    assert progress.remaining == 2.0


def test_no_time_is_promised_before_the_first_trial(progress: Progress) -> None:
    assert progress.remaining is None


def test_earlier_trials_count(progress: Progress, trial: Trial) -> None:
    progress.config = replace(progress.config, objectives=(Objective("accuracy", "maximize"),))
    progress.restore([trial, replace(trial, number=4, state=TrialState.WAITING)])
    assert (progress.finished, progress.best) == (1, trial)
    assert progress.share == 1 / 16


def live(progress: Progress, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(LiveDisplay(progress, console))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_counts_the_best_and_the_speed(progress: Progress, trial: Trial) -> None:
    progress.take(EpochsDone(3, 1))
    progress.take(TrialFinished(trial, best=True))
    shown = live(progress, 200)
    assert "1/16 trials" in shown
    assert "1 complete" in shown
    assert "best validation accuracy 0.9000 · trial 3 · mlp depth=" in shown


@pytest.mark.parametrize("width", [20, 40, 80])
def test_progress_never_grows_beyond_the_terminal(progress: Progress, trial: Trial, width: int) -> None:
    progress.take(TrialFinished(trial, best=True))
    assert max(map(len, live(progress, width).splitlines())) <= width


def test_a_terminal_shows_which_trials_run_how_far_and_why_others_failed(progress: Progress, trial: Trial) -> None:
    progress.stage = "searching"
    progress.take(EpochsDone(3, 5, [(3, 1), (4, 1), (5, 2), (6, 1), (7, 1)]))
    progress.take(TrialFinished(replace(trial, state=TrialState.FAIL, reason="crash: boom", values=()), best=False))
    shown = live(progress, 80).splitlines()
    assert "running trial 4 (1/2 epochs), 5 (2/2), 6 (1/2), 2 more" in shown
    assert "failed 1 × crash" in shown


@pytest.mark.parametrize(("spent", "told"), [(0.0, "5.0 s so far"), (60.0, "5.0 s so far in this run")])
def test_the_time_so_far_is_that_of_this_run_and_says_so_after_others(
    spent: float, told: str, config: StudyConfig, clock: Clock
) -> None:
    progress = Progress(config, spent, clock)
    clock.now = 5.0
    assert live(progress, 100).rstrip().endswith(told)


def test_the_samples_and_the_goal_are_told_once_they_are_known(config: StudyConfig) -> None:
    task = TaskInfo("csv", "regression", (1,), 1, (3, 1, 1), ("loss", "mse"), "mse", "")
    known = replace(config, objectives=(Objective("mse", "minimize"),))
    told = announcement.begun(StudyStarted(known, task, 0, False), replace(config, objectives=()))
    assert told.splitlines() == [
        "samples  3/1/1 in train/validation/test; 1 input, 1 output (regression)",
        "goal     minimize validation mse",
    ]


@pytest.mark.parametrize(
    ("metrics", "written"),
    [
        ({"accuracy": 0.5, "parameters": 12}, "validation accuracy 0.5000, parameters 12"),
        ({"parameters": 12}, "parameters 12"),
        ({"loss": 0.25, "mse": 31.5, "r2": 0.5}, "validation mse 31.50, r2 0.5000"),
        ({"loss": 0.25}, "validation loss 0.2500"),
    ],
)
def test_scores_say_which_samples_they_are_of(metrics: dict[str, float], written: str) -> None:
    assert humanize.scores("validation", metrics) == written


def test_the_final_stage_is_counted_apart(progress: Progress) -> None:
    progress.take(FinalStarted(3))
    progress.take(FinalScored(3, 1, {"accuracy": 0.9}))
    assert "1/3 retrainings" in live(progress, 100)


def test_a_notice_is_a_line(progress: Progress) -> None:
    console = Console(file=io.StringIO(), width=20)
    PlainLines(progress, console)(Noticed("a worker was lost and this is a long story"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "note: a worker was lost and this is a long story\n"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.04, "40 ms"), (0.0, "0.0 s"), (42, "42 s"), (63, "1m 03s"), (3700, "1h 01m"), (90_000, "1d 01h")],
)
def test_durations_have_two_units(seconds: float, written: str) -> None:
    assert humanize.duration(seconds) == written


def test_an_age_is_counted_from_now() -> None:
    assert humanize.age(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 5, tzinfo=UTC)) == "5m 00s ago"


def test_layers_are_written_together() -> None:
    params: Params = {"depth": 2, "width.0": 64, "width.1": 32, "optimizer": "adamw", "optimizer.adamw.lr": 0.003}
    assert humanize.searched("mlp", params) == "mlp depth=2 width=64·32 optimizer=adamw adamw.lr=0.003"


def test_a_sparkline_leaves_gaps_where_nothing_is_a_number() -> None:
    assert humanize.sparkline([0.0, float("nan"), 1.0]) == "▁ █"


@pytest.mark.parametrize(
    ("value", "written"), [(float("inf"), "infinitely many"), (12345, "12,345"), (2.5e12, "2.5e+12")]
)
def test_counts_may_be_huge(value: float, written: str) -> None:
    assert humanize.count(value) == written


def test_json_holds_no_infinity() -> None:
    assert plain({"a": (1.0, float("nan"), {"b": float("-inf")})}) == {"a": [1.0, None, {"b": None}]}


@pytest.mark.parametrize(
    ("value", "written"),
    [(7, "7"), (1.0, "1"), (0.9, "0.9000"), (-0.08373, "-0.08373"), (37917.4, "37,917"), (2677412345.5, "2.677e+09")],
)
def test_numbers_have_four_digits_or_none_after_the_point(value: float, written: str) -> None:
    assert humanize.number(value) == written
