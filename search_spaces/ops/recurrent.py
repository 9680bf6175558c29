"""One recurrent layer over a sequence: rnn (tanh), gru or lstm, forwards or in both directions."""

from dataclasses import dataclass

from search_spaces.errors import BuildError, nearest
from search_spaces.ops.protocol import Kept, Shape, sequence

GATES = {"rnn": 1, "gru": 3, "lstm": 4}


@dataclass(frozen=True, slots=True)
class Recurrent:
    """`hidden` units in each direction, their outputs side by side; the state begins at zero."""

    cell: str
    hidden: int
    bidirectional: bool = False
    init: str = "glorot"

    def output(self, shape: Shape) -> Shape:
        """Replace the features."""
        if self.cell not in GATES:
            raise BuildError(f"unknown cell {self.cell!r}{nearest(self.cell, tuple(GATES))}")
        return (sequence(shape, "a recurrent layer")[0], self.hidden * self._directions)

    def parameters(self, shape: Shape) -> int:
        """Count, for each gate, weights of input and state and a bias for each."""
        return self._directions * GATES[self.cell] * self.hidden * (shape[1] + self.hidden + 2)

    def flops(self, shape: Shape) -> int:
        """Count a multiply-add for each weight of input and state at each step."""
        return 2 * shape[0] * self._directions * GATES[self.cell] * self.hidden * (shape[1] + self.hidden)

    def kept(self, shape: Shape) -> Kept:
        """Keep what torch does on a CPU: of rnn and gru the input and each step's numbers, once for each direction."""
        time, features = shape
        if self.cell == "lstm":
            return self._lstm(time, features)
        states = (time + 1) * self.hidden if self.cell == "rnn" else 7 * time * self.hidden
        return Kept(further=self._directions * (time * features + states))

    def _lstm(self, time: int, features: int) -> Kept:
        """Keep input, output, first and last states and oneDNN's workspace, whose size was measured."""
        padded = time * _padded(self.hidden) + 6 * (time + 1) * _padded(max(features, self.hidden))
        workspace = (8 * time + 4) * self.hidden + padded
        own_output = time * self.hidden if self.bidirectional else 0  # joined to a new tensor afterwards
        further = self._directions * (workspace + 4 * self.hidden + own_output)
        return Kept(input=True, output=not self.bidirectional, further=further)

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1


def _padded(size: int) -> int:
    """Round up to whole cache lines of 16 floats."""
    return -(-size // 16) * 16
