"""The published JSON Schema is up to date, and agrees with the reader."""

import json
from pathlib import Path
from typing import Any

import pytest
from bad_studies import SPACE, WHOLE
from jsonschema import Draft202012Validator

from nas.study_file import json_schema
from search_spaces.documents.nodes import ListNode, MapNode, Node, Report
from search_spaces.documents.parser import parse, read
from search_spaces.space_file.load import LIBRARY, library

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
PUBLISHED = json.loads(json_schema.PATH.read_text("utf-8"))
VALIDATOR = Draft202012Validator(PUBLISHED)
WRONG = (
    "depth: 1..3\n",
    WHOLE.replace("digits", "digit"),
    WHOLE + "seed: -1\n",
    WHOLE + "objectve: maximize accuracy\n",
    WHOLE + "objective: maximize acuracy\n",
    WHOLE + "sampler: {tpe: {startup: 3}}\n",
    WHOLE + "executor: proces\n",
    WHOLE.replace("mlp", "mpl"),
    SPACE + "  depht: 3\n",
    SPACE + "  depth: 0\n",
    SPACE + "  depth: one\n",
    SPACE + "  dropout: 1..\n",
    SPACE + "  activation: [relu, gleu]\n",
    SPACE + "  activation: []\n",
    SPACE + "  norm: {each: [none, batch]}\n",
    SPACE + "  optimizer: {sgd: {beta1: 0.9}}\n",
    SPACE + "  width: {when: depth > 1}\n",
)


def plain(node: Node) -> Any:
    """Return what an editor's YAML reader makes of a node."""
    if isinstance(node, MapNode):
        return {entry.key.raw: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items] if isinstance(node, ListNode) else node.value


def test_the_published_schema_is_what_the_code_declares() -> None:
    assert json_schema.PATH.read_text("utf-8") == json_schema.text(), "run python -m nas.study_file.json_schema"


def test_the_published_schema_is_one_line_without_spaces_between_its_parts() -> None:
    text = json_schema.PATH.read_text("utf-8")
    assert text.count("\n") == 1
    assert text == json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) + "\n"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize("name", library())
def test_every_ready_made_space_validates(name: str) -> None:
    document = plain(read(LIBRARY / f"{name}.yaml", Report()))
    VALIDATOR.validate({"name": "a", "task": "digits", "space": document})


def test_there_are_ready_made_spaces() -> None:
    assert len(library()) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_example_validates(path: Path) -> None:
    VALIDATOR.validate(plain(read(path, Report())))


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_study_does_not_validate(text: str) -> None:
    assert not VALIDATOR.is_valid(plain(parse(text, Report())))
