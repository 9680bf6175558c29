"""A job and its events: every assignment ends once, and what goes wrong with one stays with it."""

import errno
import math
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from training_jobs import DIGITS, candidate, curve, job, of, outcome, run

from search_spaces import families
from search_spaces.candidate import Architecture, Named, Settings
from workers import checkpoints, training_loop
from workers.engines.failures import failure
from workers.engines.planner import SWITCH
from workers.engines.torch_training import Training
from workers.messages import Assignment, Checkpoint, EpochMetrics, Outcome, Saved, Split, TaskSpec
from workers.worker import Worker

HOT = Named("sgd", Settings(lr=1e30))
METRICS = {"train_loss", "loss", "accuracy", "balanced_accuracy", "f1", "auroc"}


def test_a_job_without_assignments_ends_at_once(tmp_path: Path) -> None:
    assert run(job(tmp_path)) == []


def test_every_epoch_of_every_candidate_is_measured(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1), epochs=2))
    assert [epoch for epoch, _ in curve(events, 1)] == [1, 2]
    assert all(set(metrics) == METRICS for _, metrics in curve(events, 1))


def test_all_candidates_of_an_epoch_are_in_one_list(tmp_path: Path) -> None:
    batches = list(Worker().train(job(tmp_path, candidate(0), candidate(1), epochs=2)))
    assert [[type(event) for event in batch] for batch in batches] == [
        [],
        [EpochMetrics, EpochMetrics],
        [EpochMetrics, EpochMetrics],
        [Outcome, Outcome],
    ]


def test_digits_are_learnt(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(width=64, depth=2), epochs=12))
    assert outcome(events).metrics["accuracy"] > 0.95


def test_a_complete_trial_has_its_last_metrics_and_a_checkpoint(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(), epochs=2))
    ended = outcome(events)
    assert (ended.state, ended.epochs, ended.reason) == ("COMPLETE", 2, "")
    assert ended.metrics == curve(events)[-1][1]
    assert ended.checkpoint
    assert checkpoints.load(ended.checkpoint).metrics == ended.metrics


def test_seconds_are_the_candidates_own_share(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(), candidate(1, batch_size=2), epochs=2))
    ours = sum(event.seconds for event in of(events, EpochMetrics))
    assert math.isclose(outcome(events).seconds, ours)
    assert outcome(events, 1).seconds > 2 * outcome(events).seconds


def test_a_stopped_trial_is_pruned_after_its_epoch(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1)), stops={2: [1]})
    ended = outcome(events, 1)
    assert (ended.state, ended.epochs, ended.checkpoint) == ("PRUNED", 2, None)
    assert outcome(events).state == "COMPLETE"


def test_a_trial_stopped_at_its_last_epoch_is_pruned(tmp_path: Path) -> None:
    assert outcome(run(job(tmp_path, candidate()), stops={3: [0]})).state == "PRUNED"


def test_a_job_whose_trials_are_all_stopped_ends(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1), epochs=50), stops={1: [0, 1]})
    assert [event.state for number in (0, 1) for event in of(events, Outcome, number)] == ["PRUNED", "PRUNED"]


def test_a_loss_that_is_no_number_fails_that_trial_at_that_epoch(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1, optimizer=HOT)))
    ended = outcome(events, 1)
    assert (ended.state, ended.reason, ended.epochs, curve(events, 1)) == ("FAIL", "nan", 0, [])
    assert outcome(events).state == "COMPLETE"


def test_an_infinite_validation_loss_fails_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Training.outputs
    monkeypatch.setenv(SWITCH, "solo")

    def infinite(self: Training, inputs: Tensor, ended: Any) -> Tensor:
        outputs = honest(self, inputs, ended)
        assert outputs is not None
        return outputs * math.inf

    monkeypatch.setattr(Training, "outputs", infinite)
    ended = outcome(run(job(tmp_path, candidate())))
    assert (ended.state, ended.reason) == ("FAIL", "nan")


def test_a_network_that_cannot_be_built_fails_alone_and_says_why(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1, width=-4)))
    ended = outcome(events, 1)
    assert ended.state == "FAIL"
    assert ended.reason.startswith("build: mlp.width needs")
    assert outcome(events).state == "COMPLETE"


def test_an_unknown_family_is_a_build_failure(tmp_path: Path) -> None:
    strange = candidate(0)
    strange = type(strange)(Architecture("mpl"), strange.recipe, 0)
    assert outcome(run(job(tmp_path, strange))).reason == "build: unknown family 'mpl' (did you mean 'mlp'?)"


def test_a_setting_that_is_not_allowed_fails_that_trial_alone(tmp_path: Path) -> None:
    broken = candidate(1, optimizer=Named("adamw", Settings(beta1=1.0)))
    events = run(job(tmp_path, candidate(0), broken))
    assert outcome(events, 1).reason == "build: optimizer.adamw.beta1: needs a number ≥ 0 and ≤ 0.99999, got 1.0"
    assert outcome(events).state == "COMPLETE"


@pytest.mark.parametrize("engine", ["solo", "native"])
def test_a_trial_that_exits_fails_alone(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, engine)
    honest = families.build

    def leaving(architecture: Architecture, *shapes: Any) -> Any:
        if architecture.settings["width"] == 13:
            sys.exit(3)
        return honest(architecture, *shapes)

    monkeypatch.setattr(families, "build", leaving)
    events = run(job(tmp_path, candidate(0), candidate(1, width=13)))
    assert outcome(events, 1).reason == "crash: SystemExit: 3"
    assert outcome(events).state == "COMPLETE"


def test_an_optimizer_that_exits_fails_its_trial_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "solo")
    honest = Training._train

    def leaving(self: Training, *batch: Any) -> Any:
        return sys.exit("enough") if self.member.number == 1 else honest(self, *batch)

    monkeypatch.setattr(Training, "_train", leaving)
    events = run(job(tmp_path, candidate(0), candidate(1)))
    assert outcome(events, 1).reason == "crash: SystemExit: enough"
    assert outcome(events).state == "COMPLETE"


def test_an_interrupt_is_not_a_candidates(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        failure(KeyboardInterrupt())


def test_an_unknown_optimizer_is_a_build_failure(tmp_path: Path) -> None:
    ended = outcome(run(job(tmp_path, candidate(optimizer=Named("adm")))))
    assert ended.reason.startswith("build: unknown optimizer 'adm' (did you mean 'adam")


def test_what_a_crash_says_is_one_short_line() -> None:
    assert failure(ValueError("a\nb" * 1000)).reason.startswith("crash: ValueError: a ba ba b")
    assert len(failure(ValueError("a\nb" * 1000)).reason) < 400


def test_a_task_that_cannot_be_used_fails_every_assignment(tmp_path: Path) -> None:
    missing = TaskSpec(Named("csv", Settings(path="/none.csv", target="y")))
    events = run(job(tmp_path, candidate(0), candidate(1), task=missing))
    assert all(outcome(events, number).state == "FAIL" for number in (0, 1))
    assert outcome(events).reason.startswith("task: ")


def test_a_task_is_read_once_by_a_worker() -> None:
    worker = Worker()
    assert worker.describe(DIGITS) is worker.describe(TaskSpec(Named("digits")))


def test_the_final_stage_measures_the_test_split_once_at_the_end(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(), epochs=2, stage="final"))
    assert [set(metrics) for _, metrics in curve(events)] == [{"train_loss"}, {"train_loss"}]
    assert set(outcome(events).metrics) == METRICS - {"train_loss"}


def test_the_final_stage_learns_from_train_and_validation(tmp_path: Path) -> None:
    spec = TaskSpec(Named("digits"), Split(validation=0.4))
    search = run(job(tmp_path, candidate(), epochs=1, task=spec))
    final = run(job(tmp_path, candidate(), epochs=1, task=spec, stage="final"))
    steps = [
        checkpoints.load(outcome(events).checkpoint or Checkpoint("", "", 0, 0)).step for events in (search, final)
    ]
    assert steps[1] > steps[0]


def test_checkpoints_on_the_way_are_told_of(tmp_path: Path) -> None:
    events = run(job(tmp_path, candidate(0), candidate(1), epochs=3, checkpoint_seconds=0))
    assert [saved.checkpoint.epoch for saved in of(events, Saved, 1)] == [1, 2]
    assert all(checkpoints.load(saved.checkpoint).epoch for saved in of(events, Saved, 1))


def test_a_batch_larger_than_the_samples_is_all_of_them(tmp_path: Path) -> None:
    ended = outcome(run(job(tmp_path, candidate(batch_size=100_000), epochs=2)))
    assert ended.checkpoint
    assert checkpoints.load(ended.checkpoint).step == 2


def test_a_full_disk_costs_the_checkpoint_and_not_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ended = outcome(run(job(tmp_path, candidate(), epochs=2, checkpoint_seconds=0)))
    assert (ended.state, ended.reason, ended.checkpoint) == ("COMPLETE", "checkpoint: disk full", None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = outcome(run(job(tmp_path / "file" / "deep", candidate(), epochs=1)))
    assert (ended.state, ended.reason) == ("COMPLETE", "checkpoint: Not a directory")


def test_gradient_clipping_is_torchs(tmp_path: Path) -> None:
    parameters = [torch.nn.Parameter(torch.ones(3, 2)), torch.nn.Parameter(torch.ones(4))]
    module = torch.nn.ParameterList(parameters)
    from workers.engines.flat_weights import Weights

    weights = Weights(module)
    weights.gradient.copy_(torch.arange(10.0))
    weights.clip(2.0)
    other = [torch.nn.Parameter(torch.ones(10))]
    other[0].grad = torch.arange(10.0)
    torch.nn.utils.clip_grad_norm_(other, 2.0)
    torch.testing.assert_close(weights.gradient, other[0].grad)


def test_an_assignment_keeps_its_attempt(tmp_path: Path) -> None:
    events = run(job(tmp_path, Assignment(4, candidate(), attempt=3), epochs=1))
    assert {event.attempt for event in events} == {3}
    assert outcome(events, 4).number == 4


def test_a_cohort_too_big_to_be_held_is_trained_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = run(job(tmp_path, *map(candidate, range(3)), epochs=2))
    monkeypatch.setattr(training_loop, "COHORT_BYTES", 1)
    apart = run(job(tmp_path, *map(candidate, range(3)), epochs=2))
    assert [event.number for event in apart if isinstance(event, EpochMetrics)] == [0, 0, 1, 1, 2, 2]
    assert [curve(apart, number) for number in range(3)] == [curve(together, number) for number in range(3)]


def test_a_trial_stopped_before_its_cohort_begins_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_loop, "COHORT_BYTES", 1)
    events = run(job(tmp_path, candidate(0), candidate(1), epochs=2), stops={1: [1]})
    assert (outcome(events, 1).state, outcome(events, 1).epochs, curve(events, 1)) == ("PRUNED", 0, [])
