"""What must hold of a study after every fault, looked up in the database, of either kind, and the files themselves."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from nas.storage import Storage, tables
from nas.trials import ENDED_EARLY
from workers import file_store
from workers.checkpoints import load
from workers.errors import CheckpointError
from workers.messages import Checkpoint

Row = Mapping[str, Any]
Finished = Mapping[int, Row]
_FINISHED = ("COMPLETE", "PRUNED", "FAIL")


def invariants(storage_url: str, *, study: str = "s", before: Finished | None = None, ended: bool = False) -> Finished:
    """Check all that must hold of a study; return its finished trials, for the next check to compare with.

    `ended` says that a controller has run the study to its end, or drained it: nothing may be RUNNING then.
    """
    with Storage.open(storage_url, create=False) as storage:
        with storage.reading() as connection:
            assert storage.database.integrity_errors(connection) == []
            row = dict(connection.execute(select(tables.study).where(tables.study.c.name == study)).mappings().one())
            trials = _rows(connection, tables.trial, row["id"], "number")
            points = _rows(connection, tables.epoch, row["id"], "number", "epoch")
            artifacts = _rows(connection, tables.artifact, row["id"], "id")
        _checkpoints_are_whole(storage, trials)
        holder = storage.study(study).holder
    config = json.loads(row["config"])
    _numbers_are_one_each(trials, config)
    _curves_are_whole(trials, points, config)
    _artifacts_are_whole(artifacts)
    _best_is_best(row, trials)
    _nobody_runs(row, holder, trials, ended=ended)
    finished = {trial["number"]: trial for trial in trials if trial["state"] in _FINISHED}
    for number, result in (before or {}).items():
        assert _but_checkpoint(finished.get(number)) == _but_checkpoint(result), f"trial {number} changed"
    return finished


def _rows(connection: Connection, table: Table, study_id: int, *order: str) -> Sequence[Row]:
    query = select(table).where(table.c.study_id == study_id).order_by(*(table.c[name] for name in order))
    return [dict(row) for row in connection.execute(query).mappings()]


def _numbers_are_one_each(trials: Sequence[Row], config: Mapping[str, Any]) -> None:
    numbers = [trial["number"] for trial in trials]
    assert numbers == list(range(len(numbers))), f"trials are missing or doubled: {numbers}"
    trained = [trial for trial in trials if trial["attempt"] or trial["state"] not in _FINISHED]
    assert len(trained) <= (config["budget"]["trials"] or math.inf)


def _curves_are_whole(trials: Sequence[Row], points: Sequence[Row], config: Mapping[str, Any]) -> None:
    drawn: dict[int, list[int]] = {}
    for point in points:
        drawn.setdefault(point["number"], []).append(point["epoch"])
    for trial in trials:
        epochs = drawn.get(trial["number"], [])
        assert epochs == list(range(1, len(epochs) + 1)), f"trial {trial['number']} has epochs {epochs}"
        assert len(epochs) <= config["budget"]["epochs"]
        if trial["state"] in _FINISHED:
            assert trial["epochs"] == len(epochs)
            assert trial["finished_at"] is not None
        if trial["state"] == "COMPLETE":
            early = trial["reused_from"] is not None or trial["reason"] in ENDED_EARLY
            assert len(epochs) == config["budget"]["epochs"] or early


def _checkpoints_are_whole(storage: Storage, trials: Sequence[Row]) -> None:
    """Load each; a controller that runs meanwhile may have recorded another, and only then let the file go."""
    column = tables.trial.c
    for trial in trials:
        if trial["checkpoint"]:
            checkpoint = Checkpoint(**json.loads(trial["checkpoint"]))
            try:
                assert load(checkpoint).epoch == checkpoint.epoch
            except CheckpointError:
                mine = (column.study_id == trial["study_id"]) & (column.number == trial["number"])
                with storage.reading() as connection:
                    now = connection.execute(select(column.checkpoint).where(mine)).scalar_one()
                assert now != trial["checkpoint"], f"the recorded checkpoint of trial {trial['number']} is gone or torn"


def _artifacts_are_whole(artifacts: Sequence[Row]) -> None:
    for artifact in artifacts:
        content = file_store.read(artifact["path"])
        assert hashlib.sha256(content).hexdigest() == artifact["sha256"], f"{artifact['path']} was altered"


def _best_is_best(study: Row, trials: Sequence[Row]) -> None:
    """Find the best anew: by fresh seeds where they were compared; all studies here maximise one objective."""
    result = json.loads(study["result"])
    if (named := result.get("best")) is None:
        return
    if compared := [item for item in result.get("compared", []) if item["seeds"]]:
        (mean,) = (item["mean"] for item in compared if item["number"] == named)
        assert mean == max(item["mean"] for item in compared)
        return
    values = {
        trial["number"]: float(json.loads(trial["results"])[0]) for trial in trials if trial["state"] == "COMPLETE"
    }
    assert all(map(math.isfinite, values.values()))
    assert named == min(values, key=lambda number: (-values[number], number))


def _nobody_runs(study: Row, holder: object, trials: Sequence[Row], *, ended: bool) -> None:
    running = [trial["number"] for trial in trials if trial["state"] == "RUNNING"]
    assert not (ended and holder is not None), f"the lease is still held by {holder}"
    assert not (ended and running), f"RUNNING without a controller: {running}"
    if study["state"] == "FINISHED":
        assert all(trial["state"] in _FINISHED for trial in trials)


def _but_checkpoint(row: Row | None) -> Row | None:
    """Leave out the one thing of a finished trial that may change: whether its weights are still kept."""
    return row and {name: value for name, value in row.items() if name != "checkpoint"}
