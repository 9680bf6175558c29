"""Splits: which samples are for training, validation and the test; seeded, stratified by class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search_spaces.documents.quantities import counted
from workers.errors import TaskError
from workers.messages import Split
from workers.tasks.protocol import Samples

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Indices of samples, sorted, disjoint, together all of them."""

    train: Indices
    validation: Indices
    test: Indices


def divide(samples: Samples, split: Split) -> Parts:
    """Draw the parts that did not come with the samples; the shares are of the samples left to draw from.

    Raises:
        TaskError: too few samples, or too few of a class, to have some in each part.
    """
    shares = {
        "validation": 0.0 if samples.validation is not None else _share("validation", split.validation),
        "test": 0.0 if samples.test is not None else _share("test", split.test),
    }
    if sum(shares.values()) >= 1:
        told = f"validation {split.validation:g} + test {split.test:g} leave nothing to train on"
        raise TaskError(told, "split")
    given = [part for part in (samples.validation, samples.test) if part is not None]
    free = np.setdiff1d(np.arange(len(samples.targets)), np.concatenate(given) if given else [])
    generator = np.random.default_rng(split.seed)
    drawn = [_draw(group, shares, generator, name) for name, group in _strata(samples, free)]
    train, validation, test = (np.sort(np.concatenate(part)).astype(np.int64) for part in zip(*drawn, strict=True))
    return Parts(
        train,
        validation if samples.validation is None else np.sort(samples.validation),
        test if samples.test is None else np.sort(samples.test),
    )


def _share(part: str, share: float) -> float:
    if not 0 < share < 1:
        raise TaskError(f"needs a share above 0 and below 1, got {share!r}", f"split.{part}")
    return share


def _strata(samples: Samples, free: Indices) -> list[tuple[str, Indices]]:
    """Group the samples to draw from by class, or all in one; with what an error calls each group."""
    if samples.kind == "regression":
        return [("there are", free)]
    targets = samples.targets[free]
    return [(f"class {name!r} has", free[targets == number]) for number, name in enumerate(samples.classes)]


def _draw(group: Indices, shares: dict[str, float], generator: np.random.Generator, name: str) -> list[Indices]:
    """Return train, validation and test of one group: each share is rounded, but at least one sample."""
    shuffled = generator.permutation(group)
    counts = [max(1, round(share * len(group))) if share else 0 for share in shares.values()]
    needed = 1 + sum(share > 0 for share in shares.values())
    if len(group) < needed or sum(counts) >= len(group):
        had = counted(len(group), "sample")
        raise TaskError(f"{name} {had}: too few to have some in each of {needed} parts of the split")
    test_from = counts[0] + counts[1]
    return [shuffled[test_from:], shuffled[: counts[0]], shuffled[counts[0] : test_from]]
