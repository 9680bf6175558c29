"""Family protocol: turn hyper-parameters into a network."""

from typing import Protocol

from search_spaces.network import Network
from search_spaces.ops.protocol import Shape


class Family(Protocol):
    """A frozen dataclass whose fields are its hyper-parameters; a field sampled anew for each layer is a tuple."""

    def network(self, inputs: Shape, outputs: int) -> Network:
        """Build the network; raise BuildError, in a clear sentence, where there is none."""
        ...
