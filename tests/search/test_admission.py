"""Nothing is begun that cannot reach its first rung in what is left of the time; infeasible candidates cost nothing."""

from dataclasses import replace

import pytest
from scripted import EPOCHS, Bench, ScriptedExecutor, tiny_space

from nas.config import Budget
from nas.controller.budget.admission import TOO_LONG
from nas.controller.budget.stopping_criterion import LATE
from nas.trials import TrialState
from search_spaces.errors import SpecError
from search_spaces.space import Limits


class Clock:
    """Half a second for each poll: what an epoch takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def tick(self, poll: int) -> tuple[()]:
        self.now += 0.5
        return ()

    def __call__(self) -> float:
        return self.now


def test_a_trial_that_cannot_reach_its_first_rung_is_not_begun(bench: Bench) -> None:
    clock = Clock()
    executor = ScriptedExecutor(at_poll=clock.tick)
    record = bench.run(executor, bench.config(budget=Budget(0, EPOCHS, seconds=18.5)), clock=clock)
    assert record.result["reason"] == "time"
    begun = [trial for trial in bench.trials if trial.trained]
    assert [trial.epochs for trial in begun] == [EPOCHS] * 4  # half a second is left; the first rung is two epochs
    refused = [trial for trial in bench.trials if not trial.trained]
    assert {(trial.state, trial.reason, trial.epochs) for trial in refused} == {(TrialState.PRUNED, "infeasible", 0)}
    assert all(trial.constraints[TOO_LONG] > 0 for trial in refused)


def test_where_every_candidate_is_too_large_for_the_time_one_is_begun_all_the_same(bench: Bench) -> None:
    clock = Clock()
    executor = ScriptedExecutor(epoch_seconds=100.0, at_poll=clock.tick)
    record = bench.run(executor, bench.config(budget=Budget(0, EPOCHS, seconds=3.0)), clock=clock)
    (begun,) = (trial for trial in bench.trials if trial.trained)
    assert (begun.number, begun.state, begun.reason) == (LATE - 1, TrialState.COMPLETE, "time")
    assert record.result["best"] == begun.number


def test_a_budget_of_trials_counts_what_was_trained(bench: Bench) -> None:
    one_in_three = replace(tiny_space(*range(1, 301)), limits=Limits(parameters=1200))
    executor = ScriptedExecutor()
    bench.run(executor, bench.config(space=one_in_three, budget=Budget(trials=6, epochs=EPOCHS)))
    assert sum(trial.reason == "infeasible" for trial in bench.trials) > 0
    assert sum(trial.trained for trial in bench.trials) == len(executor.jobs) == 6


def test_going_on_counts_what_was_trained_before(bench: Bench) -> None:
    one_in_three = replace(tiny_space(*range(1, 301)), limits=Limits(parameters=1200))
    bench.run(ScriptedExecutor(), bench.config(space=one_in_three, budget=Budget(trials=4, epochs=EPOCHS)))
    again = ScriptedExecutor()
    bench.run(again, bench.config(space=one_in_three, budget=Budget(trials=6, epochs=EPOCHS)))
    assert len(again.jobs) == 2


def test_a_space_in_which_nothing_can_be_trained_is_a_mistake_of_the_study(bench: Bench) -> None:
    with pytest.raises(SpecError, match=r"no candidate is within the limits.* exceeds parameters <= 1 by \d+"):
        bench.run(ScriptedExecutor(), bench.config(space=replace(tiny_space(8, 16), limits=Limits(parameters=1))))
    assert bench.storage.find("s") is None
