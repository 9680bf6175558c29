"""Parser of expressions over dimensions and metrics, `depth > 2 -> max(width) <= 64`; nothing is executed.

Loosest first: `->`, `or`, `and`, `not`, comparisons and `in [...]` (which chain), `+ -`, `* / // %`, sign, names,
numbers (`200k`, `1.5M`), texts in quotes, `min max sum len abs`. A bare word right of `==`, `!=` or inside `[...]`
is a text unless something has that name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from search_spaces.candidate import Scalar, Value
from search_spaces.documents.numbers import NUMBER, number_of
from search_spaces.errors import SpecError, nearest
from search_spaces.expressions.nodes import (
    FUNCTIONS,
    Call,
    Comparison,
    Group,
    Literal,
    Logic,
    Name,
    Node,
    Not,
    Operation,
    Word,
    excess,
    scalar,
    walk,
    wrong,
)

LONGEST = 500
DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; two are equal if their texts are."""

    text: str
    root: Node = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Read an expression.

        Raises:
            SpecError: one problem without a path, for the caller to place.
        """
        if len(text) > LONGEST:
            raise wrong(f"an expression has at most {LONGEST} characters, got {len(text)}")
        return cls(text, _Parser(text, _tokens(text)).whole())

    @property
    def names(self) -> frozenset[str]:
        """Return the names that must be known to compute it."""
        return frozenset(node.name for node in walk(self.root) if isinstance(node, Name))

    @property
    def words(self) -> frozenset[str]:
        """Return the bare words that are names if something is called so, and texts if not."""
        return frozenset(node.word for node in walk(self.root) if isinstance(node, Word))

    def evaluate(self, values: Mapping[str, Value]) -> Scalar:
        """Compute it; SpecError if a name is unknown or a value of the wrong kind."""
        return scalar(self.root.value(values))

    def excess(self, values: Mapping[str, Value]) -> float:
        """Return how far it is from holding: ≤ 0 holds."""
        return excess(self.root, values)

    def __str__(self) -> str:
        return self.text


_TOKEN = re.compile(
    rf"\s*(?:(?P<number>{NUMBER})|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>->|<=|>=|==|!=|//|[-+*/%<>()\[\],]))"
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise _misplaced(text[start], start, text)
        kind = match.lastgroup or ""
        found.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


_BINARY = {"->": 1, "or": 2, "and": 3, "+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "in")
_NOT, _COMPARISON, _SIGN = 4, 5, 8
_RESERVED = {"and", "or", "not", "in"}


class _Parser:
    """Reads tokens by binding power (Pratt, "Top down operator precedence", 1973)."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.at, self.depth = text, tokens, 0, 0

    def whole(self) -> Node:
        node = self.expression(0)
        if self.next.kind != "end":
            raise self.unexpected()
        return node

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def next_is(self, sign: str) -> bool:
        return self.next.text == sign and self.next.kind != "text"

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, sign: str) -> None:
        if not self.next_is(sign):
            raise wrong(f"{sign!r} is missing at character {self.next.at + 1} of {self.text!r}")
        self.at += 1

    def expression(self, power: int) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise wrong(f"an expression nests at most {DEEPEST} deep: {self.text!r}")
        node = self.prefix()
        while (sign := self.infix()) and self.power(sign) > power:
            self.take()
            node = self.comparison(sign, node) if sign in _COMPARISONS else self.binary(sign, node)
        self.depth -= 1
        return node

    def infix(self) -> str:
        known = self.next.kind in ("sign", "name") and (self.next.text in _BINARY or self.next.text in _COMPARISONS)
        return self.next.text if known else ""

    @staticmethod
    def power(sign: str) -> int:
        return _COMPARISON if sign in _COMPARISONS else _BINARY[sign]

    def binary(self, sign: str, left: Node) -> Node:
        if sign == "->":  # binds to the right: a -> b -> c is a -> (b -> c)
            return Logic(sign, left, self.expression(_BINARY[sign] - 1))
        right = self.expression(_BINARY[sign])
        return Logic(sign, left, right) if sign in ("and", "or") else Operation(sign, left, right)

    def comparison(self, sign: str, left: Node) -> Node:
        right = self.operand(sign)
        node: Node = Comparison(sign, left, right)
        while (more := self.infix()) in _COMPARISONS:  # 1 <= a <= 5 is 1 <= a and a <= 5
            self.take()
            further = self.operand(more)
            node, right = Logic("and", node, Comparison(more, right, further)), further
        return node

    def operand(self, sign: str) -> Node:
        if sign == "in":
            self.expect("[")
            if self.next_is("]"):
                raise wrong(f"nothing is in [] in {self.text!r}")
            return Group(tuple(_word(item) for item in self.items("]")))
        node = self.expression(_COMPARISON)
        return _word(node) if sign in ("==", "!=") else node

    def items(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.next_is(closing):
            found.append(self.expression(0))
            if not self.next_is(closing):
                self.expect(",")
        self.expect(closing)
        return tuple(found)

    def prefix(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Literal(number_of(token.text) or 0)
        if token.kind == "text":
            return Literal(token.text[1:-1])
        if token.kind == "name" and token.text not in _RESERVED:
            return self.named(token.text)
        if token.text in ("+", "-"):
            return Operation(token.text, Literal(0), self.expression(_SIGN))
        if token.text == "not":
            return Not(self.expression(_NOT))
        if token.text == "(":
            node = self.expression(0)
            self.expect(")")
            return node
        self.at -= 1
        raise self.unexpected()

    def named(self, name: str) -> Node:
        if name in ("true", "false"):
            return Literal(name == "true")
        if not self.next_is("("):
            return Name(name)
        if name not in FUNCTIONS:
            raise wrong(f"unknown function {name!r}{nearest(name, FUNCTIONS)}")
        self.take()
        arguments = self.items(")")
        if not arguments or (name == "abs" and len(arguments) != 1):
            raise wrong(f"{name}() needs {'one argument' if name == 'abs' else 'arguments'} in {self.text!r}")
        return Call(name, arguments)

    def unexpected(self) -> SpecError:
        return _misplaced(self.next.text, self.next.at, self.text)


def _word(node: Node) -> Node:
    return Word(node.name) if isinstance(node, Name) and "." not in node.name else node


def _misplaced(sign: str, at: int, text: str) -> SpecError:
    given = f"unexpected {sign!r}" if sign else "something is missing"
    return wrong(f"{given} at character {at + 1} of {text!r}")
