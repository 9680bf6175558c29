"""A study goes on as if it had never been interrupted: drained, killed, or fenced off."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from scripted import EPOCHS, TASK, Bench, Killed, ScriptedExecutor, asha, killing, reaching, results, space, tiny_space

from nas.config import Budget, Pruning, StudyConfig
from nas.errors import LeaseLost, StudyBusy, StudyExists
from nas.events import EpochsDone, Happening, StudyStarted, TrialFinished
from nas.objectives import incumbent
from nas.trials import TrialState
from search_spaces.candidate import Named
from workers.messages import Event, JobLost

SAMPLERS = ("random", "tpe", "evolution")


def of(bench: Bench, sampler: str, pruner: str = "asha", trials: int = 14) -> StudyConfig:
    return bench.config(
        sampler=Named(sampler), pruning=Pruning(Named(pruner), "accuracy"), budget=Budget(trials, EPOCHS)
    )


def undisturbed(bench: Bench, config: StudyConfig, capacity: int = 1) -> list[tuple[object, ...]]:
    alone = Bench(bench.folder / "undisturbed")
    alone.run(ScriptedExecutor(capacity=capacity), config)
    found = results(alone.trials)
    alone.storage.close()
    return found


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("pruner", ["asha", "median", "hyperband"])
def test_a_study_killed_many_times_has_the_trials_of_one_that_never_was(
    bench: Bench, sampler: str, pruner: str
) -> None:
    config = of(bench, sampler, pruner)
    bench.run_killed(config, [2, 1, 3, 4, 9, 7, 3, 3, 12])
    assert results(bench.trials) == undisturbed(bench, config)


@pytest.mark.parametrize("poll", range(1, 13))
def test_a_kill_after_any_epoch_changes_no_result(bench: Bench, poll: int) -> None:
    config = of(bench, "random", trials=4)
    bench.run_killed(config, [poll])
    assert results(bench.trials) == undisturbed(bench, config)


def test_what_was_reported_and_not_recorded_is_trained_again_to_the_same_end(bench: Bench) -> None:
    def dies_before_writing(happening: Happening) -> None:
        bench.watched.append(happening)
        if len(bench.told(EpochsDone)) in (4, 11, 12, 13):
            raise Killed

    config = of(bench, "tpe", trials=5)
    for _ in range(4):
        with suppress(Killed):
            bench.run(ScriptedExecutor(), config, watch=dies_before_writing)
    bench.run(ScriptedExecutor(), config)
    assert results(bench.trials) == undisturbed(bench, config)


def test_what_the_pruner_had_decided_when_the_controller_died_is_done_at_the_resume(bench: Bench) -> None:
    config = bench.config(pruning=asha(), budget=Budget(2, EPOCHS))
    with suppress(Killed):
        bench.run(ScriptedExecutor(reaching(0.9, 0.1), at_poll=killing(EPOCHS + 3)), config)
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE, TrialState.RUNNING]
    executor = ScriptedExecutor(reaching(0.9, 0.1))
    bench.run(executor)
    assert executor.jobs == []
    assert (bench.trials[1].state, bench.trials[1].reason, bench.trials[1].epochs) == (TrialState.PRUNED, "pruned", 2)


def test_kills_of_the_controller_are_no_losses_of_the_trial(bench: Bench) -> None:
    config = bench.config(budget=Budget(2, EPOCHS))
    bench.run_killed(config, [2, 2, 2, 2, 2])
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE] * 2
    assert bench.trials[0].attempt > 3


def test_a_resumed_trial_goes_on_from_its_checkpoint(bench: Bench) -> None:
    with suppress(Killed):
        bench.run(ScriptedExecutor(at_poll=killing(5)))
    executor = ScriptedExecutor()
    bench.run(executor)
    first = executor.jobs[0].assignments[0]
    assert (first.number, first.attempt, first.start_epoch) == (0, 2, 4)
    assert first.checkpoint is not None
    assert Path(first.checkpoint.path).name.startswith("search-000000-attempt-1-epoch-4-seed-")


def test_draining_puts_what_runs_back_to_waiting(bench: Bench) -> None:
    executor = ScriptedExecutor(capacity=2)
    record = bench.run(executor, bench.config(), interrupted=bench.after(4))
    assert record.state == "STOPPED"
    assert bench.record.holder is None
    assert sorted(executor.ends) == [0, 1]
    assert [(trial.state, trial.epochs, trial.attempt) for trial in bench.trials] == [(TrialState.WAITING, 4, 1)] * 2
    assert all(trial.checkpoint and trial.checkpoint.epoch == 4 for trial in bench.trials)
    assert all((trial.reason, trial.values) == ("stop", (trial.metrics["accuracy"],)) for trial in bench.trials)


def test_what_a_stop_interrupted_is_a_result_until_it_goes_on(bench: Bench) -> None:
    bench.run(ScriptedExecutor(), bench.config(), interrupted=bench.after(4))
    assert incumbent(bench.trials, bench.config().objectives) == bench.trials[0]
    with suppress(Killed):
        bench.run(ScriptedExecutor(at_poll=killing(2)))
    assert (bench.trials[0].state, bench.trials[0].values) == (TrialState.RUNNING, ())


def test_a_drained_study_ends_as_one_that_never_was(bench: Bench) -> None:
    config = of(bench, "tpe")
    for epochs in (3, 10, 6):
        assert bench.run(ScriptedExecutor(), config, interrupted=bench.after(epochs)).state == "STOPPED"
    assert bench.run(ScriptedExecutor(), config).state == "FINISHED"
    assert results(bench.trials) == undisturbed(bench, config)


def test_a_request_to_stop_drains(bench: Bench) -> None:
    def asks(happening: Happening) -> None:
        bench.watched.append(happening)
        if len(bench.told(TrialFinished)) == 1:
            bench.storage.request("s", "stop")

    def waits(poll: int) -> Sequence[Event | JobLost]:
        if bench.told(TrialFinished):
            asked.wait(0.05)
        return ()

    from threading import Event as Flag

    asked = Flag()  # never set: it lets the thread that keeps the lease have its turn
    record = bench.run(ScriptedExecutor(at_poll=waits), bench.config(budget=Budget(500, EPOCHS)), watch=asks)
    assert record.state == "STOPPED"
    assert record.requested == "stop"
    assert bench.run(ScriptedExecutor(), bench.config(budget=Budget(10, EPOCHS))).state == "FINISHED"


def test_a_controller_that_lost_its_lease_writes_nothing_more(bench: Bench) -> None:
    def steal(poll: int) -> Sequence[Event | JobLost]:
        if poll == 12:
            _expire(bench)
            bench.storage.acquire(bench.record.id)
        return ()

    with pytest.raises(LeaseLost):
        bench.run(ScriptedExecutor(at_poll=steal))
    assert [(trial.state, len(trial.curve)) for trial in bench.trials] == [
        (TrialState.COMPLETE, 9),
        (TrialState.RUNNING, 2),
    ]
    assert bench.record.holder is not None


def test_a_study_that_is_run_is_not_run_twice(bench: Bench) -> None:
    def second(poll: int) -> Sequence[Event | JobLost]:
        if poll == 3:
            with pytest.raises(StudyBusy, match=r"process \d+ on "):
                bench.run(ScriptedExecutor())
        return ()

    assert bench.run(ScriptedExecutor(at_poll=second)).state == "FINISHED"


def test_an_executor_is_closed_whatever_happens(bench: Bench) -> None:
    executor = ScriptedExecutor(at_poll=killing(3))
    with suppress(Killed):
        bench.run(executor)
    assert executor.closed == 1


def test_a_task_whose_samples_changed_is_not_gone_on_with(bench: Bench) -> None:
    from dataclasses import replace

    bench.run(ScriptedExecutor(), interrupted=bench.after(2))
    with pytest.raises(StudyExists, match="samples of task 'scripted' have changed"):
        bench.run(ScriptedExecutor(task=replace(TASK, sha256="1" * 64)))


def test_a_finished_study_goes_on_when_its_budget_grows(bench: Bench) -> None:
    config = of(bench, "tpe", trials=5)
    bench.run(ScriptedExecutor(), config)
    bench.run(ScriptedExecutor(), of(bench, "tpe", trials=9))
    assert results(bench.trials) == undisturbed(bench, of(bench, "tpe", trials=9))
    assert [item.finished for item in bench.told(StudyStarted)] == [0, 5]


def test_a_finished_study_that_is_resumed_trains_nothing(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    before = results(bench.trials)
    executor = ScriptedExecutor()
    assert bench.run(executor).state == "FINISHED"
    assert executor.jobs == []
    assert results(bench.trials) == before


def test_a_resumed_study_still_answers_duplicates_from_the_record(bench: Bench) -> None:
    config = bench.config(space=tiny_space(8, 16), budget=Budget(8, EPOCHS))
    bench.run_killed(config, [3, 12, 2])
    assert results(bench.trials) == undisturbed(bench, config)


def test_patience_is_counted_over_a_kill(bench: Bench) -> None:
    config = bench.config(budget=Budget(50, EPOCHS, patience=3))
    bench.run_killed(config, [12, 13, 3])
    assert results(bench.trials) == undisturbed(bench, config)


@pytest.mark.parametrize("capacity", [2, 3])
def test_with_several_workers_no_trial_is_lost_doubled_or_stuck(bench: Bench, capacity: int) -> None:
    config = of(bench, "random", trials=12)
    seen: dict[int, tuple[object, ...]] = {}
    for poll in (2, 3, 5, 1, 8, 4, 6, 7):
        with suppress(Killed):
            bench.run(ScriptedExecutor(capacity=capacity, at_poll=killing(poll)), config)
        finished = {
            row[0]: row for row, item in zip(results(bench.trials), bench.trials, strict=True) if item.state.finished
        }
        assert seen.items() <= finished.items()
        seen = finished  # type: ignore[assignment]
    bench.run(ScriptedExecutor(capacity=capacity), config)
    assert [trial.number for trial in bench.trials] == list(range(12))
    assert all(trial.state.finished for trial in bench.trials)


def test_a_cohort_is_one_job_and_its_trials_are_those_of_single_jobs(bench: Bench) -> None:
    config = bench.config(budget=Budget(8, EPOCHS), space=space())
    executor = ScriptedExecutor()
    executor.cohort = 4
    bench.run(executor, config)
    assert [len(job.assignments) for job in executor.jobs] == [4, 4]
    assert results(bench.trials) == undisturbed(bench, config)


def test_a_cohort_never_exceeds_the_budget_of_epochs(bench: Bench) -> None:
    executor = ScriptedExecutor(capacity=2)
    executor.cohort = 4
    bench.run(
        executor, bench.config(budget=Budget(0, EPOCHS, total_epochs=5 * EPOCHS), space=tiny_space(8, 16, 32, 64))
    )
    assert executor.trained <= 5 * EPOCHS


def test_trials_of_a_cohort_that_was_lost_go_on_one_by_one(bench: Bench) -> None:
    from scripted import Life, usual

    executor = ScriptedExecutor(
        lambda item: Life(usual(item).measure, lost_after=3 if item.number == 2 and item.attempt == 1 else None)
    )
    executor.cohort = 4
    bench.run(executor, bench.config(budget=Budget(4, EPOCHS)))
    assert [[item.number for item in job.assignments] for job in executor.jobs] == [[0, 1, 2, 3], [0], [1], [2], [3]]
    assert results(bench.trials) == undisturbed(bench, bench.config(budget=Budget(4, EPOCHS)))


def _expire(bench: Bench) -> None:
    """Let the lease of a controller that lives have run out."""
    with sqlite3.connect(bench.folder / "nas.db") as connection:
        connection.execute("UPDATE nas_lease SET expires_at = 0")
    connection.close()
