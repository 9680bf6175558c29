"""How a trial ends: pruned, infeasible, reused, failed, lost; and what is on record of it then."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from scripted import EPOCHS, TASK, Bench, Life, Script, ScriptedExecutor, asha, reaching, space, tiny_space, usual

from nas.config import Budget, Objective
from nas.errors import NoUsableTrial
from nas.events import Noticed, TrialFinished
from nas.trials import TrialState
from search_spaces.candidate import Named
from search_spaces.dimensions import Choice
from search_spaces.expressions import Expression
from search_spaces.space import Limits
from workers.messages import Assignment, Blame, EpochMetrics, Event, JobLost, Outcome

DRAWN_TWICE = 1
"""A seed with which a random search of two candidates draws one of them again before the other."""


def lost(times: int, *, after: int = 3, number: int = 1, saves: bool = True, blame: Blame = "job") -> Script:
    """Script: one trial's worker dies in each of its first lives."""

    def script(item: Assignment) -> Life:
        dies = item.number == number and item.attempt <= times
        return Life(usual(item).measure, lost_after=after if dies else None, saves=saves, blame=blame)

    return script


def test_a_pruned_trial_carries_its_reason_and_its_curve(bench: Bench) -> None:
    bench.run(
        ScriptedExecutor(reaching(0.9, 0.1)), bench.config(pruning=asha(), budget=Budget(trials=2, epochs=EPOCHS))
    )
    first, second = bench.trials
    assert (first.state, first.epochs) == (TrialState.COMPLETE, EPOCHS)
    assert (second.state, second.reason, second.epochs) == (TrialState.PRUNED, "pruned", 2)
    assert [point.epoch for point in second.curve] == [1, 2]
    assert second.values == ()


def test_a_trial_that_is_weak_at_its_last_epoch_is_complete(bench: Bench) -> None:
    budget = Budget(trials=2, epochs=6)  # the second rung is at the last epoch
    bench.run(
        ScriptedExecutor(reaching(0.9, 0.8)), bench.config(pruning=asha(bootstrap_count=0, first_rung=6), budget=budget)
    )
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE] * 2


def test_a_lost_trial_waits_and_goes_on_from_its_checkpoint(bench: Bench) -> None:
    executor = ScriptedExecutor(lost(1))
    bench.run(executor, bench.config())
    lives = [job.assignments[0] for job in executor.jobs if job.assignments[0].number == 1]
    assert [(item.attempt, item.start_epoch) for item in lives] == [(1, 0), (2, 3)]
    assert lives[1].checkpoint is not None
    assert lives[1].checkpoint.epoch == 3
    assert (bench.trials[1].state, bench.trials[1].attempt, bench.trials[1].epochs) == (TrialState.COMPLETE, 2, EPOCHS)
    assert [item.kind for item in bench.storage.events(bench.record.id)] == ["job.lost"]
    assert bench.told(Noticed)[0].text == "worker 1 was killed by signal 9; trial 1 goes back to waiting"


def test_trials_that_were_lost_together_are_listed(bench: Bench) -> None:
    bench.run(ScriptedExecutor(lost(1, number=1), cohort=3), bench.config(budget=Budget(3, EPOCHS)))
    assert bench.told(Noticed)[0].text.endswith("; trials 0, 1, 2 go back to waiting")


def test_a_lost_trial_without_a_checkpoint_starts_again_and_keeps_its_curve(bench: Bench) -> None:
    executor = ScriptedExecutor(lost(1, saves=False))
    bench.run(executor, bench.config())
    lives = [job.assignments[0] for job in executor.jobs if job.assignments[0].number == 1]
    assert [item.start_epoch for item in lives] == [0, 0]
    assert [point.epoch for point in bench.trials[1].curve] == list(range(1, EPOCHS + 1))


def test_a_trial_whose_machines_are_taken_away_does_not_fail_for_that(bench: Bench) -> None:
    bench.run(ScriptedExecutor(lost(6, after=2, saves=False, blame="machine")), bench.config())
    assert (bench.trials[1].state, bench.trials[1].attempt) == ("COMPLETE", 7)


def test_a_trial_that_takes_every_machine_along_fails_at_last(bench: Bench) -> None:
    bench.run(ScriptedExecutor(lost(100, after=2, saves=False, blame="machine")), bench.config())
    assert (bench.trials[1].reason, bench.trials[1].attempt) == ("lost", 30)


def test_a_trial_that_is_lost_three_times_fails(bench: Bench) -> None:
    bench.run(ScriptedExecutor(lost(3, after=2)), bench.config())
    assert [trial.state for trial in bench.trials] == [
        TrialState.FAIL if number == 1 else TrialState.COMPLETE for number in range(6)
    ]
    assert (bench.trials[1].reason, bench.trials[1].attempt) == ("lost", 3)
    assert bench.trials[1].epochs == len(bench.trials[1].curve) == 6


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_other_trials_never_notice_a_loss(bench: Bench, times: int) -> None:
    bench.run(ScriptedExecutor(lost(times), capacity=2), bench.config())
    undisturbed = Bench(bench.folder / "undisturbed")
    undisturbed.run(ScriptedExecutor(capacity=2), undisturbed.config())
    others = [(trial.params, trial.values) for trial in bench.trials if trial.number != 1]
    assert others == [(trial.params, trial.values) for trial in undisturbed.trials if trial.number != 1]


def test_a_trial_that_was_told_to_stop_is_pruned_though_its_worker_died(bench: Bench) -> None:
    def script(item: Assignment) -> Life:
        return Life(reaching(0.9, 0.1)(item).measure, lost_after=2 if item.number == 1 else None)

    executor = ScriptedExecutor(script, deaf=True)
    bench.run(executor, bench.config(pruning=asha(), budget=Budget(trials=2, epochs=EPOCHS)))
    assert (bench.trials[1].state, bench.trials[1].reason, bench.trials[1].epochs) == (TrialState.PRUNED, "pruned", 2)
    assert len(executor.jobs) == 2


def test_events_of_an_earlier_attempt_are_ignored(bench: Bench) -> None:
    def late(poll: int) -> Sequence[Event | JobLost]:
        if poll != 15:
            return ()
        metrics = {"loss": 0.0, "accuracy": 1.0}
        return (EpochMetrics(1, 1, 8, metrics, 0.5), Outcome(1, 1, "COMPLETE", EPOCHS, metrics, 1.0))

    executor = ScriptedExecutor(lost(1), at_poll=late)
    bench.run(executor, bench.config())
    undisturbed = Bench(bench.folder / "undisturbed")
    undisturbed.run(ScriptedExecutor(), undisturbed.config())
    assert bench.trials[1].curve == undisturbed.trials[1].curve
    assert bench.trials[1].values == undisturbed.trials[1].values


def test_a_duplicate_is_answered_from_the_record_at_no_cost(bench: Bench) -> None:
    executor = ScriptedExecutor()
    bench.run(executor, bench.config(space=tiny_space(8, 16), seed=DRAWN_TWICE))
    reused = [trial for trial in bench.trials if trial.reused_from is not None]
    assert executor.trained == 2 * EPOCHS
    assert len(reused) == len(bench.trials) - 2 > 0
    for trial in reused:
        original = bench.trials[trial.reused_from or 0]
        assert (trial.state, trial.reason, trial.values) == (TrialState.COMPLETE, "reused", original.values)
        assert (trial.epochs, trial.curve, trial.checkpoint) == (0, (), None)
    assert bench.record.result["best"] in {trial.number for trial in bench.trials if trial.reused_from is None}


def test_a_duplicate_of_a_pruned_trial_is_pruned(bench: Bench) -> None:
    executor = ScriptedExecutor(
        lambda item: Life(lambda _: {"loss": 1.0, "accuracy": 0.9 if item.number == 0 else 0.1})
    )
    bench.run(executor, bench.config(space=tiny_space(8, 16), pruning=asha()))
    states = {(trial.candidate.architecture.settings["width"], trial.state) for trial in bench.trials}
    assert states == {(8, TrialState.PRUNED), (16, TrialState.COMPLETE)} or states == {
        (16, TrialState.PRUNED),
        (8, TrialState.COMPLETE),
    }
    assert executor.trained == EPOCHS + 2


def test_a_network_over_the_limits_is_never_trained(bench: Bench) -> None:
    executor = ScriptedExecutor()
    bench.run(
        executor,
        bench.config(space=replace(tiny_space(8, 16, 512), limits=Limits(parameters=1000)), budget=Budget(12, EPOCHS)),
    )
    wide = [trial for trial in bench.trials if trial.params["width"] == 512]
    assert wide
    for trial in wide:
        assert (trial.state, trial.reason, trial.epochs) == (TrialState.PRUNED, "infeasible", 0)
        assert trial.constraints == {"parameters <= 1000": trial.parameters - 1000.0}
        assert not trial.feasible
    trained = {job.assignments[0].number for job in executor.jobs}
    assert not trained & {trial.number for trial in wide}


@pytest.mark.parametrize("text", ["parameters <= 300", "memory <= 100"])
def test_a_constraint_on_sizes_is_checked_before_training(bench: Bench, text: str) -> None:
    executor = ScriptedExecutor()
    bench.run(executor, bench.config(space=tiny_space(8, 64), constraints=(Expression.parse(text),)))
    wide = [trial for trial in bench.trials if trial.params["width"] == 64]
    assert {(trial.state, trial.reason) for trial in wide} == {(TrialState.PRUNED, "infeasible")}
    assert all(trial.constraints[text] > 0 for trial in wide)
    assert executor.trained == EPOCHS


def test_a_trial_that_breaks_a_constraint_on_a_metric_is_complete_and_never_the_best(bench: Bench) -> None:
    constraint = Expression.parse("accuracy <= 0.8")
    record = bench.run(
        ScriptedExecutor(reaching(0.9, 0.5, 0.7, 0.85)),
        bench.config(constraints=(constraint,), budget=Budget(4, EPOCHS)),
    )
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE] * 4
    assert [trial.feasible for trial in bench.trials] == [False, True, True, False]
    assert record.result["best"] == 2


def test_a_network_that_cannot_be_built_fails_alone(bench: Bench) -> None:
    shrinking = space(
        family="cnn",
        architecture={"stages": Choice((1, 8))},
        recipe={},
    )
    executor = ScriptedExecutor(task=replace(TASK, inputs=(1, 8, 8)))
    bench.run(executor, bench.config(space=shrinking, budget=Budget(8, EPOCHS)))
    deep = [trial for trial in bench.trials if trial.params["stages"] == 8]
    assert {trial.state for trial in deep} == {TrialState.FAIL}
    assert all(trial.reason.startswith("build: ") for trial in deep)
    assert {trial.state for trial in bench.trials if trial not in deep} == {TrialState.COMPLETE}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_fails_and_is_never_the_best(bench: Bench, value: float) -> None:
    record = bench.run(ScriptedExecutor(reaching(0.2, value, 0.1)), bench.config(budget=Budget(3, EPOCHS)))
    assert [(trial.state, trial.reason) for trial in bench.trials] == [
        (TrialState.COMPLETE, ""),
        (TrialState.FAIL, "nan"),
        (TrialState.COMPLETE, ""),
    ]
    assert record.result["best"] == 0
    assert len(bench.trials[1].curve) == EPOCHS


def test_a_value_that_is_not_a_number_never_passes_a_rung(bench: Bench) -> None:
    bench.run(ScriptedExecutor(reaching(0.2, math.nan)), bench.config(budget=Budget(2, EPOCHS), pruning=asha()))
    assert (bench.trials[1].state, bench.trials[1].epochs) == (TrialState.PRUNED, 2)


def test_a_metric_that_is_missing_fails_with_its_name(bench: Bench) -> None:
    def script(item: Assignment) -> Life:
        return Life(lambda _: {"loss": 1.0} if item.number == 1 else {"loss": 1.0, "accuracy": 0.5})

    bench.run(ScriptedExecutor(script), bench.config(budget=Budget(3, EPOCHS)))
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]
    assert "'accuracy' was not measured" in bench.trials[1].reason


def test_what_a_worker_says_of_a_failure_is_the_reason(bench: Bench) -> None:
    def script(item: Assignment) -> Life:
        return Life(usual(item).measure, fails_after=4 if item.number == 1 else None, reason="oom")

    bench.run(ScriptedExecutor(script), bench.config(budget=Budget(3, EPOCHS)))
    assert (bench.trials[1].state, bench.trials[1].reason, bench.trials[1].epochs) == (TrialState.FAIL, "oom", 4)


def test_a_study_without_a_usable_trial_says_why(bench: Bench) -> None:
    with pytest.raises(NoUsableTrial, match="2 trials ended so: not a finite number"):
        bench.run(ScriptedExecutor(reaching(math.nan)), bench.config(budget=Budget(2, EPOCHS)))
    assert bench.record.state == "FAILED"


def test_several_objectives_prune_on_the_metric_that_is_named(bench: Bench) -> None:
    objectives = (Objective("accuracy", "maximize"), Objective("parameters", "minimize"))
    record = bench.run(
        ScriptedExecutor(reaching(0.9, 0.1, 0.95)),
        bench.config(objectives=objectives, pruning=asha(), budget=Budget(3, EPOCHS)),
    )
    assert [trial.state for trial in bench.trials] == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE]
    assert bench.trials[0].values == pytest.approx((0.9, bench.trials[0].parameters))
    assert record.result["best"] == 2


def test_a_space_that_is_exhausted_ends_the_study(bench: Bench) -> None:
    config = bench.config(space=tiny_space(8, 16, 32), sampler=Named("grid"), budget=Budget(50, EPOCHS))
    record = bench.run(ScriptedExecutor(capacity=2), config)
    assert record.result["reason"] == "space"
    assert {trial.params["width"] for trial in bench.trials} == {8, 16, 32}
    assert len(bench.trials) == 3


def test_a_space_in_which_nothing_is_new_ends_a_study_without_a_limit_of_trials(bench: Bench) -> None:
    budget = Budget(trials=0, epochs=EPOCHS, total_epochs=1000)
    record = bench.run(ScriptedExecutor(), bench.config(space=tiny_space(8, 16), budget=budget))
    assert record.result["reason"] == "space"


def test_the_user_is_heard_while_nothing_needs_training(bench: Bench) -> None:
    one_in_300 = replace(tiny_space(*range(1, 301)), limits=Limits(parameters=15))
    config = bench.config(space=one_in_300, budget=Budget(trials=300, epochs=EPOCHS))
    record = bench.run(ScriptedExecutor(), config, interrupted=lambda: len(bench.told(TrialFinished)) >= 20)
    assert record.state == "STOPPED"
    assert len(bench.trials) == 20
