"""Every pruner decides as Optuna's own on the same curves, report by report."""

import math
import random
import warnings
from collections.abc import Iterator
from typing import Any

import optuna
import pytest

from nas import pruners
from nas.config import Direction, Pruning
from nas.pruners import PRUNERS
from search_spaces.candidate import Named, Settings

EPOCHS = 27
SEED = 7

Case = tuple[str, dict[str, Any], optuna.pruners.BasePruner]


def cases() -> Iterator[Case]:
    halving, hyperband = optuna.pruners.SuccessiveHalvingPruner, optuna.pruners.HyperbandPruner
    median, percentile = optuna.pruners.MedianPruner, optuna.pruners.PercentilePruner
    threshold, patient = optuna.pruners.ThresholdPruner, optuna.pruners.PatientPruner
    yield "none", {}, optuna.pruners.NopPruner()
    yield "asha", {}, halving(min_resource=4, reduction_factor=3)  # a sixth of the epochs
    yield "asha", {"first_rung": 2}, halving(min_resource=2, reduction_factor=3)
    yield "asha", {"first_rung": 1, "reduction_factor": 2}, halving(min_resource=1, reduction_factor=2)
    yield (
        "asha",
        {"first_rung": 1, "reduction_factor": 4, "min_early_stopping_rate": 1, "bootstrap_count": 3},
        halving(min_resource=1, reduction_factor=4, min_early_stopping_rate=1, bootstrap_count=3),
    )
    yield "hyperband", {}, hyperband(min_resource=2, max_resource=EPOCHS, reduction_factor=3)
    yield (
        "hyperband",
        {"first_rung": 1, "reduction_factor": 2, "bootstrap_count": 2},
        hyperband(min_resource=1, max_resource=EPOCHS, reduction_factor=2, bootstrap_count=2),
    )
    yield "median", {}, median(n_startup_trials=5, n_warmup_steps=2)
    yield (
        "median",
        {"startup_trials": 0, "warmup_epochs": 3, "interval": 4, "min_trials": 3},
        median(n_startup_trials=0, n_warmup_steps=3, interval_steps=4, n_min_trials=3),
    )
    yield "percentile", {}, percentile(25.0, n_startup_trials=5, n_warmup_steps=2)
    yield (
        "percentile",
        {"percentile": 62.5, "startup_trials": 1, "warmup_epochs": 0, "interval": 2},
        percentile(62.5, n_startup_trials=1, n_warmup_steps=0, interval_steps=2),
    )
    yield "percentile", {"percentile": 0.0, "startup_trials": 2}, percentile(0.0, 2, 2)
    yield "percentile", {"percentile": 100.0, "startup_trials": 2}, percentile(100.0, 2, 2)
    yield (
        "threshold",
        {"lower": 0.2, "upper": 0.9, "warmup_epochs": 4, "interval": 3},
        threshold(lower=0.2, upper=0.9, n_warmup_steps=4, interval_steps=3),
    )
    yield "threshold", {"upper": 0.8}, threshold(upper=0.8)
    yield "patience", {"patience": 2}, patient(None, patience=2)
    yield "patience", {"patience": 0, "min_delta": 0.05}, patient(None, patience=0, min_delta=0.05)
    for name, wrapped in (
        ("asha", halving(min_resource=4, reduction_factor=3)),
        ("median", median(n_startup_trials=5, n_warmup_steps=2)),
        ("percentile", percentile(25.0, n_startup_trials=5, n_warmup_steps=2)),
        ("threshold", threshold(lower=-1e308, upper=1e308)),
    ):
        yield "patience", {"patience": 1, "wrapped": name}, patient(wrapped, patience=1)
    yield "wilcoxon", {}, optuna.pruners.WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)


def name_of(case: Case) -> str:
    return f"{case[0]}-{'-'.join(map(str, case[1].values()))}"


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    CASES = list(cases())


def curve(rng: random.Random, rough: bool) -> list[float]:
    """Draw a curve that saturates, noisy; a rough one has ties and NaN."""
    final, speed = rng.random(), rng.uniform(0.05, 1)
    values = [final * (1 - math.exp(-speed * epoch)) + rng.gauss(0, 0.05) for epoch in range(1, EPOCHS + 1)]
    if not rough:
        return values
    return [math.nan if rng.random() < 0.04 else round(value, 1) for value in values]


def replay(case: Case, direction: Direction, rough: bool, trials: int) -> tuple[int, int]:
    """Hold ours against Optuna's over interleaved trials; return how many reports there were and how many stops."""
    name, settings, theirs = case
    pruning = Pruning(Named(name, Settings(settings)), "accuracy", direction)
    ours = pruners.make(pruning, epochs=EPOCHS, seed=SEED)
    study = optuna.create_study(direction=direction, pruner=theirs, study_name=str(SEED))
    rng = random.Random(f"{name_of(case)} {direction} {rough}")
    running: dict[int, tuple[optuna.Trial, list[float], int]] = {}
    reports = stops = 0
    while trials or running:
        if trials and len(running) < 6:
            trial = study.ask()
            running[trial.number] = trial, curve(rng, rough), 0
            trials -= 1
        number = rng.choice(list(running))
        trial, values, epoch = running[number]
        value, epoch = values[epoch], epoch + 1
        trial.report(value, epoch)
        stop = trial.should_prune()
        assert ours.report(number, epoch, value) == stop, (number, epoch, value)
        reports, stops = reports + 1, stops + stop
        if stop and rng.random() < 0.8:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            ours.finish(number, complete=False)
        elif epoch == EPOCHS:
            complete = math.isfinite(value)
            study.tell(trial, value if complete else None, state=None if complete else optuna.trial.TrialState.FAIL)
            ours.finish(number, complete=complete)
        else:
            running[number] = trial, values, epoch
            continue
        del running[number]
    return reports, stops


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    optuna.logging.set_verbosity(before)


@pytest.mark.parametrize("rough", [False, True], ids=["smooth", "rough"])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_decides_as_optuna_does(case: Case, direction: Direction, rough: bool) -> None:
    reports, _ = replay(case, direction, rough, trials=6 if case[0] == "wilcoxon" else 120)

    assert reports > 100


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "none"], ids=name_of)
def test_the_curves_make_a_pruner_stop_some_trials(case: Case) -> None:
    reports, stops = replay(case, "minimize", rough=case[0] != "wilcoxon", trials=12 if case[0] == "wilcoxon" else 60)

    assert 0 < stops < reports


def test_every_pruner_is_held_against_optuna() -> None:
    assert {case[0] for case in CASES} == set(PRUNERS.names())
    assert len(PRUNERS.names()) == 8
