"""Linear: weights [in][out padded], then the bias."""

from math import prod

from search_spaces.ops.linear import Linear as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer, padded


class Linear:
    """On the last dimension; each vector before it is a step of its own."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe it."""
        inputs, width = shape[-1], padded(op.features)
        at = writer.reserve((inputs + op.bias) * width)
        writer.weight(f"{name}weight", (op.features, inputs), at, (1, width))
        if op.bias:
            writer.weight(f"{name}bias", (op.features,), at + inputs * width, (1,))
        writer.layer("linear", inputs, op.features, op.bias, prod(shape[:-1]))
