"""Plan of the final stage: how many candidates, fresh seeds and retrainings fit into the time that is left."""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nas.config import Final
from nas.trials import Trial

FRESH = 2
"""Fresh seeds of each candidate that is compared.

The best of n trials owes part of its lead to luck: with s the deviation between seeds, the luckiest of 64 equal trials
lies some 2 s above their mean. Fresh seeds are free of that choice. The mean of two has a deviation of 0.7 s, so that
of two candidates that are really 1.5 s apart the better one is found in more than nine of ten cases; a third seed
would cost half as much again for 0.1 s less.
"""
FORWARD = 1 / 3
"""Share of a training step that measuring as many samples takes, about."""
SLACK = 1.1
"""A plan is expected to take this much longer than its estimate."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of the final stage; `seconds` is its estimated wall time."""

    top: int
    """Candidates that are compared by fresh seeds; 1 leaves the comparison out."""
    fresh: int
    seeds: int
    """Retrainings; 0 scores the weights of the search itself."""
    linear: bool
    """Whether a linear model is trained as a baseline."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """Cost terms of a plan, beside its trials."""

    samples: tuple[int, int, int]
    """In train, validation and test."""
    workers: int
    epochs: int = 0
    """Epochs of a retraining; 0 means as many as the trial has."""
    linear: float = 0.0
    """Seconds of the linear baseline."""
    parts: int = 1
    """Epochs of the search in a pass over the train samples: the trial was measured after each."""
    start: float = 0.0
    """Seconds of a training beside its own epochs: the job, its samples, its checkpoint."""
    epoch: float = 0.0
    """Seconds of an epoch that the candidates of a cohort share, and one that trains alone does not."""


def planned(best: Sequence[Trial], final: Final, terms: Terms, *, left: float = math.inf) -> Plan:
    """Return the fullest plan for the best trials, best first, that fits in the seconds that are left.

    First the comparison is cut, then retrainings, at last the linear baseline; with none of them it is there again.
    """
    found = Plan(1, 0, 0, linear=False)
    for top, fresh, seeds, linear in _options(min(final.top, len(best)), final.seeds):
        seconds = SLACK * cost(best, terms, top=top, fresh=fresh, seeds=seeds, linear=linear)
        found = Plan(top, fresh, seeds, linear, seconds)
        if seconds <= left:
            break
    return found


def cost(
    best: Sequence[Trial], terms: Terms, *, top: int, fresh: int = FRESH, seeds: int, linear: bool = True
) -> float:
    """Estimate the wall seconds of a final stage from what its trials took in the search."""
    candidates = best[:top]
    compared = [_alone(trial.seconds, trial.epochs, terms) for trial in candidates for _ in range(fresh)]
    compared = compared if len(candidates) > 1 else []
    retraining = max((retraining_seconds(trial, terms) for trial in candidates), default=0.0)
    baseline = [terms.linear] if linear else []
    return makespan(compared, terms.workers) + makespan([*[retraining] * seeds, *baseline], terms.workers)


def retraining_seconds(trial: Trial, terms: Terms) -> float:
    """Estimate one retraining: as the trial, on more samples, perhaps for another number of epochs.

    It is measured once, at its end; the trial was after each epoch, at about a third of the price of training.
    """
    train, validation, test = terms.samples
    longer = terms.epochs / trial.epochs if terms.epochs and trial.epochs else 1.0
    epochs = max(trial.epochs, 1)
    paid = epochs * (train / terms.parts + validation * FORWARD)
    wanted = longer * epochs * (train + validation) / terms.parts + test * FORWARD
    return _alone(trial.seconds * wanted / max(paid, 1.0), round(longer * epochs), terms)


def _alone(seconds: float, epochs: int, terms: Terms) -> float:
    return seconds + terms.start + epochs * terms.epoch


def makespan(durations: Iterable[float], workers: int) -> float:
    """Return when the last of some trainings ends, each begun as soon as a worker is free, the longest first."""
    free = [0.0] * max(workers, 1)
    for duration in sorted(durations, reverse=True):
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def cuts(plan: Plan, whole: Plan) -> str:
    """Return what a plan leaves out of the whole one's comparison; retrainings may be added yet."""
    found = {
        f"the best {whole.top} are not compared by fresh seeds": plan.top < 2 <= whole.top,
        f"{plan.top} candidates are compared, not {whole.top}": 2 <= plan.top < whole.top,
        f"each candidate with {plan.fresh} fresh seed, not {whole.fresh}": 0 < plan.fresh < whole.fresh,
    }
    return ", ".join(text for text, holds in found.items() if holds)


def _options(top: int, seeds: int) -> Iterator[tuple[int, int, int, bool]]:
    """List the plans from the fullest to the barest."""
    if top > 1:
        yield from ((top, fresh, seeds, True) for fresh in range(FRESH, 0, -1))
        yield from ((fewer, 1, seeds, True) for fewer in range(top - 1, 1, -1))
    yield from ((1, 0, fewer, True) for fewer in range(seeds, 0, -1))
    yield (1, 0, min(seeds, 1), False)
    yield (1, 0, 0, True)
    yield (1, 0, 0, False)
