"""Network: ops in order with the shapes between them; its costs, its fingerprint, its drawing; no torch."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from search_spaces.errors import BuildError
from search_spaces.ops import name_of, op_from_json, op_to_json, settings_of
from search_spaces.ops.activation import Activation
from search_spaces.ops.dropout import Dropout
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.global_pool import GlobalPool
from search_spaces.ops.norm import Norm
from search_spaces.ops.pool import Pool
from search_spaces.ops.protocol import Kept, Op, Shape
from search_spaces.ops.residual import Residual, chain, steps
from search_spaces.ops.rows import Rows
from search_spaces.ops.sequence_pool import SequencePool
from search_spaces.plain_text import plain, shaped

__all__ = ["Network", "Op", "Shape", "canonical"]

FLOAT_BYTES = 4
SIZES = ("parameters", "flops", "memory")
"""What is known of a network before it is trained, by the names of its properties; each can be limited."""


@dataclass(frozen=True, slots=True)
class Network:
    """Layers that turn one sample of shape `inputs` into `outputs` numbers."""

    inputs: Shape
    outputs: int
    ops: tuple[Op, ...]

    def check(self) -> "Network":
        """Return itself; raise BuildError unless the shapes fit from end to end."""
        if self.shapes[-1] != (self.outputs,):
            raise BuildError(f"the network ends in shape {shaped(self.shapes[-1])}, the task needs {self.outputs}")
        return self

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Return the shape of one sample before the first op and after each."""
        return chain(self.ops, self.inputs)

    @property
    def parameters(self) -> int:
        """Count the trained numbers."""
        return sum(op.parameters(shape) for op, shape in steps(self.ops, self.inputs))

    @property
    def flops(self) -> int:
        """Count the operations of one sample's forward pass as torch's counter does.

        Products of matrices, convolutions and recurrent layers, a multiply-add as 2; element by element is free.
        """
        return sum(op.flops(shape) for op, shape in steps(self.ops, self.inputs))

    @property
    def sizes(self) -> dict[str, int]:
        """Return all of `SIZES` by their names."""
        return {name: getattr(self, name) for name in SIZES}

    @property
    def memory(self) -> int:
        """Count the bytes of float32 activations that one sample's backward pass needs.

        Each tensor that some op needs is counted once, the sample itself too; so are masks and indices (`Op.kept`).
        """
        tape = _Tape()
        tape.walk(self.ops, self.inputs, tape.tensor(self.inputs))
        return FLOAT_BYTES * tape.floats

    @property
    def fingerprint(self) -> str:
        """Return the sha256 of the layers and shapes: equal for networks that are the same layers."""
        layers = [[op_to_json(op), list(op.output(at))] for op, at in canonical(self.ops, self.inputs)]
        text = json.dumps([list(self.inputs), self.outputs, layers], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"inputs": list(self.inputs), "outputs": self.outputs, "ops": [op_to_json(op) for op in self.ops]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Network":
        """Undo `to_json`."""
        ops = tuple(op_from_json(op) for op in document["ops"])
        return cls(tuple(document["inputs"]), document["outputs"], ops)

    def describe(self) -> str:
        """Draw it: a line for each op with its output's shape and its parameters."""
        return "\n".join([f"input {shaped(self.inputs)}", *_lines(self.ops, self.inputs, "")])


def canonical(ops: tuple[Op, ...], shape: Shape) -> list[tuple[Op, Shape]]:
    """Leave out ops that do nothing and write equal ops in one way; each with the shape at its input."""
    return [(_canonical(op, at), at) for op, at in steps(ops, shape) if not _idle(op, at)]


def _idle(op: Op, shape: Shape) -> bool:
    if isinstance(op, Flatten):
        return len(shape) == 1
    if isinstance(op, Rows):
        return len(shape) == 2
    return (isinstance(op, Dropout) and op.p == 0) or (isinstance(op, Pool) and op.size == 1)


def _canonical(op: Op, shape: Shape) -> Op:
    if isinstance(op, Residual):
        body, shortcut = (tuple(inner for inner, _ in canonical(way, shape)) for way in (op.body, op.shortcut))
        return Residual(body, shortcut)
    if isinstance(op, Norm):  # one group is all channels or features
        return op if op.kind == "group" and op.groups > 1 else Norm("layer" if op.kind == "group" else op.kind)
    if isinstance(op, GlobalPool) and shape[1:] == (1, 1):
        return Flatten()
    return SequencePool("last") if isinstance(op, SequencePool) and shape[0] == 1 else op


class _Tape:
    """Counts the floats of tensors that are kept, each once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.kept: set[int] = set()
        self.further = 0

    @property
    def floats(self) -> int:
        return self.further + sum(self.sizes[tensor] for tensor in self.kept)

    def tensor(self, shape: Shape) -> int:
        self.sizes.append(prod(shape))
        return len(self.sizes) - 1

    def walk(self, ops: tuple[Op, ...], shape: Shape, tensor: int) -> int:
        for op, at in steps(ops, shape):
            if isinstance(op, Residual):
                self.walk(op.body, at, tensor)
                self.walk(op.shortcut, at, tensor)
            tensor = self.step(op.kept(at), tensor, op.output(at))
        return tensor

    def step(self, kept: Kept, before: int, shape: Shape) -> int:
        after = before if kept.view else self.tensor(shape)
        self.kept |= {before} if kept.input else set()
        self.kept |= {after} if kept.output else set()
        self.further += kept.further
        return after


def _lines(ops: tuple[Op, ...], shape: Shape, indent: str) -> Iterator[str]:
    for op, at in steps(ops, shape):
        parameters = op.parameters(at)
        count = f"  {parameters:,} parameters" if parameters else ""
        yield f"{indent}{_title(op)} → {shaped(op.output(at))}{count}"
        if isinstance(op, Residual):
            yield from _lines(op.body, at, indent + "  ")
            if op.shortcut:
                yield f"{indent}  shortcut"
                yield from _lines(op.shortcut, at, indent + "    ")


def _title(op: Op) -> str:
    if isinstance(op, Activation):
        return op.kind
    settings = {key: value for key, value in settings_of(op).items() if not isinstance(value, tuple)}
    told = {key: f"{value:.3g}" if isinstance(value, float) else plain(value) for key, value in settings.items()}
    return " ".join([name_of(op), *(f"{key}={value}" for key, value in told.items())])
