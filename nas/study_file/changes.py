"""Differences between two definitions of a study, by paths of the study file, and which are allowed on resume."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from nas.config import Objective, StudyConfig
from nas.redaction import redacted
from search_spaces.candidate import Named
from search_spaces.space import SearchSpace
from search_spaces.space.recipes import MENUS

IDLE = ("storage", "executor", "training")
"""Sections of which a change asks for nothing more to be done."""

SAFE = ("budget", "executor", "storage", "artifacts", "final", "training.checkpoint_seconds")
"""What may change between two runs of a study; everything else makes it another search."""
UNSAFE = ("budget.epochs",)
"""What may not change inside a section that may: values after other numbers of epochs cannot be compared."""

Said = Iterator[tuple[str, object]]
"""What a definition says, each value with its path in the study file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs: its path in the study file, and whether a study on record may go on with it."""

    path: str
    safe: bool


def difference(old: StudyConfig, new: StudyConfig) -> tuple[Change, ...]:
    """List what differs, in the order of the study file, by paths as `nas check` writes the two.

    Objectives, the pruner's metric and the epochs that one of the two leaves open are no difference. Where another
    entry of a menu is chosen, such as another sampler, its settings are not named besides.
    """
    before, after = dict(_said(_filled(old, new))), dict(_said(_filled(new, old)))
    paths = dict.fromkeys((*before, *after))
    changed = [path for path in paths if path not in before or path not in after or before[path] != after[path]]
    pairs = {path: (before.get(path), after.get(path)) for path in changed}
    return tuple(
        Change(path, safe(path) or _is_moved_file(path, *pairs[path]))
        for path in _telling(pairs)
        if not any(path.startswith(f"{above}.") for above in pairs)
    )


def as_begun(config: StudyConfig, begun: StudyConfig) -> StudyConfig:
    """Return a definition with the epochs of the study on record, where it leaves them open."""
    epochs = config.budget.epochs or begun.budget.epochs
    return replace(config, budget=replace(config.budget, epochs=epochs))


def safe(path: str) -> bool:
    """Return whether a study on record may go on with another value at this path."""
    return path not in UNSAFE and any(f"{path}.".startswith(f"{section}.") for section in SAFE)


def _filled(config: StudyConfig, other: StudyConfig) -> StudyConfig:
    """Fill in what the other says of what is left open: objectives and epochs."""
    return replace(as_begun(config, other), objectives=config.objectives or other.objectives)


def _is_moved_file(path: str, before: object, after: object) -> bool:
    """Return whether a setting of the task is a file's path, which may move: samples are compared by their hash."""
    paths = all(isinstance(value, str) and os.path.isabs(value) for value in (before, after))
    return paths and path.startswith("task.")


def _telling(pairs: Mapping[str, tuple[object, object]]) -> list[str]:
    """Leave out what follows from another change of the space, which is named: more layers from a greater depth."""
    following = {path for path, pair in pairs.items() if _more_layers(*pair)}
    leading = any(path.startswith("space.") for path in pairs if path not in following)
    return [path for path in pairs if not (leading and path in following)]


def _more_layers(before: object, after: object) -> bool:
    """Return whether each layer has what it had, and only how many there are has changed, with another depth."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return False
    return {*map(repr, before.values())} == {*map(repr, after.values())}


def _said(config: StudyConfig) -> Said:
    """Yield every value of a definition with its path, in the order of the study file.

    The study's own place among the artifacts is the record's, and in no file.
    """
    yield "name", config.name
    yield from _named("task", config.task.task)
    yield from _section("split", asdict(config.task.split))
    yield "loss", config.task.loss
    yield from _space(config.space)
    yield "objectives" if len(config.objectives) > 1 else "objective", config.objectives
    yield "constraints", [constraint.text for constraint in config.constraints]
    yield from _named("sampler", config.sampler)
    yield from _named("pruner", config.pruning.pruner)
    yield "pruner.metric", _compared(config)
    budget = asdict(config.budget)
    yield from _section("budget", {"time" if name == "seconds" else name: value for name, value in budget.items()})
    yield "training.checkpoint_seconds", config.checkpoint_seconds
    yield "training.epoch_samples", config.epoch_samples
    yield from _section("final", asdict(config.final))
    yield from _named("executor", config.executor)
    yield "storage", redacted(config.storage)
    yield from _section("artifacts", asdict(replace(config.artifacts, place="")))
    yield "seed", config.seed


def _section(path: str, values: Mapping[str, object]) -> Said:
    for name, value in values.items():
        yield f"{path}.{name}", value


def _named(path: str, named: Named) -> Said:
    yield path, named.name
    yield from _section(f"{path}.{named.name}", named.settings)


def _compared(config: StudyConfig) -> object:
    """Return the metric that the pruner compares with its direction, None where that is what is optimised."""
    pruning, objectives = config.pruning, config.objectives
    compared = Objective(pruning.metric, pruning.direction)
    return None if not pruning.metric or objectives == (compared,) else compared


def _space(space: SearchSpace) -> Said:
    """Yield what a space says; what is sampled for each layer is one value, a mapping by flat names."""
    yield "space.name", space.name
    yield "space.family", space.family
    values: dict[str, dict[str, object]] = {}
    for name in (*space.dimensions, *space.fixed):
        dimension = space.dimensions.get(name)
        value = dimension.to_json() if dimension is not None else space.fixed[name]
        values.setdefault(_written_at(space, name), {})[name] = value
    yield from _section("space", values)
    yield "space.constraints", [constraint.text for constraint in space.constraints]
    yield from _section("space.limits", space.limits.to_json())


def _written_at(space: SearchSpace, name: str) -> str:
    """Return where a space's document has what is flatly called `width.0` or `optimizer.sgd.lr`."""
    head, _, rest = name.partition(".")
    if head not in MENUS or not rest:
        return head
    conditional = head in space.dimensions and space.dimensions[head].when is not None
    return f"{head}.choice.{rest}" if conditional else name
