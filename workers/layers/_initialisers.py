"""Initialisers: how the weights of a layer are drawn, each from a generator of its own."""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

Initialiser = Callable[[Tensor, Generator], object]

INCOMING = 15
"""Non-zero weights into each unit under `sparse`."""


def initialise(weight: Tensor, name: str, generator: Generator) -> None:
    """Fill a weight in place; its first dimension counts the outputs, the others what each sees."""
    with torch.no_grad():
        INITIALISERS[name](weight, generator)


def _normal(weight: Tensor, generator: Generator) -> Tensor:
    """Draw with variance 1 / inputs (LeCun et al. 1998)."""
    return nn.init.normal_(weight, std=1.0 / math.sqrt(_inputs(weight)), generator=generator)


def _uniform(weight: Tensor, generator: Generator) -> Tensor:
    """Draw within ±1 / √inputs, as torch does where nobody says."""
    bound = 1.0 / math.sqrt(_inputs(weight))
    return nn.init.uniform_(weight, -bound, bound, generator=generator)


def _glorot(weight: Tensor, generator: Generator) -> Tensor:
    """Draw within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010)."""
    return nn.init.xavier_uniform_(weight, generator=generator)


def _he(weight: Tensor, generator: Generator) -> Tensor:
    """Draw with variance 2 / inputs (He et al. 2015)."""
    return nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


def _orthogonal(weight: Tensor, generator: Generator) -> Tensor:
    """Draw rows, or columns, that are orthonormal (Saxe et al. 2014)."""
    return nn.init.orthogonal_(weight, generator=generator)


def _sparse(weight: Tensor, generator: Generator) -> None:
    """Draw at most 15 non-zero weights into each unit (Martens 2010), with variance 2 / their number."""
    rows = weight.view(len(weight), -1)
    count = min(INCOMING, rows.shape[1])
    kept = torch.rand(rows.shape, generator=generator).argsort(dim=1)[:, :count]  # (outputs, count)
    drawn = torch.randn(kept.shape, generator=generator) * math.sqrt(2.0 / count)
    rows.zero_().scatter_(1, kept, drawn)


def _inputs(weight: Tensor) -> int:
    return weight[0].numel()


INITIALISERS: dict[str, Initialiser] = {
    "normal": _normal,
    "uniform": _uniform,
    "glorot": _glorot,
    "he": _he,
    "orthogonal": _orthogonal,
    "sparse": _sparse,
}
