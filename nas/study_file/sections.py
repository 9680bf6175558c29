"""The sections of a study file that are plain values: split, budget, final, artifacts, storage."""

import os
import re
from collections.abc import Mapping

from nas.config import Artifacts, Budget, Final
from search_spaces.documents.cursor import Cursor
from workers import file_store
from workers.exporters import EXPORTERS
from workers.messages import Split

MOST = 10**9
YEARS = 10 * 365 * 86400.0
SEED = 2**32 - 1

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def read_split(cursor: Cursor) -> Split:
    """Read `{validation: 0.2, test: 0.2, seed: 0}`."""
    fields, usual = cursor.fields(("validation", "test", "seed")), Split()
    validation = (
        fields["validation"].number(usual.validation, 0.001, 0.9) if "validation" in fields else usual.validation
    )
    test = fields["test"].number(usual.test, 0.001, 0.9) if "test" in fields else usual.test
    if validation + test > 0.95:
        cursor.mistake(f"validation and test leave {max(0.0, 1 - validation - test):.2f} of the samples to train on")
    return Split(validation, test, fields["seed"].integer(0, 0, SEED) if "seed" in fields else usual.seed)


def read_budget(cursor: Cursor) -> Budget:
    """Read `{trials: 64, epochs: 27, total_epochs: 10k, time: 2h, target: 0.98, patience: 20}`.

    Whoever gives a time, and no number of trials, wants the time used: trials are then without limit.
    """
    fields, usual = cursor.fields(("trials", "epochs", "total_epochs", "time", "target", "patience")), Budget()
    seconds = fields["time"].seconds(usual.seconds, YEARS) if "time" in fields else usual.seconds
    budget = Budget(
        trials=_integer(fields, "trials", 0 if seconds else usual.trials, 0),
        epochs=_integer(fields, "epochs", usual.epochs, 0, 10**6),
        total_epochs=_integer(fields, "total_epochs", usual.total_epochs, 0),
        seconds=seconds,
        target=fields["target"].number(0.0) if "target" in fields else usual.target,
        patience=_integer(fields, "patience", usual.patience, 0),
    )
    if not (budget.trials or budget.total_epochs or budget.seconds or budget.patience):
        fields["trials"].mistake("0 is without limit, and nothing else ends the search", "give trials, time, …")
    return budget


def read_final(cursor: Cursor) -> Final:
    """Read `{seeds: 3, top: 3, epochs: 0, ensemble: false}`."""
    fields, usual = cursor.fields(("seeds", "top", "epochs", "ensemble")), Final()
    final = Final(
        seeds=_integer(fields, "seeds", usual.seeds, 0, 1000),
        top=_integer(fields, "top", usual.top, 1, 1000),
        epochs=_integer(fields, "epochs", usual.epochs, 0, 10**6),
        ensemble=fields["ensemble"].flag(usual.ensemble) if "ensemble" in fields else usual.ensemble,
    )
    if final.ensemble and final.seeds < 2:
        fields["ensemble"].mistake(f"an average needs at least 2 seeds, got {final.seeds}")
    return final


def read_artifacts(cursor: Cursor) -> Artifacts:
    """Read `{folder: runs, keep: 16, export: [source, safetensors]}`."""
    fields, usual = cursor.fields(("folder", "keep", "export")), Artifacts()
    folder = fields["folder"].text(usual.folder, "a folder") if "folder" in fields else usual.folder
    if not folder or "\0" in folder:
        fields["folder"].wrong("a folder", f"such as {usual.folder}")
    elif wrong := file_store.mistake(folder):
        fields["folder"].mistake(wrong)
    named = fields["export"].items() if "export" in fields else []
    formats = [item.name(EXPORTERS.names(), EXPORTERS.noun) for item in named]
    if len(set(formats)) < len(formats) and all(formats):
        fields["export"].mistake("the same format is given twice")
    export = tuple(formats) if "export" in fields else usual.export
    return Artifacts(folder, _integer(fields, "keep", usual.keep, 0), export)


def read_storage(cursor: Cursor) -> str:
    """Read the URL of a database; `${NAME}` and `${NAME:-default}` stand for environment variables."""
    written = cursor.text("", "the URL of a database, such as sqlite:///nas.db")
    unset = [match[1] for match in _REFERENCE.finditer(written) if _referred(match) is None]
    url = _REFERENCE.sub(lambda match: _referred(match) or "", written)
    for name in dict.fromkeys(unset):
        cursor.mistake(f"the environment variable {name} is not set", f"${{{name}:-default}} has a default")
    if written and "${" in _REFERENCE.sub("", written):
        cursor.mistake("an environment reference is ${NAME} or ${NAME:-default}")
    elif url and not unset and not re.match(r"[a-z][a-z0-9+]*://", url):
        cursor.mistake("needs the URL of a database", "such as sqlite:///nas.db")
    return url


def _referred(match: re.Match[str]) -> str | None:
    """Return what a reference stands for; None where the variable is not set and it has no default."""
    default: str | None = match[2]
    return os.environ.get(match[1]) or default


def _integer(fields: Mapping[str, Cursor], key: str, usual: int, low: int, high: int = MOST) -> int:
    return fields[key].integer(usual, low, high) if key in fields else usual


def read_seconds(cursor: Cursor, usual: float) -> float:
    """Read a duration of at most ten years."""
    return cursor.seconds(usual, YEARS)
