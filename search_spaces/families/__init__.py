"""Families: one file a rule that turns an architecture into a network."""

from search_spaces.candidate import Architecture, Scalar, Value
from search_spaces.errors import BuildError, UnknownName, nearest
from search_spaces.families.protocol import Family
from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.network import Network
from search_spaces.ops.protocol import Shape
from search_spaces.plain_text import quoted, shaped
from search_spaces.registry import Menu

FAMILIES = Menu("search_spaces.families", "family")


def build(architecture: Architecture, inputs: Shape, outputs: int) -> Network:
    """Turn an architecture into a network for samples of shape `inputs`.

    Raises:
        BuildError: no such network; says why.
    """
    try:
        kind = FAMILIES.load(architecture.family)
    except UnknownName as error:
        raise BuildError(str(error)) from error
    known = {item.name: item for item in hyperparameters(kind)}
    settings = {
        name: _checked(architecture.family, name, value, known) for name, value in architecture.settings.items()
    }
    if not inputs or min(inputs) < 1 or outputs < 1:
        raise BuildError(
            f"a network needs at least one input and one output, got inputs {shaped(inputs)}, outputs {outputs}"
        )
    family: Family = kind(**settings)
    return family.network(inputs, outputs).check()


def _checked(family: str, name: str, value: Value, known: dict[str, Hyperparameter]) -> Value:
    """Return a value as its field wants it: 8.0 is the whole number 8."""
    if name not in known:
        raise BuildError(f"{family} has no hyper-parameter {name!r}{nearest(name, tuple(known))}")
    if isinstance(value, tuple):
        if not known[name].each:
            raise BuildError(f"{family}.{name} needs a single value, got {quoted(value)}")
        return tuple(_single(family, name, item, known[name]) for item in value)
    return _single(family, name, value, known[name])


def _single(family: str, name: str, value: Scalar, known: Hyperparameter) -> Scalar:
    if mistake := known.mistake(value):
        raise BuildError(f"{family}.{name} {mistake}")
    return known.kind(value)
