"""Encoding: trials, curves and documents as columns, and back.

JSON has no NaN and no infinity. A number that is one is stored deliberately as text: in metrics and values, where
every value is a number, as "NaN", "Infinity" and "-Infinity"; in a document, where text is text, as {"$number": "NaN"}.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from nas.storage.records import Artifact, Json
from nas.trials import Point, Standing, Trial, TrialState, kept
from search_spaces.candidate import Candidate
from workers.messages import Checkpoint, Column, TaskInfo

Row = dict[str, Any]

_plain = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode
_ascii = json.JSONEncoder(allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode
_load = json.JSONDecoder().decode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LONGEST = 10_000
"""Characters of an error or a path that are stored."""
STANDING = (
    *("number", "state", "reason", "results", "constraints"),
    *("epochs", "engine", "parameters", "flops", "seconds"),
)
"""The columns that a `Standing` is read from, in the order of its fields."""
_STATES = {state.value: state for state in TrialState}


def storable(text: str, longest: int) -> str:
    """Return a text that a column takes: of somebody's error or file name, which may hold what no database stores."""
    return _UNSTORABLE.sub(lambda found: repr(found[0])[1:-1], text)[:longest]


def _dump(value: object) -> str:
    """Write JSON; half a character, which UTF-8 does not have, as its number."""
    text = _plain(value)
    return text if text.isascii() or not _UNSTORABLE.search(text) else _ascii(value)


def trial_row(study_id: int, trial: Trial) -> Row:
    """Return the columns of `nas_trial`; the curve is stored elsewhere."""
    return {
        "study_id": study_id,
        "number": trial.number,
        "state": trial.state.value,
        "reason": storable(trial.reason, _LONGEST),
        "params": _dump(dict(trial.params)),
        "candidate": _dump(trial.candidate.to_json()),
        "results": dump_numbers(trial.values),
        "constraints": dump_numbers(trial.constraints),
        "fingerprint": trial.fingerprint,
        "parameters": trial.parameters,
        "flops": trial.flops,
        "attempt": trial.attempt,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "cohort_seconds": trial.cohort_seconds,
        "reused_from": trial.reused_from,
        "checkpoint": _dump(asdict(trial.checkpoint)) if trial.checkpoint else None,
        "engine": storable(trial.engine, 64),
        "sampler_state": dump(trial.sampler_state),
        "started_at": trial.started_at,
        "finished_at": trial.finished_at,
    }


def read_trial(row: Any, curve: tuple[Point, ...]) -> Trial:
    """Undo `trial_row`."""
    return Trial(
        number=row.number,
        params=_load(row.params),
        candidate=Candidate.written(row.candidate),
        state=_STATES[row.state],
        reason=row.reason,
        curve=curve,
        values=_values(row.results),
        constraints=load_numbers(row.constraints) if row.constraints != "{}" else {},
        fingerprint=row.fingerprint,
        parameters=row.parameters,
        flops=row.flops,
        attempt=row.attempt,
        epochs=row.epochs,
        seconds=row.seconds,
        cohort_seconds=row.cohort_seconds,
        reused_from=row.reused_from,
        checkpoint=Checkpoint(**_load(row.checkpoint)) if row.checkpoint else None,
        engine=row.engine,
        sampler_state=cast(Mapping[str, object], load(row.sampler_state)) if row.sampler_state != "{}" else {},
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def read_standing(number: int, state: str, reason: str, results: str, constraints: str, *sizes: Any) -> Standing:
    """Return how a trial stands, of the columns `STANDING`, in their order: by place, since there may be many."""
    feasible = constraints == "{}" or kept(load_numbers(constraints))
    return Standing(number, _STATES[state], reason, _values(results), feasible, *sizes)


def point_row(study_id: int, number: int, point: Point) -> Row:
    """Return the columns of `nas_epoch`."""
    return {
        "study_id": study_id,
        "number": number,
        "epoch": point.epoch,
        "metrics": dump_numbers(point.metrics),
        "seconds": point.seconds,
    }


def artifact_row(study_id: int, artifact: Artifact) -> Row:
    """Return the columns of `nas_artifact`."""
    fields = {name: getattr(artifact, name) for name in ("number", "sha256", "bytes", "epoch", "seed")}
    texts = {"kind": storable(artifact.kind, 64), "path": storable(artifact.path, _LONGEST)}
    return {"study_id": study_id, **fields, **texts, "metrics": dump_numbers(artifact.metrics)}


def read_task(text: str) -> TaskInfo:
    """Undo `dump(asdict(task))`."""
    fields: dict[str, Any] = dict(load(text))
    fields["columns"] = [Column(**column) for column in fields.get("columns", ())]
    return TaskInfo(
        **{key: cast(Any, tuple(value) if isinstance(value, list) else value) for key, value in fields.items()}
    )


def dump_numbers(numbers: Mapping[str, float] | Sequence[float]) -> str:
    """Write numbers, by name or in order, as JSON."""
    try:
        return _dump(numbers)
    except ValueError:
        if isinstance(numbers, Mapping):
            return _dump({name: _spelled(value) for name, value in numbers.items()})
        return _dump([_spelled(value) for value in numbers])
    except TypeError:  # another mapping than a dict, or numbers that only behave like floats
        if isinstance(numbers, Mapping):
            return dump_numbers({name: float(value) for name, value in numbers.items()})
        return dump_numbers([float(value) for value in numbers])


def load_numbers(text: str) -> dict[str, float]:
    """Undo `dump_numbers` of a mapping."""
    numbers = _load(text)
    return {name: float(value) for name, value in numbers.items()} if ':"' in text else numbers


def number_reader(name: str) -> Callable[[str], float]:
    """Return what finds one number in what `dump_numbers` wrote of a mapping, NaN where it is not: ten times faster."""
    pattern = re.compile(re.escape(_dump(name)) + ':"?([^,"}]+)')

    def read(text: str) -> float:
        found = pattern.search(text)
        return float(found[1]) if found else math.nan

    return read


def dump(document: object) -> str:
    """Write a document, or a value of one, as JSON."""
    try:
        return _dump(document)
    except (ValueError, TypeError):
        return _dump(_marked(document))


def dump_value(value: str | int | float) -> str:
    """Write one finite number or text as JSON."""
    return _dump(value)


def load(text: str) -> dict[str, Json]:
    """Undo `dump`."""
    return cast(dict[str, Json], json.loads(text, object_hook=_unmarked))


def _values(text: str) -> tuple[float, ...]:
    return tuple(map(float, _load(text))) if text != "[]" else ()


def _spelled(value: float) -> float | str:
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _marked(value: Any) -> Any:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$number": _spelled(value)}
    if isinstance(value, Mapping):
        return {key: _marked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(inner) for inner in value]
    return value


def _unmarked(document: dict[str, Any]) -> Any:
    return float(document["$number"]) if document.keys() == {"$number"} else document
