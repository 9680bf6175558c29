"""Study files: strict YAML to a `StudyConfig`, with all mistakes reported at once."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nas.config import StudyConfig
from nas.study_file.as_json import from_json, to_json
from nas.study_file.as_yaml import resolved
from nas.study_file.changes import Change, as_begun, difference
from nas.study_file.overrides import override
from nas.study_file.source_map import Written
from nas.study_file.study import read_study
from search_spaces.documents.cursor import Cursor
from search_spaces.documents.from_python import document_of
from search_spaces.documents.nodes import Entry, MapNode, Node, Report
from search_spaces.documents.parser import parse, read
from search_spaces.space_file.load import spelled_out

__all__ = ["Change", "Written", "as_begun", "difference", "from_file", "from_json", "from_mapping", "from_text"]
__all__ += ["load", "loads", "resolved", "to_json"]


def load(path: str | os.PathLike[str], *, overrides: Sequence[str] = ()) -> StudyConfig:
    """Read a study file; each override is `path=value`, e.g. `budget.trials=10` or `space.depth=1..3`.

    Raises:
        SpecError: the file or an override is wrong; lists every mistake.
    """
    return from_file(path, overrides=overrides).config


def loads(text: str | bytes, *, base: Path = Path(), overrides: Sequence[str] = (), source: str = "") -> StudyConfig:
    """Read a study from text; paths in it are relative to `base`, and mistakes are told of `source`."""
    return from_text(text, base=base, overrides=overrides, source=source).config


def from_file(path: str | os.PathLike[str], *, overrides: Sequence[str] = ()) -> Written:
    """Read a study file as `load` does, and keep where each value was written."""
    file = Path(path)
    report = Report(str(file))
    return _study(read(file, report), report, file.parent, overrides)


def from_text(text: str | bytes, *, base: Path = Path(), overrides: Sequence[str] = (), source: str = "") -> Written:
    """Read a study from text as `loads` does, and keep where each value was written."""
    report = Report(source)
    return _study(parse(text, report, source=source), report, base, overrides)


def from_mapping(study: Mapping[str, object], *, overrides: Sequence[str] = ()) -> Written:
    """Read a study from a dictionary with the keys of a study file; paths in it start at the working folder."""
    report = Report()
    root = document_of(study, report)
    report.check()
    return _study(root, report, Path(), overrides)


def _study(root: Node, report: Report, base: Path, overrides: Sequence[str]) -> Written:
    root = override(root, overrides, report, lambda node: _spelled_out(node, report, base))
    config = read_study(Cursor(root, "", report), base)
    report.check()
    assert config is not None
    return Written(replace(config, base=os.path.abspath(base)), root, report.source)


def _spelled_out(root: Node, report: Report, base: Path) -> Node:
    if not isinstance(root, MapNode):
        return root
    entries = (
        Entry(entry.key, spelled_out(entry.value, report, base)) if entry.key.raw == "space" else entry
        for entry in root.entries
    )
    return replace(root, entries=tuple(entries))
