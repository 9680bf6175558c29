"""One recurrent layer over a sequence: rnn, gru or lstm, in one direction or both."""

from collections.abc import Callable

from torch import Generator, Tensor, nn

from search_spaces.ops.recurrent import Recurrent as Op
from workers.layers._initialisers import initialise
from workers.messages import Shape


class Recurrence(nn.Module):
    """The output of a recurrent cell at every step."""

    def __init__(self, cell: nn.RNNBase) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (batch, time, features) to (batch, time, hidden × directions)."""
        outputs: Tensor = self.cell(inputs)[0]
        return outputs


CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


class Recurrent:
    """torch's RNN (tanh), GRU or LSTM; weights are drawn gate by gate, biases begin at zero."""

    modules = (Recurrence,)

    @staticmethod
    def build(op: Op, shape: Shape, generator: Generator) -> nn.Module:
        """Return an initialised recurrent layer."""
        made = CELLS[op.cell]
        cell = made(shape[-1], op.hidden, batch_first=True, bidirectional=op.bidirectional)
        for name, parameter in cell.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
                continue
            for gate in parameter.detach().chunk(GATES[op.cell]):
                initialise(gate, op.init, generator)
        return Recurrence(cell)

    @staticmethod
    def source(op: Op, shape: Shape) -> str:
        """Return its expression."""
        both = ", bidirectional=True" if op.bidirectional else ""
        return f"Recurrence(nn.{op.cell.upper()}({shape[-1]}, {op.hidden}, batch_first=True{both}))"
