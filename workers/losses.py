"""Losses: what training minimises."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from search_spaces.errors import UnknownName
from workers.errors import TaskError
from workers.metric_names import LOSSES, Kind

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Tensor", "Tensor"], "Tensor"]


def make_loss(name: str, label_smoothing: float = 0.0) -> Loss:
    """Return the mean loss over a batch, of (outputs, targets); only cross-entropy smooths labels."""
    from torch.nn import functional

    if name == "cross_entropy":
        return lambda outputs, targets: functional.cross_entropy(outputs, targets, label_smoothing=label_smoothing)
    losses: dict[str, Loss] = {
        "mse": functional.mse_loss,
        "mae": functional.l1_loss,
        "huber": functional.huber_loss,
    }
    if name not in losses:
        raise UnknownName("loss", name, ("cross_entropy", *losses))
    return losses[name]


def choose_loss(name: str, kind: Kind) -> str:
    """Return the loss a task trains on, the usual one of its kind for an empty name.

    Raises:
        TaskError: the loss is for the other kind of task.
        UnknownName: no such loss.
    """
    if not name:
        return LOSSES[kind][0]
    if name in LOSSES[kind]:
        return name
    if name not in [loss for losses in LOSSES.values() for loss in losses]:
        raise UnknownName("loss", name, LOSSES[kind])
    raise TaskError(f"{name!r} is not for {kind} (one of: {', '.join(LOSSES[kind])})", "loss")
