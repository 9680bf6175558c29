"""Convolutions over an image: stages of blocks, each stage with its channels and kernel, pooled, then a head."""

from dataclasses import dataclass

from search_spaces.errors import BuildError
from search_spaces.families._parts import (
    ACTIVATION_OPTIONS,
    INIT_OPTIONS,
    NORM_OPTIONS,
    activated,
    at,
    dropped,
    widened,
)
from search_spaces.hyperparameters import flag, integer, number, option
from search_spaces.network import Network
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.global_pool import GlobalPool
from search_spaces.ops.linear import Linear
from search_spaces.ops.pool import POOLS, Pool
from search_spaces.ops.protocol import Op, Shape
from search_spaces.ops.residual import Residual


@dataclass(frozen=True, slots=True)
class Cnn:
    """`stages` of `blocks`, each convolution → norm → activation → dropout; each stage ends with its pooling.

    With `residual` each block adds its input to its output, through a 1×1 convolution where the channels differ.
    A pooling that the image is too small for makes the candidate impossible.
    """

    stages: int = integer(2, "stages", low=1, high=8)
    blocks: int | tuple[int, ...] = integer(1, "convolutions of a stage", low=1, high=16, each="stages")
    channels: int | tuple[int, ...] = integer(16, "channels of a stage", low=1, high=4096, each="stages")
    kernel: int | tuple[int, ...] = integer(3, "side of the kernel; odd", low=1, high=15, each="stages")
    pooling: str | tuple[str, ...] = option("max", "halving at a stage's end", ("none", *POOLS), each="stages")
    residual: bool = flag(False, "add each block's input to its output")
    activation: str | tuple[str, ...] = option("relu", "non-linearity of a stage", ACTIVATION_OPTIONS, each="stages")
    norm: str = option("none", "normalisation before each activation", NORM_OPTIONS)
    groups: int = integer(8, "groups of a group norm; the largest divisor not above it", low=1, when=("norm", "group"))
    dropout: float | tuple[float, ...] = number(0.0, "share zeroed in training", low=0, high=0.95, each="stages")
    head: str = option("average", "from image to vector", ("average", "max", "flatten"))
    dense: int = integer(0, "features of a hidden layer before the outputs; 0 for none", low=0, high=65536)
    init: str = option("he", "initial weights", INIT_OPTIONS)

    def network(self, inputs: Shape, outputs: int) -> Network:
        """Build the network for images."""
        if len(inputs) != 3:
            raise BuildError(f"cnn needs images (channels, height, width), the task has {_instead(inputs)}")
        ops: list[Op] = []
        channels = inputs[0]
        for stage in range(self.stages):
            ops += self._stage(stage, channels)
            channels = at(self.channels, stage, "channels")
        return Network(inputs, outputs, (*ops, *self._head(), Linear(outputs, init=self.init)))

    def _stage(self, stage: int, before: int) -> list[Op]:
        channels, pooling = at(self.channels, stage, "channels"), at(self.pooling, stage, "pooling")
        ops: list[Op] = []
        for block in range(at(self.blocks, stage, "blocks")):
            ops += self._block(stage, channels if block else before)
        return ops if pooling == "none" else [*ops, Pool(pooling)]

    def _block(self, stage: int, before: int) -> list[Op]:
        channels, kernel = at(self.channels, stage, "channels"), at(self.kernel, stage, "kernel")
        if kernel % 2 == 0:
            raise BuildError(f"cnn needs odd kernels, got {kernel} in stage {stage + 1}")
        kind, wide = (
            at(self.activation, stage, "activation"),
            widened(channels, at(self.activation, stage, "activation")),
        )
        convolution = Conv2d(wide, kernel, bias=self.norm == "none", init=self.init)
        body = [
            convolution,
            *activated(wide, kind, self.norm, self.groups),
            *dropped(at(self.dropout, stage, "dropout")),
        ]
        if not self.residual:
            return body
        shortcut = () if before == channels else (Conv2d(channels, 1, init=self.init),)
        return [Residual(tuple(body), shortcut)]

    def _head(self) -> list[Op]:
        kind = at(self.activation, self.stages - 1, "activation")
        ops: list[Op] = [Flatten()] if self.head == "flatten" else [GlobalPool(self.head)]
        if not self.dense:
            return ops
        wide = widened(self.dense, kind)
        return [
            *ops,
            Linear(wide, bias=self.norm == "none", init=self.init),
            *activated(wide, kind, self.norm, self.groups),
        ]


def _instead(inputs: Shape) -> str:
    """Return what the samples are, and what to do."""
    shape = "×".join(map(str, inputs))
    if len(inputs) == 1:
        noun = "number" if inputs == (1,) else "numbers"
        return f"samples of {shape} {noun}; use a space of the family mlp"
    if len(inputs) == 2:
        return (
            f"sequences of shape {shape} (time, features); if they are grey images, say layout: NHW (task npz), "
            "else use a space of the family recurrent or mlp"
        )
    return f"samples of shape {shape}"
