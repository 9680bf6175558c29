"""Menu of export formats, and the result of an export."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from search_spaces.registry import Menu
from workers.messages import Checkpoint

MeasuredOn = Literal["validation", "test"]
"""Samples that weights were not trained on: those of validation, or of test for weights that were retrained."""

EXPORTERS = Menu("workers.exporters", "format")


@dataclass(frozen=True, slots=True)
class Member:
    """One network of an ensemble: its weights, and the seed that it was trained from."""

    checkpoint: Checkpoint
    seed: int


@dataclass(frozen=True, slots=True)
class Exported:
    """Files that were written; the first path is the network itself, the others belong to it."""

    format: str
    paths: tuple[str, ...]
    sha256: tuple[str, ...]
    """Of each path."""
    max_difference: float
    """The largest absolute difference of an output, reloaded against original, on the validation samples; where
    outputs are larger than 1, as a share of the largest, which is as exact as float32 is."""
    metrics: Mapping[str, float]
    """What the reloaded network measures on the validation samples."""
    recorded: Mapping[str, float]
    """What was measured when its training ended; of an ensemble, what it measures on the test samples."""
