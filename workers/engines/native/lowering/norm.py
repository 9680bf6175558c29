"""Batch, layer and group normalisation: scale, then shift, each padded."""

from math import prod

from search_spaces.ops.norm import Norm as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer, padded


class Norm:
    """Over channels of an image, over features of a vector or of each step of a sequence."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it; batch normalisation keeps running means."""
        outer, channels, inner = _shape(shape)
        name = f"{name}norm." if len(shape) == 2 else name
        width = padded(channels)
        at = writer.reserve(2 * width)
        writer.weight(f"{name}weight", (channels,), at, (1,))
        writer.weight(f"{name}bias", (channels,), at + width, (1,))
        if op.kind == "batch":
            writer.buffer(f"{name}running_mean", channels)
            writer.buffer(f"{name}running_var", channels)
            writer.counters.append(f"{name}num_batches_tracked")
        writer.layer("norm", _block(op, channels * inner), outer, channels, inner)


def _shape(shape: Shape) -> Shape:
    """Return (outer, channels, inner) of a sample."""
    if len(shape) == 3:
        return 1, shape[0], prod(shape[1:])
    return prod(shape[:-1]), shape[-1], 1


def _block(op: Op, floats: int) -> int:
    """Return how many neighbouring floats are normalised together; 0 for those of the batch."""
    return {"batch": 0, "layer": floats, "group": floats // op.groups}[op.kind]
