"""A recurrent layer: for each direction rows for the input, for the state and for two biases, gate beside gate."""

from search_spaces.ops.protocol import Shape
from search_spaces.ops.recurrent import GATES
from search_spaces.ops.recurrent import Recurrent as Op
from workers.engines.native.program import PAD, Writer, padded

CROWDED = 256
"""Floats from which on rows must not be a power of two apart: they would share few lines of the cache."""


class Recurrent:
    """rnn, gru or lstm, in one direction or both."""

    @staticmethod
    def lower(op: Op, shape: Shape, name: str, writer: Writer) -> None:
        """Describe the layer and the four tensors of each direction."""
        time, features = shape
        directions = 2 if op.bidirectional else 1
        gate, width = padded(op.hidden), _width(op)
        for direction in range(directions):
            offset = writer.reserve((features + op.hidden + 2) * width)
            _direction(op, features, f"{name}cell.{{}}_l0{'_reverse' if direction else ''}", offset, writer)
        writer.layer("recurrent", GATES[op.cell], features, op.hidden, time, directions, gate, width)


def _width(op: Op) -> int:
    width = GATES[op.cell] * padded(op.hidden)
    return width + PAD if width >= CROWDED and width // PAD % 2 == 0 else width


def _direction(op: Op, features: int, name: str, offset: int, writer: Writer) -> None:
    """Describe where the tensors of one direction lie; torch stacks the gates' units, here each gate's are padded."""
    gates, hidden, gate, width = GATES[op.cell], op.hidden, padded(op.hidden), _width(op)
    for kind, count in (("ih", features), ("hh", hidden)):
        view, strides = (gates, hidden, count), (gate, 1, width)
        writer.weight(name.format(f"weight_{kind}"), (gates * hidden, count), offset, strides, view)
        offset += count * width
    for kind in ("ih", "hh"):
        writer.weight(name.format(f"bias_{kind}"), (gates * hidden,), offset, (gate, 1), (gates, hidden))
        offset += width
