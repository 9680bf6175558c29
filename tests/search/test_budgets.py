"""A study has had enough exactly when its budget says so."""

import pytest
from scripted import EPOCHS, Bench, Life, ScriptedExecutor, asha, reaching, space

from nas.config import Budget
from nas.trials import TrialState
from search_spaces.candidate import Settings
from workers.messages import Assignment


@pytest.mark.parametrize("capacity", [1, 2, 3])
def test_exactly_as_many_trials_are_made_as_the_budget_allows(bench: Bench, capacity: int) -> None:
    record = bench.run(ScriptedExecutor(capacity=capacity), bench.config(budget=Budget(trials=7, epochs=EPOCHS)))
    assert [trial.number for trial in bench.trials] == list(range(7))
    assert record.state == "FINISHED"
    assert record.result["reason"] == "trials"


@pytest.mark.parametrize("capacity", [1, 2])
@pytest.mark.parametrize("total", [9, 10, 40, 53])
def test_total_epochs_are_never_exceeded(bench: Bench, capacity: int, total: int) -> None:
    budget = Budget(trials=0, epochs=EPOCHS, total_epochs=total)
    executor = ScriptedExecutor(capacity=capacity)
    record = bench.run(executor, bench.config(budget=budget, pruning=asha()))
    assert record.result["reason"] == "epochs"
    assert executor.trained <= total
    assert executor.trained == sum(trial.epochs for trial in bench.trials)


def test_epochs_that_a_pruned_trial_did_not_use_are_used_by_others(bench: Bench) -> None:
    executor = ScriptedExecutor(reaching(0.9, 0.1, 0.1, 0.1, 0.1), capacity=2)
    budget = Budget(trials=0, epochs=EPOCHS, total_epochs=4 * EPOCHS)
    bench.run(executor, bench.config(budget=budget, pruning=asha()))
    assert len(bench.trials) > 4
    assert executor.trained <= 4 * EPOCHS


def test_a_budget_of_epochs_holds_over_a_kill(bench: Bench) -> None:
    budget = Budget(trials=0, epochs=EPOCHS, total_epochs=30)
    config = bench.config(budget=budget)
    trained = bench.run_killed(config, at_polls=[5, 4, 8, 3], capacity=2)
    assert trained <= 30 + 4 * 2  # an epoch that was trained and not recorded is not in the accounts
    assert sum(trial.epochs for trial in bench.trials) <= 30


def test_wall_time_ends_what_is_running_after_its_epoch(bench: Bench) -> None:
    now = [0.0]

    def tick(_: int) -> tuple[()]:
        now[0] += 1.0
        return ()

    executor = ScriptedExecutor(at_poll=tick)
    of_one_size = space(architecture={}, fixed=Settings(depth=1, width=8))  # so that none seems to take too long
    config = bench.config(space=of_one_size, budget=Budget(trials=0, epochs=EPOCHS, seconds=38.5))
    record = bench.run(executor, config, clock=lambda: now[0])
    assert record.result["reason"] == "time"
    assert [(trial.state, trial.reason, trial.epochs) for trial in bench.trials] == [
        *[(TrialState.COMPLETE, "", 9)] * 4,
        (TrialState.COMPLETE, "time", 3),
    ]
    cut = bench.trials[4]
    assert cut.values == (cut.metrics["accuracy"],)
    assert cut.checkpoint is not None
    assert cut.checkpoint.epoch == 3
    assert 38.5 <= record.seconds <= 40.5


def test_wall_time_counts_all_runs_of_a_study(bench: Bench) -> None:
    now = [0.0]
    polls = [0]

    def tick(_: int) -> tuple[()]:
        now[0] += 1.0
        polls[0] += 1
        return ()

    config = bench.config(budget=Budget(trials=0, epochs=EPOCHS, seconds=20.5))
    first = ScriptedExecutor(at_poll=tick)
    bench.run(first, config, clock=lambda: now[0], interrupted=lambda: polls[0] >= 12)
    now[0] += 1000.0  # between the runs no time is spent
    record = bench.run(ScriptedExecutor(at_poll=tick), clock=lambda: now[0])
    assert record.result["reason"] == "time"
    assert polls[0] == 22


def test_a_target_ends_the_study_and_what_is_running(bench: Bench) -> None:
    executor = ScriptedExecutor(reaching(0.5, 0.5, 0.95, 0.5), capacity=2)
    record = bench.run(executor, bench.config(budget=Budget(trials=50, epochs=EPOCHS, target=0.9)))
    assert record.result["reason"] == "target"
    assert record.result["best"] == 2
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE] * 4
    assert len(bench.trials) == 4


def test_a_trial_that_trains_while_the_target_is_met_is_a_result(bench: Bench) -> None:
    def script(item: Assignment) -> Life:
        return Life(lambda epoch: {"loss": 1.0, "accuracy": 0.95}, fails_after=3 if item.number == 0 else None)

    bench.run(ScriptedExecutor(script, capacity=2), bench.config(budget=Budget(trials=50, epochs=EPOCHS, target=0.9)))
    assert [(trial.state, trial.reason) for trial in bench.trials] == [
        (TrialState.FAIL, ""),
        (TrialState.COMPLETE, ""),
        (TrialState.COMPLETE, "target"),
    ]


def test_patience_counts_finished_trials_without_a_new_best(bench: Bench) -> None:
    executor = ScriptedExecutor(reaching(0.5, 0.6, 0.4, 0.7, 0.3, 0.2, 0.1, 0.9))
    record = bench.run(executor, bench.config(budget=Budget(trials=50, epochs=EPOCHS, patience=3)))
    assert record.result["reason"] == "patience"
    assert len(bench.trials) == 7
    assert record.result["best"] == 3


def test_no_trial_is_left_waiting_when_the_time_is_over(bench: Bench) -> None:
    now = [0.0]
    config = bench.config(budget=Budget(trials=6, epochs=EPOCHS, seconds=100.0))
    bench.run(ScriptedExecutor(), config, clock=lambda: now[0], interrupted=bench.after(12))
    assert TrialState.WAITING in {trial.state for trial in bench.trials}
    starts = iter([0.0])  # the time is over as soon as the study goes on
    record = bench.run(ScriptedExecutor(), clock=lambda: next(starts, 200.0))
    assert record.state == "FINISHED"
    assert [(trial.state, trial.reason, trial.epochs) for trial in bench.trials[1:]] == [
        (TrialState.COMPLETE, "time", 3)
    ]
