"""What holds for every sampler on the menu."""

import math
import subprocess
import sys
from typing import Any

import optuna
import pytest
from searching import CONDITIONAL, FINITE, NUMERIC, ONE, TWO, Search

from nas import samplers
from nas.samplers import SAMPLERS
from nas.trials import TrialState
from search_spaces.candidate import Named, Settings
from search_spaces.errors import NasError, SpecError, UnknownName
from search_spaces.hyperparameters import hyperparameters
from search_spaces.space import SearchSpace

OPTUNAS = ("cmaes", "gp", "nsga2", "nsga3", "qmc", "tpe")
OURS = ("brute_force", "evolution", "grid", "random")
LENGTH = {"gp": 14, "cmaes": 30}
SETTINGS: dict[str, dict[str, Any]] = {
    "nsga2": {"population": 6},
    "nsga3": {"population": 6},
    "evolution": {"population": 8},
}


def searched(name: str, space: SearchSpace = CONDITIONAL) -> Search:
    return Search(name, FINITE if name == "brute_force" else space, **SETTINGS.get(name, {}))


def test_the_menu_has_ten_samplers_each_with_a_description() -> None:
    assert SAMPLERS.names() == tuple(sorted(OURS + OPTUNAS))
    assert all(SAMPLERS.describe(name).endswith(".") for name in SAMPLERS.names())


def test_every_setting_of_every_sampler_has_an_allowed_default() -> None:
    settings = [item for name in SAMPLERS.names() for item in hyperparameters(SAMPLERS.load(name))]

    assert all(item.mistake(item.default) == "" for item in settings)
    assert len(settings) == 14


def test_the_menu_is_read_without_importing_optuna_or_torch() -> None:
    code = (
        "import sys; from nas.samplers import SAMPLERS; [SAMPLERS.describe(n) for n in SAMPLERS.names()];"
        "[SAMPLERS.load(n) for n in SAMPLERS.names()]; assert not {'optuna', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", OURS + OPTUNAS)
def test_every_proposal_is_a_point_of_the_space(name: str) -> None:
    search = searched(name)

    search.run(LENGTH.get(name, 60))

    assert all(search.space.contains(trial.params) for trial in search.trials.values())


@pytest.mark.parametrize("known", [0, 1, 7, 12, 25])
@pytest.mark.parametrize("name", [name for name in OURS + OPTUNAS if name != "cmaes"])
def test_a_sampler_that_is_rebuilt_goes_on_as_before(name: str, known: int) -> None:
    search = searched(name)
    search.run(min(known, LENGTH.get(name, 60), 12 if name == "brute_force" else 60))
    rebuilt = search.rebuilt()
    numbers = range(len(search.trials), len(search.trials) + 4)

    assert rebuilt.ask(numbers) == search.sampler.ask(numbers)


@pytest.mark.parametrize("name", [name for name in OURS + OPTUNAS if name != "cmaes"])
def test_a_rebuilt_sampler_learns_from_the_trials_that_were_running(name: str) -> None:
    search = searched(name)
    search.run(12)
    first, search.sampler = search.sampler, search.rebuilt()
    for number in [number for number, trial in search.trials.items() if not trial.state.finished]:
        search.finish(number)
        first.tell([search.trials[number]])

    assert search.sampler.ask([12, 13]) == first.ask([12, 13])


def test_cmaes_that_is_rebuilt_goes_on_from_the_completed_trials() -> None:
    search = Search("cmaes", NUMERIC)
    search.run(30)

    proposals = search.rebuilt().ask(range(30, 40))

    assert all(NUMERIC.contains(params) for params in proposals)
    assert sum(abs(float(params["dropout"]) - 0.1) < 0.15 for params in proposals) >= 6


@pytest.mark.parametrize("name", OURS + OPTUNAS)
def test_the_same_seed_gives_the_same_proposals_and_another_seed_others(name: str) -> None:
    space = FINITE if name == "brute_force" else NUMERIC
    first, second, other = (Search(name, space, seed=seed).ask(5) for seed in (1, 1, 2))

    assert first == second != other


@pytest.mark.parametrize("name", ["evolution", "gp", "nsga2", "nsga3", "qmc", "random", "tpe"])
def test_several_objectives_and_stopped_trials_go_together(name: str) -> None:
    search = Search(name, CONDITIONAL, TWO)

    search.run(LENGTH.get(name, 40))

    assert len(search.trials) == LENGTH.get(name, 40)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", OURS + OPTUNAS)
def test_a_value_that_is_not_finite_teaches_nothing_and_breaks_nothing(name: str, value: float) -> None:
    search = searched(name)
    search.ask(3)
    search.finish(0, TrialState.PRUNED, value)
    search.finish(1, TrialState.COMPLETE, value)
    search.finish(2, TrialState.FAIL, value)

    search.run(13, running=0)

    assert len(search.trials) == 13


@pytest.mark.parametrize("name", OPTUNAS)
def test_nothing_is_printed_and_no_setting_of_optuna_changes(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = optuna.logging.get_verbosity()

    searched(name).run(13)

    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == before


def test_cmaes_refuses_several_objectives() -> None:
    with pytest.raises(NasError, match="takes one objective, got 2"):
        Search("cmaes", NUMERIC, TWO)


def test_brute_force_refuses_a_continuous_space_and_names_the_dimension() -> None:
    with pytest.raises(NasError, match="'dropout' is continuous"):
        Search("brute_force", NUMERIC)


def test_an_unknown_sampler_is_named_with_its_nearest_match() -> None:
    with pytest.raises(UnknownName, match="did you mean 'evolution'"):
        samplers.make(Named("evolutoin"), space=NUMERIC, objectives=ONE, seed=0)


def test_a_wrong_setting_is_named_with_what_is_allowed() -> None:
    with pytest.raises(SpecError, match=r"sampler.tpe.startup_trials: needs a whole number ≥ 0, got -1"):
        samplers.make(Named("tpe", Settings(startup_trials=-1)), space=NUMERIC, objectives=ONE, seed=0)
