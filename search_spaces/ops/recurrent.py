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
        """Keep input, output and, at each step, the gates; an lstm's cell state, a gru's candidate state too."""
        inner = GATES[self.cell] + (self.cell != "rnn")
        return Kept(input=True, output=True, further=shape[0] * self._directions * inner * self.hidden)

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1
