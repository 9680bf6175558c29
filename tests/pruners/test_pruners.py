"""What can be said of pruners without Optuna: their menu, their first rung, their price."""

import math
import random
import subprocess
import sys
import time

import pytest

from nas import pruners
from nas.config import Pruning
from nas.pruners import PRUNERS
from nas.pruners.asha import usual_first_rung
from nas.pruners.hyperband import shares
from search_spaces.candidate import Named, Settings
from search_spaces.errors import SpecError, UnknownName
from search_spaces.hyperparameters import hyperparameters

OURS = ("asha", "hyperband", "median", "patience", "percentile", "threshold")


def made(name: str, epochs: int = 27, **settings: float | str) -> pruners.Pruner:
    return pruners.make(Pruning(Named(name, Settings(settings)), "accuracy", "maximize"), epochs=epochs, seed=0)


def test_the_menu_has_eight_pruners_each_with_a_description() -> None:
    assert PRUNERS.names() == (*OURS[:3], "none", *OURS[3:], "wilcoxon")
    assert all(PRUNERS.describe(name).endswith(".") for name in PRUNERS.names())


def test_every_setting_of_every_pruner_has_an_allowed_default() -> None:
    settings = [item for name in PRUNERS.names() for item in hyperparameters(PRUNERS.load(name))]

    assert all(item.mistake(item.default) == "" for item in settings)
    assert len(settings) == 25


def test_the_menu_is_read_without_importing_optuna_or_torch() -> None:
    code = (
        "import sys; from nas.pruners import PRUNERS; [PRUNERS.describe(n) for n in PRUNERS.names()];"
        "[PRUNERS.load(n) for n in PRUNERS.names()]; assert not {'optuna', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("epochs", "first"), [(1, 2), (9, 2), (27, 4), (50, 8), (120, 20)])
def test_the_first_rung_is_a_sixth_of_the_epochs_and_never_the_first(epochs: int, first: int) -> None:
    assert usual_first_rung(epochs) == first


def test_asha_stops_nobody_before_a_sixth_of_the_epochs() -> None:
    pruner = made("asha", epochs=60)
    before = [pruner.report(number, epoch, -float(number)) for number in range(100) for epoch in range(1, 10)]

    assert not any(before)
    assert pruner.report(0, 10, -100.0) is False
    assert pruner.report(1, 10, -200.0) is True


def test_a_network_that_learns_slowly_at_first_outlives_the_first_rung() -> None:
    pruner = made("asha", epochs=60)
    quick = [0.5 + 0.1 * min(epoch / 5, 1.0) for epoch in range(1, 61)]
    slow = [0.2 + 0.7 * min(epoch / 15, 1.0) for epoch in range(1, 61)]  # overtakes after nine epochs

    for number in range(9):
        for epoch, value in enumerate(quick, 1):
            if pruner.report(number, epoch, value):
                break

    assert not any(pruner.report(9, epoch, value) for epoch, value in enumerate(slow, 1))


def test_asha_lets_the_best_third_pass() -> None:
    pruner = made("asha")
    values = random.Random(0).sample(range(900), 900)

    passed = sum(not pruner.report(number, 4, float(value)) for number, value in enumerate(values))

    assert 290 <= passed <= 330


def test_asha_never_lets_nan_pass() -> None:
    assert made("asha").report(0, 4, math.nan)


def test_a_report_that_comes_again_after_a_restart_is_counted_once() -> None:
    pruner = made("asha")
    pruner.report(0, 4, 0.5)
    pruner.report(0, 4, 0.5)
    pruner.report(0, 1, 0.4)

    assert [pruner.report(number, 4, 0.6) for number in (1, 2)] == [False, False]


def test_hyperband_gives_most_trials_to_the_bracket_that_stops_earliest() -> None:
    assert shares(4, 3) == [27, 12, 6, 4]


def test_a_wrong_setting_is_named_with_its_nearest_match() -> None:
    with pytest.raises(SpecError, match=r"reduction_factr.*did you mean 'reduction_factor'"):
        made("asha", reduction_factr=2)


def test_an_unknown_pruner_is_named_with_its_nearest_match() -> None:
    with pytest.raises(UnknownName, match="did you mean 'median'"):
        made("medain")


@pytest.mark.parametrize("name", OURS)
def test_a_report_costs_little_at_ten_thousand_trials(name: str) -> None:
    pruner, rng = made(name, epochs=8), random.Random(0)
    for number in range(10_000):
        for epoch in range(1, 9):
            pruner.report(number, epoch, rng.random())
        pruner.finish(number, complete=True)
    values = [rng.random() for _ in range(8)]

    started = time.process_time()
    for number in range(10_000, 10_100):
        for epoch, value in enumerate(values, 1):
            pruner.report(number, epoch, value)
    seconds = (time.process_time() - started) / 800

    assert seconds < 40e-6  # twice what is promised, for a busy machine
