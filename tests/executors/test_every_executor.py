"""What every executor on the menu does, with the real worker on a real task."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from executor_jobs import DIGITS, WINE, candidate, follow, job, lengthy_job, metrics, outcomes, slow_job

from nas.executors import EXECUTORS, start
from nas.executors.protocol import Executor
from search_spaces.candidate import Architecture, Named, Settings
from workers.errors import TaskError
from workers.messages import EpochMetrics, Outcome, Probe

NAMES = ("inline", "process", "ray")


def test_the_suite_walks_the_whole_menu() -> None:
    assert EXECUTORS.names() == NAMES
    assert len(NAMES) == 3


@pytest.fixture(scope="module", params=NAMES)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """One executor for all tests of a kind: they leave it idle."""
    settings = {} if request.param == "inline" else {"workers": 2}
    executor = start(Named(request.param, Settings(settings)))
    yield executor
    executor.close()


def test_it_describes_a_task(executor: Executor) -> None:
    info = executor.describe(WINE)
    assert (info.name, info.kind, info.inputs, info.outputs) == ("wine", "classification", (13,), 3)
    assert sum(info.samples) == 178


def test_a_task_that_cannot_be_loaded_is_a_task_error_that_says_why(executor: Executor, tmp_path: Path) -> None:
    missing = str(tmp_path / "no.csv")
    with pytest.raises(TaskError, match=r"no\.csv") as raised:
        executor.describe(replace(WINE, task=Named("csv", Settings(path=missing, target="y"))))
    assert raised.value.path == "task.csv.path"
    assert executor.describe(WINE).name == "wine"


def test_it_times_a_few_steps_of_candidates(executor: Executor, tmp_path: Path) -> None:
    strange = replace(candidate(), architecture=Architecture("no such family"))
    small, unknown, large = executor.probe(Probe(DIGITS, (candidate(), strange, candidate(width=4096)), seconds=1.0))
    assert unknown is None
    assert small
    assert large
    assert 0 < small.epoch < large.epoch
    executor.submit(job(1, tmp_path))
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.state == "COMPLETE"


def test_a_probe_of_a_task_that_cannot_be_loaded_tells_nothing(executor: Executor, tmp_path: Path) -> None:
    lost = replace(WINE, task=Named("csv", Settings(path=str(tmp_path / "no.csv"), target="y")))
    assert executor.probe(Probe(lost, (candidate(),) * 2)) == (None, None)


def test_a_job_reports_each_epoch_and_one_outcome(executor: Executor, tmp_path: Path) -> None:
    executor.submit(job(1, tmp_path))
    events = outcomes(executor, 1)
    assert [epoch for epoch, _ in metrics(events, 1)] == [1, 2, 3]
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.state, outcome.epochs, outcome.number, outcome.attempt) == ("COMPLETE", 3, 1, 1)
    assert outcome.metrics == metrics(events, 1)[-1][1]
    assert outcome.checkpoint is not None
    assert Path(outcome.checkpoint.path).stat().st_size == outcome.checkpoint.bytes


def test_more_jobs_than_it_has_room_for_are_all_done(executor: Executor, tmp_path: Path) -> None:
    for number in range(5):
        executor.submit(job(number, tmp_path))
    events = outcomes(executor, 5)
    assert sorted(event.number for event in events if isinstance(event, Outcome)) == [0, 1, 2, 3, 4]


def test_every_executor_trains_the_same_numbers(executor: Executor, tmp_path: Path) -> None:
    executor.submit(job(3, tmp_path))
    inline = start(Named("inline"))
    inline.submit(job(3, tmp_path))
    assert metrics(outcomes(executor, 1), 3) == metrics(outcomes(inline, 1), 3)
    inline.close()


def test_a_stop_is_heard_within_the_epoch_after_the_rung(executor: Executor, tmp_path: Path) -> None:
    executor.submit(slow_job(1, tmp_path))
    stopped_at = 0
    for event in follow(executor, until=lambda event: isinstance(event, Outcome)):
        if isinstance(event, EpochMetrics) and event.epoch == 2:
            executor.stop([1])
            stopped_at = event.epoch
    assert isinstance(event, Outcome)
    assert (event.state, stopped_at) == ("PRUNED", 2)
    assert event.epochs <= 3


def test_stopping_one_candidate_of_a_job_leaves_the_others(executor: Executor, tmp_path: Path) -> None:
    first, second = slow_job(1, tmp_path, epochs=5), slow_job(2, tmp_path)
    executor.submit(replace(first, assignments=first.assignments + second.assignments))
    ended: dict[int, Outcome] = {}
    for event in follow(executor, until=lambda event: isinstance(event, Outcome) and event.number == 2):
        if isinstance(event, EpochMetrics) and (event.number, event.epoch) == (1, 2):
            executor.stop([1])
        if isinstance(event, Outcome):
            ended[event.number] = event
    assert (ended[1].state, ended[2].state) == ("PRUNED", "COMPLETE")
    assert ended[2].epochs == 5


def test_a_stop_of_a_trial_that_has_ended_harms_no_other(executor: Executor, tmp_path: Path) -> None:
    executor.submit(job(1, tmp_path))
    outcomes(executor, 1)
    executor.stop([1, 99])
    executor.submit(job(1, tmp_path))
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.state == "COMPLETE"


def test_a_trial_ends_within_an_epoch_and_keeps_what_was_measured(executor: Executor, tmp_path: Path) -> None:
    executor.submit(lengthy_job(1, tmp_path))
    *_, first = follow(executor, until=lambda event: isinstance(event, EpochMetrics))
    assert isinstance(first, EpochMetrics)
    assert list(executor.poll(0.2)) == [], "the second epoch takes longer than this"
    executor.end([1])
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.state, outcome.epochs, outcome.metrics) == ("ENDED", 1, first.metrics)
    assert outcome.checkpoint is not None
    assert outcome.checkpoint.epoch == 1
    assert Path(outcome.checkpoint.path).stat().st_size == outcome.checkpoint.bytes


def test_trials_that_have_not_begun_end_at_once(executor: Executor, tmp_path: Path) -> None:
    for number in range(5):
        executor.submit(slow_job(number, tmp_path))
    executor.end(range(5))
    ended = [event for event in outcomes(executor, 5) if isinstance(event, Outcome)]
    assert sorted((event.number, event.state, event.epochs) for event in ended) == [
        (number, "ENDED", 0) for number in range(5)
    ]
    assert {event.checkpoint for event in ended} == {None}


def test_a_trial_that_has_not_begun_keeps_what_it_would_have_gone_on_from(executor: Executor, tmp_path: Path) -> None:
    executor.submit(job(1, tmp_path, epochs=2))
    done = outcomes(executor, 1)[-1]
    assert isinstance(done, Outcome)
    rest = slow_job(1, tmp_path)
    executor.submit(replace(rest, assignments=(replace(rest.assignments[0], attempt=2, checkpoint=done.checkpoint),)))
    executor.end([1])
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.state, outcome.attempt, outcome.epochs) == ("ENDED", 2, 2)
    assert outcome.checkpoint == done.checkpoint


def test_whom_an_earlier_job_ended_trains_in_the_next(executor: Executor, tmp_path: Path) -> None:
    executor.submit(slow_job(1, tmp_path))
    executor.end([1])
    outcomes(executor, 1)
    executor.submit(job(1, tmp_path))
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.state, outcome.epochs) == ("COMPLETE", 3)


def test_a_job_on_a_task_that_cannot_be_loaded_fails_with_the_reason(executor: Executor, tmp_path: Path) -> None:
    lost = replace(WINE, task=Named("csv", Settings(path=str(tmp_path / "no.csv"), target="y")))
    executor.submit(job(1, tmp_path, task=lost))
    outcome = outcomes(executor, 1)[-1]
    assert isinstance(outcome, Outcome)
    assert outcome.state == "FAIL"
    assert outcome.reason.startswith("task: ")


def test_polling_with_nothing_to_do_returns_nothing(executor: Executor) -> None:
    for _ in range(3):
        assert list(executor.poll(0.01)) == []


@pytest.mark.parametrize("name", NAMES)
def test_closing_in_the_middle_of_a_job_is_quick_and_final(name: str, tmp_path: Path) -> None:
    executor = start(Named(name))
    executor.submit(slow_job(1, tmp_path))
    next(iter(follow(executor, until=lambda event: isinstance(event, EpochMetrics))))
    executor.close()
