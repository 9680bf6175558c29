"""Checkpoint of a candidate inside a checkpoint of Tune: the file itself, and the metrics reported with it."""

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from ray.tune import Checkpoint as Packed

from workers import file_store
from workers.errors import CheckpointError
from workers.messages import Checkpoint

_NAME = "nas.json"


def pack(saved: Checkpoint, *, reported: int, folder: Path) -> Packed:
    """Move a saved candidate into a checkpoint of Tune, in a new folder; Tune knows so many epochs with it."""
    folder.mkdir()
    file = Path(saved.path).rename(folder / Path(saved.path).name)
    described = {**asdict(saved), "path": file.name, "reported": reported}
    (folder / _NAME).write_text(json.dumps(described), "utf-8")
    return Packed(str(folder))


def unpack(packed: Packed, folder: Path) -> tuple[Checkpoint, int]:
    """Copy a candidate out of Tune's storage into a folder; return it with the epochs that Tune knows of.

    Raises:
        CheckpointError: it holds no candidate of ours.
    """
    packed.to_directory(str(folder))
    return _read(folder)


def keep(packed: Packed | None, folder: str) -> Checkpoint | None:
    """Copy a candidate out of Tune's storage to where a study keeps its own; None where there is none to keep."""
    if packed is None:
        return None
    with suppress(CheckpointError, OSError), packed.as_directory() as here:
        saved, _ = _read(Path(here))
        place = f"{folder}/{Path(saved.path).name}"
        file_store.write(place, Path(saved.path).read_bytes())
        return replace(saved, path=place)
    return None


def _read(folder: Path) -> tuple[Checkpoint, int]:
    try:
        described = json.loads((folder / _NAME).read_text("utf-8"))
        reported = int(described.pop("reported"))
        saved = Checkpoint(**described)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"the checkpoint in {str(folder)!r} holds no candidate of ours: {error}") from error
    return replace(saved, path=str(folder / saved.path)), reported
