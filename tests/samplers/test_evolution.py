"""Regularised evolution: whose child a proposal is, and how it differs."""

import random

from searching import CONDITIONAL, FINITE, NUMERIC, TWO, Search

from nas.samplers.evolution import mutate
from nas.trials import TrialState
from search_spaces.candidate import Params
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.space import SearchSpace


def mutants(space: SearchSpace, parent: Params, count: int = 200) -> list[Params]:
    rng = random.Random(0)
    return [mutant for _ in range(count) if (mutant := mutate(space, parent, rng)) is not None]


def test_a_mutant_differs_in_one_dimension_and_in_what_that_opens_or_closes() -> None:
    parent = CONDITIONAL.sample(random.Random(1))

    for mutant in mutants(CONDITIONAL, parent):
        changed = [name for name in parent.keys() & mutant.keys() if parent[name] != mutant[name]]
        assert len(changed) == 1
        assert tuple(mutant) == CONDITIONAL.active(mutant)
        if parent.keys() != mutant.keys():
            assert changed[0] in ("depth", "optimizer")


def test_every_value_of_a_mutant_is_in_its_dimension() -> None:
    rng = random.Random(2)

    for parent in (CONDITIONAL.sample(rng) for _ in range(20)):
        for mutant in mutants(CONDITIONAL, parent, 20):
            assert all(CONDITIONAL.dimensions[name].contains(value) for name, value in mutant.items())


def test_a_number_moves_to_its_neighbourhood_about_half_of_the_time() -> None:
    space = SearchSpace("one", "mlp", {"dropout": Float(0, 0.9)}, {})
    moves = [abs(float(mutant["dropout"]) - 0.45) for mutant in mutants(space, {"dropout": 0.45}, 1000)]

    assert 650 < sum(move < 0.27 for move in moves) < 850  # 95 % of the near ones and 60 % of the far ones


def test_a_dimension_of_one_value_is_never_chosen() -> None:
    space = SearchSpace("fixed", "mlp", {"depth": Int(2, 2), "activation": Choice(("relu", "tanh"))}, {})

    assert all(mutant["depth"] == 2 for mutant in mutants(space, {"depth": 2, "activation": "relu"}))


def test_a_space_of_one_point_has_no_mutants() -> None:
    assert mutants(SearchSpace("point", "mlp", {"depth": Int(2, 2)}, {}), {"depth": 2}) == []


def test_no_point_is_proposed_twice_while_others_are_left() -> None:
    search = Search("evolution", FINITE, population=4)
    search.run(16)

    assert len({tuple(trial.params.items()) for trial in search.trials.values()}) == 16


def test_the_first_proposals_are_drawn_and_the_others_descend_from_the_population() -> None:
    search = Search("evolution", CONDITIONAL, population=5, tournament=5)
    search.run(30, running=0)
    child = search.trials[29].params

    shared = [
        sum(trial.params.get(name) == value for name, value in child.items())
        for trial in list(search.trials.values())[:29]
    ]
    assert max(shared) >= len(child) - 5  # one mutation, and at most the four dimensions that it opens


def test_the_parent_is_the_best_of_the_population() -> None:
    search = Search("evolution", NUMERIC, population=6, tournament=6)
    search.ask(6)
    for number in range(6):
        search.finish(number, value=float(number == 3))

    child = search.ask(1)[0]

    assert sum(child[name] == value for name, value in search.trials[3].params.items()) == 2


def test_a_stopped_trial_is_a_parent_only_where_none_completed() -> None:
    search = Search("evolution", NUMERIC, population=2, tournament=2)
    search.ask(2)
    search.finish(0, TrialState.PRUNED, 0.9)
    search.finish(1, TrialState.COMPLETE, 0.1)

    child = search.ask(1)[0]

    assert sum(child[name] == value for name, value in search.trials[1].params.items()) == 2


def test_with_two_objectives_the_parent_is_on_the_front() -> None:
    search = Search("evolution", NUMERIC, TWO, population=3, tournament=3)
    search.ask(3)
    for number, value in enumerate((0.5, 0.9, 0.4)):
        search.finish(number, value=value)

    child = search.ask(1)[0]

    front = [search.trials[number].params for number in (0, 1, 2)]
    assert max(sum(child[name] == value for name, value in params.items()) for params in front) == 2


def test_it_finds_better_points_than_random_draws() -> None:
    best = {}
    for name in ("evolution", "random"):
        search = Search(name, NUMERIC, population=10) if name == "evolution" else Search(name, NUMERIC)
        search.run(80, running=0)
        best[name] = max(trial.values[0] for trial in search.trials.values() if trial.values)

    assert best["evolution"] > best["random"]
