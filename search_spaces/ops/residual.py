"""A residual connection: what the body makes of its input, plus the input itself or a shortcut's version of it."""

from dataclasses import dataclass

from search_spaces.errors import BuildError
from search_spaces.ops.protocol import Kept, Op, Shape
from search_spaces.plain_text import shaped


@dataclass(frozen=True, slots=True)
class Residual:
    """`body(x) + shortcut(x)`; an empty shortcut is the input itself."""

    body: tuple[Op, ...]
    shortcut: tuple[Op, ...] = ()

    def output(self, shape: Shape) -> Shape:
        """Return the shape both ways lead to."""
        long, short = chain(self.body, shape)[-1], chain(self.shortcut, shape)[-1]
        if long != short:
            raise BuildError(f"a residual connection cannot add shapes {shaped(long)} and {shaped(short)}")
        return long

    def parameters(self, shape: Shape) -> int:
        """Count both ways."""
        return sum(op.parameters(at) for way in (self.body, self.shortcut) for op, at in steps(way, shape))

    def flops(self, shape: Shape) -> int:
        """Count both ways."""
        return sum(op.flops(at) for way in (self.body, self.shortcut) for op, at in steps(way, shape))

    def kept(self, shape: Shape) -> Kept:
        """Keep nothing for the sum itself; its ops are counted one by one."""
        return Kept()


def chain(ops: tuple[Op, ...], shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes before, between and after ops."""
    shapes = [shape]
    for op in ops:
        shapes.append(op.output(shapes[-1]))
    return tuple(shapes)


def steps(ops: tuple[Op, ...], shape: Shape) -> list[tuple[Op, Shape]]:
    """Pair each op with the shape at its input."""
    return list(zip(ops, chain(ops, shape), strict=False))
