"""What is particular to the samplers that are Optuna's."""

import json
from dataclasses import replace

import optuna
import pytest
from searching import CONDITIONAL, NARROW, NEEDLE, NUMERIC, Search, goodness

from nas.samplers.optuna.sampler import TRIES, OptunaSampler
from nas.trials import TrialState
from search_spaces.candidate import Params


def told(search: Search) -> list[optuna.trial.FrozenTrial]:
    """Return the trials of the study in memory."""
    assert isinstance(search.sampler, OptunaSampler)
    return search.sampler._study.get_trials(deepcopy=False)


def test_every_state_is_told_as_it_is() -> None:
    search = Search("nsga2", NUMERIC)
    search.ask(4)
    for number, state in enumerate((TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)):
        search.finish(number, state)

    assert [trial.state.name for trial in told(search)] == ["COMPLETE", "PRUNED", "FAIL", "RUNNING"]


def test_a_stopped_trial_is_told_with_its_last_value_and_epoch() -> None:
    search = Search("nsga2", NUMERIC)
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
    search = Search("nsga2", NARROW)
    search.run(20)

    infeasible = [trial for trial in told(search) if any(excess > 0 for excess in trial.constraints.values())]
    assert all(NARROW.contains(trial.params) for trial in search.trials.values())
    assert infeasible
    assert {trial.state.name for trial in infeasible} == {"PRUNED"}


def test_after_so_many_tries_a_point_is_drawn() -> None:
    search = Search("nsga2", NEEDLE)

    assert search.ask(1)[0]["width"] in (7, 8)
    assert len(told(search)) == TRIES + 1


def test_an_infeasible_trial_is_told_with_its_excess() -> None:
    search = Search("nsga2", NUMERIC)
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
