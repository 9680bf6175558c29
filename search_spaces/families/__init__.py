"""Families: one file a rule that turns an architecture into a network."""

from search_spaces.candidate import Architecture, Value
from search_spaces.errors import BuildError, UnknownName, nearest
from search_spaces.families.protocol import Family
from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.network import Network
from search_spaces.ops.protocol import Shape
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
    for name, value in architecture.settings.items():
        _check(architecture.family, name, value, known)
    if not inputs or min(inputs) < 1 or outputs < 1:
        raise BuildError(f"a network needs at least one input and one output, got inputs {inputs}, outputs {outputs}")
    family: Family = kind(**architecture.settings)
    return family.network(inputs, outputs).check()


def _check(family: str, name: str, value: Value, known: dict[str, Hyperparameter]) -> None:
    if name not in known:
        raise BuildError(f"{family} has no hyper-parameter {name!r}{nearest(name, tuple(known))}")
    if isinstance(value, tuple) and not known[name].each:
        raise BuildError(f"{family}.{name} needs a single value, got {value!r}")
    for item in value if isinstance(value, tuple) else (value,):
        if mistake := known[name].mistake(item):
            raise BuildError(f"{family}.{name} {mistake}")
