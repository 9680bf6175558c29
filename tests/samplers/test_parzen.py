"""Our TPE for one objective against Optuna's: the same history and the same random numbers, the same proposals."""

import random
from dataclasses import replace

import numpy as np
import optuna
import pytest
from searching import CONDITIONAL, FINITE, NARROW, NEEDLE, NUMERIC, TWO, Search

from nas.optuna_adapter import distribution
from nas.samplers._groups import Groups
from nas.samplers.optuna.sampler import OptunaSampler
from nas.samplers.parzen.axes import axis_of
from nas.samplers.parzen.memory import BEST, Memory
from nas.samplers.parzen.model import Model
from nas.samplers.parzen.sampler import ParzenSampler
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.space import SearchSpace

EVERY_KIND = SearchSpace(
    "every-kind",
    "mlp",
    {"depth": Int(1, 6), "width": Int(10, 400, step=30), "dropout": Float(0, 0.5)},
    {
        "batch_size": Int(16, 512, log=True),
        "optimizer": Choice(("sgd", "adamw", "adam")),
        "label_smoothing": Float(0, 0.3, step=0.05),
        "weight_decay": Float(1e-6, 1e-1, log=True),
    },
)
"""Choices and all ranges: whole or not, with a step or none, on either scale."""

STATES = [TrialState.COMPLETE] * 5 + [TrialState.PRUNED] * 3 + [TrialState.RUNNING, TrialState.FAIL]


def history(space: SearchSpace, count: int, seed: int) -> list[Trial]:
    """Return trials in every state, some over a limit, some with equal values."""
    rng = random.Random(seed)
    trials = []
    for number in range(count):
        params = space.sample(rng)
        state, value, epochs = rng.choice(STATES), round(rng.random(), 2), rng.randint(1, 9)
        curve = (
            () if rng.random() < 0.1 else tuple(Point(epoch + 1, {"accuracy": value}, 0.1) for epoch in range(epochs))
        )
        trials.append(
            replace(
                Trial(number, params, space.candidate(params, 0), state, curve=curve, epochs=len(curve)),
                values=(value,) if state is TrialState.COMPLETE else (),
                constraints={"parameters <= 9": rng.uniform(-1, 0.3)} if state.finished else {},
            )
        )
    return trials


def theirs(space: SearchSpace, trials: list[Trial], seed: int) -> Params:
    """Let Optuna's multivariate TPE propose from the same history."""
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(multivariate=True, n_startup_trials=0, seed=seed)
    )
    distributions = {name: distribution(dimension) for name, dimension in space.dimensions.items()}
    for trial in trials:
        told = optuna.trial.create_trial(
            state=optuna.trial.TrialState[trial.state.name],
            params=dict(trial.params),
            distributions=distributions,
            value=trial.values[0] if trial.values else None,
            intermediate_values={point.epoch: point.metrics["accuracy"] for point in trial.curve},
        )
        for text, excess in trial.constraints.items():
            told.set_constraint(text, excess)
        study.add_trial(told)
    asked = study.ask()
    assert isinstance(study.sampler, optuna.samplers.TPESampler)
    return dict(study.sampler.sample_relative(study, asked._get_latest_trial(), dict(sorted(distributions.items()))))


def ours(space: SearchSpace, trials: list[Trial], seed: int) -> Params:
    """Let our model propose."""
    axes = {name: axis_of(dimension) for name, dimension in space.dimensions.items()}
    memory, groups = Memory(axes, sign=-1.0, metric="accuracy", recent=10_000), Groups()
    for trial in trials:
        memory.begin(trial.number, trial.params)
        groups.see(trial.params)
        if trial.state.finished:
            memory.finish(trial)
    return Model(memory, groups, axes, 24, np.random.RandomState(seed)).propose(space)


def close(one: Scalar, other: Scalar) -> bool:
    return one == (pytest.approx(other, rel=1e-6) if isinstance(other, float) else other)


@pytest.mark.parametrize("count", [20, 40, 80, 300])
def test_it_proposes_what_optuna_proposes(count: int) -> None:
    for seed in range(10):
        trials = history(EVERY_KIND, count, seed)
        expected = theirs(EVERY_KIND, trials, seed)
        proposed = ours(EVERY_KIND, trials, seed)

        assert set(proposed) == set(expected)
        assert all(close(proposed[name], expected[name]) for name in expected), (proposed, expected)


def test_it_models_together_what_is_always_active_together() -> None:
    search = Search("nsga2", CONDITIONAL, population=8)
    search.run(60)
    theirs = optuna.search_space.group_decomposed._GroupDecomposedSearchSpace(include_pruned=True)
    expected = {frozenset(space) for space in theirs.calculate(search.sampler._study).search_spaces}  # type: ignore[attr-defined]

    groups = Groups()
    for trial in search.trials.values():
        groups.see(trial.params)

    assert {frozenset(groups.of(name)) for name in CONDITIONAL.dimensions} == expected
    assert frozenset({"optimizer.sgd.lr", "optimizer.sgd.momentum"}) in expected


def test_a_dimension_that_was_never_active_is_modelled_alone() -> None:
    assert Groups().of("width.3") == ("width.3",)


def test_of_a_long_study_it_is_shown_the_last_trials_the_running_and_the_best() -> None:
    memory = Memory({"depth": axis_of(Int(1, 100))}, sign=1.0, metric="accuracy", recent=10)
    for number in range(60):
        params: Params = {"depth": number + 1}
        memory.begin(number, params)
        if number != 30:
            candidate = NUMERIC.candidate(NUMERIC.sample(random.Random(number)), 0)
            memory.finish(Trial(number, params, candidate, TrialState.COMPLETE, values=(float(number),)))

    good, others = memory.split()

    assert sorted(int(depth) - 1 for depth in np.concatenate((good, others))[:, 0]) == [
        *range(BEST),
        30,
        *range(50, 60),
    ]


def test_a_proposal_that_breaks_a_constraint_is_drawn_again() -> None:
    search = Search("tpe", NARROW)
    search.run(40)

    assert all(NARROW.contains(trial.params) for trial in search.trials.values())


def test_where_the_model_finds_nothing_new_a_point_is_drawn() -> None:
    search = Search("tpe", NEEDLE)
    search.run(20, running=0)

    assert {trial.params["width"] for trial in search.trials.values()} == {7, 8}


def test_true_and_one_are_two_options() -> None:
    axis = axis_of(Choice((1, True, "one")))

    assert [axis.decode(axis.encode(option)) for option in (1, True, "one")] == [1, True, "one"]
    assert axis.encode(True) == 1.0


def best_of(name: str, trials: int, seed: int) -> float:
    search = Search(name, NUMERIC, seed=seed)
    search.ask(1)
    for number in range(trials):
        search.finish(number)
        search.ask(1)
    return max(trial.values[0] for trial in search.trials.values() if trial.values)


def test_tpe_finds_better_points_than_random_draws() -> None:
    seeds = range(5)

    assert sum(best_of("tpe", 50, seed) for seed in seeds) > sum(best_of("random", 50, seed) for seed in seeds)


def test_tpe_does_not_repeat_itself_in_a_small_space() -> None:
    space = SearchSpace("small", "mlp", {"width": Int(1, 60)}, {"optimizer": Choice(("sgd", "adamw"))})
    search = Search("tpe", space)
    search.run(60, running=0)

    assert len({tuple(trial.params.items()) for trial in search.trials.values()}) >= 58


def test_a_space_that_is_used_up_is_proposed_again() -> None:
    search = Search("tpe", FINITE)
    search.run(30, running=0)

    assert len(search.trials) == 30


def test_several_objectives_are_optunas_to_model() -> None:
    assert isinstance(Search("tpe", NUMERIC).sampler, ParzenSampler)
    assert isinstance(Search("tpe", NUMERIC, TWO).sampler, OptunaSampler)
