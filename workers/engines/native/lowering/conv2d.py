"""A convolution: weights [channel in][kernel row][kernel column][channel out] without gaps, then the bias."""

from search_spaces.ops.conv2d import Conv2d as Op
from search_spaces.ops.protocol import Shape
from workers.engines.native.program import Writer, padded


class Conv2d:
    """Any kernel and stride; the borders are loop bounds."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer and its two tensors."""
        channels, kernel, outputs = shape[0], op.kernel, op.channels
        count = padded(channels * kernel**2 * outputs)
        offset = writer.reserve(count + (padded(outputs) if op.bias else 0))
        strides = (1, kernel**2 * outputs, kernel * outputs, outputs)
        writer.weight(f"{name}weight", (outputs, channels, kernel, kernel), offset, strides)
        if op.bias:
            writer.weight(f"{name}bias", (outputs,), offset + count, (1,))
        writer.layer("conv2d", *shape, outputs, kernel, op.stride, op.bias)
