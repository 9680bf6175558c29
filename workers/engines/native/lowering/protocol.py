"""What every lowering does: describe one op to C++, and say where its tensors lie."""

from typing import TYPE_CHECKING, Protocol

from search_spaces.ops.protocol import Op, Shape

if TYPE_CHECKING:
    from workers.engines.native.program import Writer


class Lowering(Protocol):
    """One static function, which raises `Uncovered` where C++ has no such layer."""

    def lower(self, op: Op, shape: Shape, name: str, writer: "Writer") -> None:
        """Write down the op for samples of this shape; its tensors' names begin with `name`."""
        ...
