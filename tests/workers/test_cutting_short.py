"""Ending at once: between batches, with the weights that were last measured, and nothing of what came after."""

import errno
import math
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_jobs import candidate, curve, job, of, outcome, run

from workers import checkpoints, training_loop
from workers.cancellation import CancellationRequests
from workers.cohorts import AssignmentState
from workers.datasets.batches import Epoch
from workers.engines.mixed import MixedEngine
from workers.engines.planner import SWITCH
from workers.messages import Assignment, Checkpoint, EpochMetrics, Event, Job, Outcome, Saved
from workers.worker import Worker

EPOCHS = 4
BEFORE_BATCHES = "before its batches"
BEFORE_MEASURING = "before it is measured"


@pytest.fixture(params=["solo", "native"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Train in one engine; every epoch may be cut short."""
    monkeypatch.setenv(SWITCH, request.param)
    monkeypatch.setattr(training_loop, "LENGTHY", 0.0)
    return str(request.param)


def cut(job: Job, numbers: Collection[int], *, epoch: int, where: str = BEFORE_BATCHES) -> list[Event]:
    """Run a job; within an epoch, counted from 1, these trials are to end."""
    cancellations = CancellationRequests()
    honest = {name: getattr(MixedEngine, name) for name in ("epoch", "evaluate")}
    trained = iter(range(1, EPOCHS + 1))

    def train(self: MixedEngine, samples: Epoch, flags: object) -> object:
        if next(trained) == epoch and where == BEFORE_BATCHES:
            cancellations.add(numbers)
        return honest["epoch"](self, samples, flags)

    def measure(self: MixedEngine, samples: object, flags: object) -> object:
        if where == BEFORE_MEASURING and next(measured) == epoch:
            cancellations.add(numbers)
        return honest["evaluate"](self, samples, flags)

    measured = iter(range(1, EPOCHS + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MixedEngine, "epoch", train)
        patch.setattr(MixedEngine, "evaluate", measure)
        return [event for events in Worker().train(job, cancellations) for event in events]


def ended_after(events: list[Event], number: int = 0) -> tuple[str, int, int | None]:
    """Return state, epochs and the epoch of the checkpoint."""
    ended = outcome(events, number)
    return ended.state, ended.epochs, checkpoints.load(ended.checkpoint).epoch if ended.checkpoint else None


@pytest.mark.parametrize("where", [BEFORE_BATCHES, BEFORE_MEASURING])
def test_what_was_last_measured_is_kept_and_the_epoch_that_was_cut_is_not(
    engine: str, where: str, tmp_path: Path
) -> None:
    whole = run(job(tmp_path / "whole", candidate(), epochs=EPOCHS, checkpoint_seconds=0))
    events = cut(job(tmp_path / "cut", candidate(), epochs=EPOCHS), [0], epoch=3, where=where)
    assert ended_after(events) == ("ENDED", 2, 2)
    assert curve(events) == curve(whole)[:2]
    ended, known = outcome(events), of(whole, Saved)[1].checkpoint
    assert (ended.engine, ended.metrics) == (engine, curve(whole)[1][1])
    assert ended.checkpoint
    mine, theirs = checkpoints.load(ended.checkpoint), checkpoints.load(known)
    assert mine.metrics == theirs.metrics
    assert all(torch.equal(value, theirs.tensors[name]) for name, value in mine.tensors.items())


def test_others_of_the_cohort_go_on_as_if_nothing_had_happened(engine: str, tmp_path: Path) -> None:
    cohort = candidate(0), candidate(1, width=8), candidate(2, depth=2)
    whole = run(job(tmp_path / "whole", *cohort, epochs=EPOCHS))
    events = cut(job(tmp_path / "cut", *cohort, epochs=EPOCHS), [1], epoch=2)
    assert ended_after(events, 1) == ("ENDED", 1, 1)
    assert [curve(events, number) for number in (0, 2)] == [curve(whole, number) for number in (0, 2)]


def test_nothing_is_kept_where_nothing_was_measured(engine: str, tmp_path: Path) -> None:
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS), [0], epoch=1)
    assert (ended_after(events), curve(events), outcome(events).metrics) == (("ENDED", 0, None), [], {})
    assert list(tmp_path.iterdir()) == []


def test_the_final_stage_measures_at_the_end_alone(engine: str, tmp_path: Path) -> None:
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS, stage="final"), [0], epoch=3)
    assert ended_after(events) == ("ENDED", 2, None)
    late = cut(job(tmp_path, candidate(), epochs=2, stage="final"), [0], epoch=1, where=BEFORE_MEASURING)
    assert ended_after(late) == ("ENDED", 2, None)


def test_a_checkpoint_on_disk_of_what_was_last_measured_is_the_one_that_is_kept(engine: str, tmp_path: Path) -> None:
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS, checkpoint_seconds=0), [0], epoch=3)
    assert outcome(events).checkpoint == of(events, Saved)[-1].checkpoint


def test_a_trial_that_goes_on_from_a_checkpoint_has_that_one(engine: str, tmp_path: Path) -> None:
    whole = run(job(tmp_path, candidate(), epochs=EPOCHS, checkpoint_seconds=0))
    saved = of(whole, Saved)[1].checkpoint
    rest = Assignment(0, candidate(), attempt=2, start_epoch=2, checkpoint=saved)
    events = cut(job(tmp_path, rest, epochs=EPOCHS), [0], epoch=1)
    assert (outcome(events).checkpoint, outcome(events).epochs) == (saved, 2)
    assert outcome(events).metrics == curve(whole)[1][1]


def test_a_short_epoch_is_trained_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_loop, "LENGTHY", math.inf)
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS), [0], epoch=2)
    assert (ended_after(events), len(curve(events))) == (("ENDED", 2, 2), 2)


def told(job: Job, answer: Callable[[Event], Collection[int]]) -> Iterator[Event]:
    """Run a job; after each event `answer` names whom to end."""
    cancellations = CancellationRequests()
    for events in Worker().train(job, cancellations):
        for event in events:
            cancellations.add(answer(event))
            yield event


def test_who_has_come_to_the_last_epoch_is_complete(tmp_path: Path) -> None:
    def at_last(event: Event) -> Collection[int]:
        return [0] if isinstance(event, EpochMetrics) and event.epoch == 2 else []

    assert ended_after(list(told(job(tmp_path, candidate(), epochs=2), at_last))) == ("COMPLETE", 2, 2)


def test_who_waits_for_its_cohort_ends_with_the_epoch_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_loop, "COHORT_BYTES", 1)

    def first(event: Event) -> Collection[int]:
        return [2] if isinstance(event, EpochMetrics) and event.epoch == 1 else []

    events = list(told(job(tmp_path, *map(candidate, range(3)), epochs=2), first))
    assert [(event.number, type(event)) for event in events][:2] == [(0, EpochMetrics), (2, Outcome)]
    assert ended_after(events, 2) == ("ENDED", 0, None)
    assert [outcome(events, number).state for number in (0, 1)] == ["COMPLETE", "COMPLETE"]


def test_without_memory_for_a_copy_the_epoch_is_trained_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_loop, "LENGTHY", 0.0)
    honest, asked = MixedEngine.export, iter(range(10))

    def short(self: MixedEngine, number: int) -> checkpoints.TrainedState:
        if next(asked) == 0:
            raise MemoryError
        return honest(self, number)

    monkeypatch.setattr(MixedEngine, "export", short)
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS), [0], epoch=2)
    assert ended_after(events) == ("ENDED", 2, 2)


def test_a_full_disk_costs_the_checkpoint_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(training_loop, "LENGTHY", 0.0)
    events = cut(job(tmp_path, candidate(), epochs=EPOCHS), [0], epoch=2)
    assert (ended_after(events), outcome(events).reason) == (("ENDED", 1, None), "checkpoint: disk full")


def test_a_life_that_begins_again_is_cut_short_without_what_it_has_lost() -> None:
    life = AssignmentState(Assignment(0, candidate()), 32, epochs=3, saved=Checkpoint("", "", 0, 3))
    assert life.recoverable
    life = replace(life, saved=Checkpoint("", "", 0, 2))
    assert not life.recoverable
    life.halve()
    assert (life.recoverable, life.epochs, life.saved) == (True, 0, None)
