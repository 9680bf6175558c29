"""What must hold after every fault, looked up in the database and the files themselves."""

import hashlib
import json
import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from nas.storage import Storage
from workers.checkpoints import load
from workers.errors import CheckpointError
from workers.messages import Checkpoint

Finished = Mapping[int, tuple[object, ...]]
_FINISHED = ("COMPLETE", "PRUNED", "FAIL")


def invariants(storage_url: str, *, study: str = "s", before: Finished | None = None, ended: bool = False) -> Finished:
    """Check all that must hold of a study; return its finished trials, for the next check to compare with.

    `ended` says that a controller has run the study to its end, or drained it: nothing may be RUNNING then.
    """
    with closing(sqlite3.connect(storage_url.removeprefix("sqlite:///"))) as connection:
        connection.row_factory = sqlite3.Row
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
        row = connection.execute("SELECT * FROM nas_study WHERE name = ?", (study,)).fetchone()
        trials = _rows(connection, "nas_trial", row["id"], "number")
        points = _rows(connection, "nas_epoch", row["id"], "number, epoch")
        artifacts = _rows(connection, "nas_artifact", row["id"], "id")
        _checkpoints_are_whole(connection, trials)
    config = json.loads(row["config"])
    _numbers_are_one_each(trials, config)
    _curves_are_whole(trials, points, config)
    _artifacts_are_whole(artifacts)
    _best_is_best(row, trials)
    _nobody_runs(storage_url, study, trials, ended=ended)
    finished = {trial["number"]: tuple(trial[1:]) for trial in trials if trial["state"] in _FINISHED}
    for number, result in (before or {}).items():
        assert _but_checkpoint(finished.get(number), trials) == _but_checkpoint(result, trials), (
            f"trial {number} changed"
        )
    return finished


def _rows(connection: sqlite3.Connection, table: str, study_id: int, order: str) -> list[sqlite3.Row]:
    query = f"SELECT * FROM {table} WHERE study_id = ? ORDER BY {order}"
    return connection.execute(query, (study_id,)).fetchall()


def _numbers_are_one_each(trials: list[sqlite3.Row], config: Mapping[str, Any]) -> None:
    numbers = [trial["number"] for trial in trials]
    assert numbers == list(range(len(numbers))), f"trials are missing or doubled: {numbers}"
    assert len(numbers) <= config["budget"]["trials"]


def _curves_are_whole(trials: list[sqlite3.Row], points: list[sqlite3.Row], config: Mapping[str, Any]) -> None:
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
            assert len(epochs) == config["budget"]["epochs"] or trial["reused_from"] is not None


def _checkpoints_are_whole(connection: sqlite3.Connection, trials: list[sqlite3.Row]) -> None:
    """Load each; a controller that runs meanwhile may have recorded another, and only then let the file go."""
    query = "SELECT checkpoint FROM nas_trial WHERE study_id = ? AND number = ?"
    for trial in trials:
        if trial["checkpoint"]:
            checkpoint = Checkpoint(**json.loads(trial["checkpoint"]))
            try:
                assert load(checkpoint).epoch == checkpoint.epoch
            except CheckpointError:
                (now,) = connection.execute(query, (trial["study_id"], trial["number"])).fetchone()
                assert now != trial["checkpoint"], f"the recorded checkpoint of trial {trial['number']} is gone or torn"


def _artifacts_are_whole(artifacts: list[sqlite3.Row]) -> None:
    for artifact in artifacts:
        content = Path(artifact["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == artifact["sha256"], f"{artifact['path']} was altered"


def _best_is_best(study: sqlite3.Row, trials: list[sqlite3.Row]) -> None:
    """Find the best anew; all studies here have one objective, to maximise."""
    if (named := json.loads(study["result"]).get("best")) is None:
        return
    values = {
        trial["number"]: float(json.loads(trial["results"])[0]) for trial in trials if trial["state"] == "COMPLETE"
    }
    assert all(map(math.isfinite, values.values()))
    assert named == min(values, key=lambda number: (-values[number], number))


def _nobody_runs(storage_url: str, name: str, trials: list[sqlite3.Row], *, ended: bool) -> None:
    with Storage.open(storage_url, create=False) as storage:
        study = storage.study(name)
    running = [trial["number"] for trial in trials if trial["state"] == "RUNNING"]
    assert not (ended and study.holder is not None), f"the lease is still held by {study.holder}"
    assert not (ended and running), f"RUNNING without a controller: {running}"
    if study.state == "FINISHED":
        assert all(trial["state"] in _FINISHED for trial in trials)


def _but_checkpoint(row: tuple[object, ...] | None, trials: list[sqlite3.Row]) -> list[object] | None:
    """Leave out the one thing of a finished trial that may change: whether its weights are still kept."""
    if row is None:
        return None
    names = list(trials[0].keys())[1:]
    return [value for name, value in zip(names, row, strict=True) if name != "checkpoint"]
