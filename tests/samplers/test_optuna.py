"""What is particular to the samplers that are Optuna's."""

import json
from dataclasses import replace

import optuna
import pytest
from searching import CONDITIONAL, FINITE, NUMERIC, Search, goodness

from nas.samplers.optuna.asked import TRIES, OptunaSampler
from nas.samplers.optuna.recent import BEST, RecentTrials
from nas.trials import TrialState
from search_spaces.candidate import Params
from search_spaces.dimensions import Choice, Int
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace


def told(search: Search) -> list[optuna.trial.FrozenTrial]:
    """Return the trials of the study in memory."""
    assert isinstance(search.sampler, OptunaSampler)
    return search.sampler._study.get_trials(deepcopy=False)


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


def test_tpe_models_together_what_is_active_together() -> None:
    search = Search("tpe", CONDITIONAL)
    search.run(60)
    sampler = search.sampler
    assert isinstance(sampler, OptunaSampler)
    theirs = optuna.search_space.group_decomposed._GroupDecomposedSearchSpace(include_pruned=True)
    groups = {frozenset(space) for space in theirs.calculate(sampler._study).search_spaces}

    tpe = sampler._make(sampler._moment(0, 0))
    ours = {tpe._group(name) for name in CONDITIONAL.dimensions}  # type: ignore[attr-defined]

    assert ours == groups
    assert frozenset({"optimizer.sgd.lr", "optimizer.sgd.momentum"}) in ours


def test_every_state_is_told_as_it_is() -> None:
    search = Search("tpe", NUMERIC)
    search.ask(4)
    for number, state in enumerate((TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)):
        search.finish(number, state)

    assert [trial.state.name for trial in told(search)] == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"]


def test_the_model_is_shown_the_last_trials_the_running_and_the_best() -> None:
    storage = RecentTrials(most=10)
    study = optuna.create_study(storage=storage, direction="maximize")
    for number in range(60):
        study.ask()
        if number != 3:
            study.tell(number, float(-number))

    shown = [trial.number for trial in study.get_trials()]

    assert shown == [*range(BEST + 1), *range(50, 60)]
    assert [trial.number for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,))] == [3]


def test_a_stopped_trial_is_told_with_its_last_value_and_epoch() -> None:
    search = Search("tpe", NUMERIC)
    search.ask(1)
    search.finish(0, TrialState.PRUNED, 0.25)

    assert told(search)[0].intermediate_values == {2: 0.25}


def test_a_rebuilt_study_is_the_study() -> None:
    search = Search("nsga2", CONDITIONAL, population=5)
    search.run(40)
    before = told(search)
    search.sampler = search.rebuilt()

    after = told(search)

    assert [(trial.state, trial.params, trial.values, trial.constraints) for trial in before] == [
        (trial.state, trial.params, trial.values, trial.constraints) for trial in after
    ]


def test_a_proposal_that_breaks_a_constraint_is_told_as_infeasible_and_asked_again() -> None:
    space = SearchSpace(
        "narrow",
        "mlp",
        {"depth": Int(1, 4), "width": Int(1, 100)},
        {},
        constraints=(Expression.parse("depth * width >= 200"),),
    )
    search = Search("tpe", space)
    search.run(20)

    infeasible = [trial for trial in told(search) if any(excess > 0 for excess in trial.constraints.values())]
    assert all(space.contains(trial.params) for trial in search.trials.values())
    assert infeasible
    assert {trial.state.name for trial in infeasible} == {"PRUNED"}


def test_after_so_many_tries_a_point_is_drawn() -> None:
    space = SearchSpace(
        "needle", "mlp", {"width": Int(1, 1000)}, {}, constraints=(Expression.parse("width in [7, 8]"),)
    )
    search = Search("tpe", space)

    assert search.ask(1)[0]["width"] in (7, 8)
    assert len(told(search)) == TRIES + 1


def test_tpe_does_not_repeat_itself_in_a_small_space() -> None:
    space = SearchSpace("small", "mlp", {"width": Int(1, 60)}, {"optimizer": Choice(("sgd", "adamw"))})
    search = Search("tpe", space)
    search.run(60, running=0)

    assert len({tuple(trial.params.items()) for trial in search.trials.values()}) >= 58


def test_a_space_that_is_used_up_is_proposed_again() -> None:
    search = Search("tpe", FINITE)
    search.run(30, running=0)

    assert len(search.trials) == 30


def test_an_infeasible_trial_is_told_with_its_excess() -> None:
    search = Search("tpe", NUMERIC)
    search.ask(1)
    over = {"parameters <= 9": 4.0}
    search.sampler.tell([replace(search.trials[0], state=TrialState.PRUNED, reason="infeasible", constraints=over)])

    assert told(search)[0].constraints == over


def test_nsga_hands_over_its_generation_as_json() -> None:
    search = Search("nsga2", NUMERIC, population=4)
    search.run(30)
    states = [trial.sampler_state for trial in search.trials.values()]

    assert any("study" in state for state in states)
    assert all(json.loads(json.dumps(state)) == state for state in states)


def test_the_pickled_state_of_cmaes_is_not_handed_over() -> None:
    search = Search("cmaes", NUMERIC)
    search.run(40)

    assert not any("cma" in json.dumps(trial.sampler_state) for trial in search.trials.values())


@pytest.mark.parametrize("name", ["tpe", "random"])
def test_params_are_in_the_order_of_the_space(name: str) -> None:
    search = Search(name, CONDITIONAL)
    search.run(20)

    assert all(tuple(trial.params) == CONDITIONAL.active(trial.params) for trial in search.trials.values())


def test_goodness_is_what_the_tests_think() -> None:
    params: Params = {"dropout": 0.1, "weight_decay": 1e-4}

    assert goodness(params) == pytest.approx(1.0)
