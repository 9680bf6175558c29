"""Reader of a study's document: section by section into a `StudyConfig`."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nas.config import USUAL_STORAGE, Artifacts, Budget, Final, StudyConfig
from nas.executors import EXECUTORS
from nas.samplers import SAMPLERS
from nas.study_file.menus import MenuChoice, choice_of, default, read_named
from nas.study_file.name import ALLOWED, PATTERN, better_name
from nas.study_file.objectives import read_constraints, read_objectives, read_pruning
from nas.study_file.sections import (
    MOST,
    SEED,
    read_artifacts,
    read_budget,
    read_final,
    read_seconds,
    read_split,
    read_storage,
)
from search_spaces.candidate import Named, Settings
from search_spaces.documents.cursor import Cursor
from search_spaces.documents.nodes import MapNode, ScalarNode
from search_spaces.documents.parser import plain_scalar
from search_spaces.errors import nearest
from search_spaces.space import Limits, SearchSpace
from search_spaces.space_file.load import read_limits, read_space
from workers.messages import Split, TaskSpec
from workers.metric_names import LOSSES
from workers.tasks import TASKS

REQUIRED = ("name", "task", "space")
KEYS = (
    *("name", "task", "split", "loss", "space", "objective", "objectives", "constraints", "limits", "sampler"),
    *("pruner", "budget", "training", "final", "executor", "storage", "artifacts", "seed"),
)
USUAL_CHECKPOINT_SECONDS = 5.0
USUAL_EPOCH_SAMPLES = 20_000


def read_study(cursor: Cursor, base: Path) -> StudyConfig | None:
    """Read a study, reporting every mistake; None if there were any that leave no study. Paths start at `base`."""
    fields = cursor.fields(KEYS, "a study: a mapping with name, task and space")
    if not isinstance(cursor.node, MapNode):
        return None
    for key in REQUIRED:
        if key not in fields:
            cursor.mistake(f"{key} is missing", f"a study needs {', '.join(REQUIRED)}")
    return _config(fields, base)


def _config(fields: Mapping[str, Cursor], base: Path) -> StudyConfig | None:
    name, task, space = _name(fields.get("name")), _task(fields, base), _space(fields)
    objectives = read_objectives(fields.get("objective"), fields.get("objectives"))
    parts = {
        "constraints": read_constraints(fields["constraints"]) if "constraints" in fields else (),
        "sampler": _named(fields.get("sampler"), choice_of(SAMPLERS), "tpe"),
        "pruning": read_pruning(fields.get("pruner"), objectives),
        "budget": read_budget(fields["budget"]) if "budget" in fields else Budget(),
        "final": read_final(fields["final"]) if "final" in fields else Final(),
        "executor": _named(fields.get("executor"), choice_of(EXECUTORS), "process"),
        "storage": read_storage(fields["storage"]) if "storage" in fields else USUAL_STORAGE,
        "artifacts": read_artifacts(fields["artifacts"]) if "artifacts" in fields else Artifacts(),
        **(_training(fields["training"]) if "training" in fields else {}),
        "seed": fields["seed"].integer(0, 0, SEED) if "seed" in fields else 0,
    }
    return StudyConfig(name, task, space, objectives, **parts) if task and space else None  # type: ignore[arg-type]


def _name(cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    name = cursor.text()
    is_text = isinstance(cursor.node, ScalarNode) and isinstance(cursor.node.value, str)
    if is_text and not PATTERN.fullmatch(name):  # what is no text has been reported
        cursor.wrong(ALLOWED, better_name(name))
    return name


def _task(fields: Mapping[str, Cursor], base: Path) -> TaskSpec | None:
    split = read_split(fields["split"]) if "split" in fields else Split()
    losses = [loss for allowed in LOSSES.values() for loss in allowed]
    loss = fields["loss"].name(losses, "loss") if "loss" in fields else ""
    if "task" not in fields:
        return None
    offer = choice_of(TASKS, "samples of your own are given with csv, a table, or npz, arrays")
    named = read_named(fields["task"], offer)
    return TaskSpec(_with_files(named, offer, fields["task"], base), split, loss) if named else None


def _with_files(named: Named, offer: MenuChoice, cursor: Cursor, base: Path) -> Named:
    """Make the paths of files start at the study file; report those that are not there."""
    changed: dict[str, str] = {}
    below = cursor.entries()[named.name].entries() if isinstance(cursor.node, MapNode) else {}
    for hyper in offer.settings(named.name):
        given = named.settings[hyper.name]
        if hyper.is_file and isinstance(given, str) and given:
            changed[hyper.name] = _file(below[hyper.name], given, base)
    return Named(named.name, Settings({**named.settings, **changed}))


def _file(cursor: Cursor, given: str, base: Path) -> str:
    try:
        file = base / Path(given).expanduser()
        if file.is_dir():
            cursor.mistake(f"is a folder, not a file: {given!r}")
        elif not file.is_file():
            beside = tuple(sorted(other.name for other in file.parent.iterdir())) if file.parent.is_dir() else ()
            close = nearest(file.name, beside)
            cursor.mistake(f"no such file: {given!r}{close if 'did you mean' in close else ''}")
    except (OSError, ValueError, RuntimeError) as error:
        cursor.mistake(f"cannot be read: {given!r}: {error}")
        return given
    return os.path.abspath(file)


def _space(fields: Mapping[str, Cursor]) -> SearchSpace | None:
    written = fields.get("space")
    space = read_space(written) if written and not _refused(written) else None
    limits = read_limits(fields["limits"]) if "limits" in fields else Limits()
    if space is None:
        return None
    given = {name: limit for name, limit in limits.to_json().items() if limit}
    return replace(space, limits=replace(space.limits, **given))


def _refused(cursor: Cursor) -> bool:
    """Return whether this is the name of a space that could not be found, which has been reported."""
    node = cursor.node
    return isinstance(node, ScalarNode) and node.value is None and plain_scalar(node.raw) is not None


def _named(cursor: Cursor | None, offer: MenuChoice, usual: str) -> Named:
    found = read_named(cursor, offer) if cursor else None
    return found or default(offer, usual)


def _training(cursor: Cursor) -> dict[str, float]:
    """Return what is said of training; all else is as usual."""
    fields = cursor.fields(("checkpoint_seconds", "epoch_samples"))
    said: dict[str, float] = {}
    if "checkpoint_seconds" in fields:
        said["checkpoint_seconds"] = read_seconds(fields["checkpoint_seconds"], USUAL_CHECKPOINT_SECONDS)
    if "epoch_samples" in fields:
        said["epoch_samples"] = fields["epoch_samples"].integer(USUAL_EPOCH_SAMPLES, 0, MOST)
    return said
