"""Which trials of a study still hold under another definition, and why others do not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scripted import EPOCHS, TASK, Bench, ScriptedExecutor, asha, results, space, usual

from nas.config import Budget, Objective, StudyConfig
from nas.controller.controller import Controller
from nas.controller.fork import InheritedTrials, inherited
from nas.storage.records import FORKED
from nas.study_file.task_defaults import with_task_defaults
from nas.trials import TrialState
from search_spaces.candidate import Named, Settings
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.expressions import Expression
from search_spaces.space import Limits
from workers.messages import Split, TaskInfo, TaskSpec

TRIALS = 16


@pytest.fixture
def config(bench: Bench) -> StudyConfig:
    return bench.config(pruning=asha(), budget=Budget(TRIALS, EPOCHS))


@pytest.fixture
def searched(bench: Bench, config: StudyConfig) -> Bench:
    bench.run(ScriptedExecutor(usual), config)
    states = {trial.state for trial in bench.trials}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED}
    return bench


def left(bench: Bench, new: StudyConfig, task: TaskInfo = TASK) -> InheritedTrials:
    return inherited(bench.record, bench.trials, with_task_defaults(replace(new, name="new"), task), task)


def narrower(**changes: Any) -> Callable[[StudyConfig], StudyConfig]:
    return lambda config: replace(config, space=space(**changes))


ARCHITECTURE = {"depth": Int(1, 1), "width.0": Choice((8, 16, 32))}
Change = Callable[[StudyConfig], StudyConfig]
NOTHING_HOLDS: dict[str, Change] = {
    "the task differs": lambda config: replace(config, task=TaskSpec(Named("digits"), Split(validation=0.3))),
    "trained for another number of epochs": lambda config: replace(config, budget=Budget(TRIALS, EPOCHS + 1)),
    "trained with epochs of other lengths": lambda config: replace(config, epoch_samples=30),
    "trained with fixed settings that differ now": narrower(fixed=Settings(activation="tanh")),
    "over the new limits": narrower(limits=Limits(parameters=1)),
}
SOME_HOLD: dict[str, Change] = {
    "outside the new space": narrower(architecture=ARCHITECTURE),
    "stopped by a comparison that is no longer made": lambda config: replace(
        config, objectives=(Objective("loss", "minimize"),)
    ),
}
ALL_HOLD: dict[str, Change] = {
    "a wider space": narrower(recipe={"label_smoothing": Float(0.0, 0.3)}),
    "another seed": lambda config: replace(config, seed=8),
    "another sampler": lambda config: replace(config, sampler=Named("evolution", Settings(population=4, tournament=2))),
    "a constraint": lambda config: replace(config, constraints=(Expression.parse("loss <= 0.2"),)),
    "a bound on epochs that none reaches": lambda config: replace(config, epoch_samples=100),
    "more trials": lambda config: replace(config, budget=Budget(99, EPOCHS)),
}


@pytest.mark.parametrize("reason", NOTHING_HOLDS)
def test_nothing_is_carried_over(reason: str, searched: Bench, config: StudyConfig) -> None:
    found = left(searched, NOTHING_HOLDS[reason](config))

    assert (list(found.trials), found.origin["left_out"]) == ([], {reason: TRIALS})


@pytest.mark.parametrize("reason", SOME_HOLD)
def test_some_are_carried_over(reason: str, searched: Bench, config: StudyConfig) -> None:
    found = left(searched, SOME_HOLD[reason](config))
    out = found.origin["left_out"]

    assert isinstance(out, dict)
    assert list(out) == [reason]
    assert 0 < len(found.trials) < TRIALS
    assert out[reason] == TRIALS - len(found.trials)


@pytest.mark.parametrize("change", ALL_HOLD)
def test_all_are_carried_over(change: str, searched: Bench, config: StudyConfig) -> None:
    found = left(searched, ALL_HOLD[change](config))

    assert [(t.params, t.state, t.curve) for t in found.trials] == [
        (t.params, t.state, t.curve) for t in searched.trials
    ]


def test_nothing_is_carried_over_from_other_samples(searched: Bench, config: StudyConfig) -> None:
    found = left(searched, config, replace(TASK, sha256="1" * 64))

    assert found.origin["left_out"] == {"the task differs": TRIALS}


def test_trials_are_valued_by_the_new_objective(searched: Bench, config: StudyConfig) -> None:
    found = left(searched, replace(config, objectives=(Objective("loss", "minimize"),)))

    assert {trial.values for trial in found.trials} == {(1 / EPOCHS,)}


def test_trials_are_held_against_the_new_constraints(searched: Bench, config: StudyConfig) -> None:
    found = left(searched, replace(config, constraints=(Expression.parse("loss <= 0.1"),)))
    complete = [trial for trial in found.trials if trial.state is TrialState.COMPLETE]

    assert [trial.constraints["loss <= 0.1"] for trial in complete] == [pytest.approx(1 / EPOCHS - 0.1)] * len(complete)
    assert not any(trial.feasible for trial in complete)


def test_they_are_numbered_anew_and_the_old_numbers_kept(searched: Bench, config: StudyConfig) -> None:
    found = left(searched, narrower(architecture=ARCHITECTURE)(config))
    numbers: Any = found.origin["numbers"]

    assert [trial.number for trial in found.trials] == list(range(len(found.trials)))
    assert [searched.trials[number].params for number in numbers] == [trial.params for trial in found.trials]


def test_a_sampler_that_is_not_the_same_finds_nothing_of_the_other(bench: Bench, config: StudyConfig) -> None:
    config = replace(config, sampler=Named("nsga2", Settings(population=4)))
    bench.run(ScriptedExecutor(usual), config)
    kept, dropped = left(bench, replace(config, budget=Budget(99, EPOCHS))), left(bench, replace(config, seed=5))

    assert any(trial.sampler_state for trial in kept.trials)
    assert not any(trial.sampler_state for trial in dropped.trials)


def test_a_failed_trial_gets_another_chance(bench: Bench, config: StudyConfig) -> None:
    config = replace(config, budget=Budget(2, EPOCHS))
    bench.run(ScriptedExecutor(lambda item: replace(usual(item), fails_after=1 if item.number else None)), config)

    assert left(bench, config).origin["left_out"] == {"failed, and gets another chance": 1}


def test_an_unchanged_fork_goes_on_as_the_study_would(searched: Bench, config: StudyConfig, bench: Bench) -> None:
    longer = replace(config, name="new", budget=Budget(TRIALS + 6, EPOCHS))
    Controller(bench.storage, start=lambda _: ScriptedExecutor(usual)).fork(bench.record, longer)
    forked = bench.storage.trials(bench.storage.study("new").id)
    bench.run(ScriptedExecutor(usual), replace(longer, name="s"))

    assert results(forked) == results(bench.trials)


def test_where_a_fork_comes_from_is_on_record(searched: Bench, config: StudyConfig, bench: Bench) -> None:
    Controller(bench.storage, start=lambda _: ScriptedExecutor(usual)).fork(
        bench.record, replace(config, name="new", seed=4)
    )
    (event,) = bench.storage.events(bench.storage.study("new").id, kind=FORKED)

    assert (event.content["study"], event.content["differs_in"]) == ("s", ["seed"])
    assert bench.storage.events(bench.record.id, kind=FORKED) == []
