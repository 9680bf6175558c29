"""A pruner that is shown again only what it says it remembers decides as one that is shown every epoch."""

import math
import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from nas import pruners
from nas.config import Pruning
from nas.policies.replay import Values, replay, values_to_replay
from nas.pruners import PRUNERS
from nas.trials import Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings

EPOCHS = 27
SEED = 11
CASES: Sequence[tuple[str, dict[str, Any]]] = [
    ("none", {}),
    ("asha", {}),
    ("asha", {"first_rung": 1, "reduction_factor": 2, "bootstrap_count": 3}),
    ("asha", {"first_rung": 2, "min_early_stopping_rate": 1}),
    ("hyperband", {}),
    ("hyperband", {"first_rung": 1, "reduction_factor": 2}),
    ("median", {}),
    ("percentile", {"percentile": 62.5, "warmup_epochs": 0, "interval": 2}),
    ("threshold", {"lower": 0.2}),
    ("patience", {"patience": 1}),
    *(("patience", {"patience": 1, "wrapped": name}) for name in ("asha", "hyperband", "median", "threshold")),
    ("wilcoxon", {}),
]


def curve(rng: random.Random) -> list[float]:
    """Draw a noisy curve; now and then it has no number."""
    final = rng.random()
    values = [final * epoch / EPOCHS + rng.gauss(0, 0.05) for epoch in range(1, EPOCHS + 1)]
    return [math.nan if rng.random() < 0.05 else round(value, 2) for value in values]


def history(count: int) -> tuple[list[Trial], dict[int, list[tuple[int, float]]]]:
    rng = random.Random(SEED)
    candidate = Candidate(Architecture("mlp"), Recipe(), 0)
    trials, curves = [], {}
    for number in range(count):
        epochs = rng.choice([1, 2, 5, 6, 7, EPOCHS, EPOCHS, EPOCHS])
        state = TrialState.COMPLETE if epochs == EPOCHS else rng.choice([TrialState.PRUNED, TrialState.FAIL])
        trials.append(Trial(number, {}, candidate, state, epochs=epochs))
        curves[number] = list(enumerate(curve(rng)[:epochs], 1))
    return trials, curves


class Record:
    """Reads values as the storage does, and counts them."""

    def __init__(self, curves: Mapping[int, Sequence[tuple[int, float]]]) -> None:
        self.curves, self.read = curves, 0

    def __call__(self, *, epochs: Collection[int] | None = None, numbers: Collection[int] | None = None) -> Values:
        found = {
            number: [point for point in points if epochs is None or point[0] in epochs]
            for number, points in self.curves.items()
            if numbers is None or number in numbers
        }
        self.read += sum(map(len, found.values()))
        return found


def decisions(pruner: pruners.Pruner, known: int) -> list[bool]:
    """Let later trials report, one after the other, to their ends."""
    rng = random.Random(SEED + 1)
    decided = []
    for number in range(known, known + 20):
        decided += [pruner.report(number, epoch, value) for epoch, value in enumerate(curve(rng), 1)]
        pruner.finish(number, complete=rng.random() < 0.5)
    return decided


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, (case[0], *case[1].values()))))
def test_decides_as_if_it_had_been_shown_everything(case: tuple[str, dict[str, Any]], direction: Any) -> None:
    pruning = Pruning(Named(case[0], Settings(case[1])), "accuracy", direction)
    whole, brief = (pruners.make(pruning, epochs=EPOCHS, seed=SEED) for _ in range(2))
    trials, curves = history(12 if case[0] == "wilcoxon" else 80)
    shown = values_to_replay(trials, brief, Record(curves))
    for trial in trials:
        replay(whole, trial, curves[trial.number])
        replay(brief, trial, shown.get(trial.number, ()))

    assert decisions(brief, len(trials)) == decisions(whole, len(trials))


def test_every_pruner_is_shown_its_memory() -> None:
    assert {case[0] for case in CASES} == set(PRUNERS.names())


def test_successive_halving_is_shown_its_rungs_alone() -> None:
    candidate = Candidate(Architecture("mlp"), Recipe(), 0)
    trials = [Trial(number, {}, candidate, TrialState.COMPLETE, epochs=20) for number in range(100)]
    record = Record({trial.number: [(epoch, 0.5) for epoch in range(1, 21)] for trial in trials})
    values_to_replay(trials, pruners.make(Pruning(Named("asha"), "accuracy"), epochs=20, seed=SEED), record)

    assert record.read == 100 * len((3, 9))
