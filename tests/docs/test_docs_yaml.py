"""Every YAML block of the pages loads: a whole study, a space, or sections of a study that are put into a small one."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from pages import ROOT, Block, blocks

from nas.study_file.load import load, loads
from search_spaces.errors import SpecError
from search_spaces.space_file.load import load_space

BASE = {"name": "base", "task": "digits", "space": "mlp"}
STUDIES = blocks("yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "houses.csv").write_text("rooms,district,price\n3,north,200.5\n")
    np.savez(tmp_path / "images.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.arange(4) % 2)
    np.savez(tmp_path / "songs.npz", x=np.zeros((4, 9, 3), np.float32), y=np.arange(4) % 2)
    return tmp_path


@pytest.mark.parametrize("block", STUDIES, ids=str)
def test_a_yaml_block_loads(block: Block, folder: Path) -> None:
    if block.text.startswith("name: small\n"):
        (folder / "small.yaml").write_text(block.text)
        assert load_space(folder / "small.yaml").name == "small"
    else:
        assert loads(_whole(block.text), base=folder)


def test_there_are_as_many_yaml_blocks_as_expected() -> None:
    assert len(STUDIES) >= 20


def test_the_first_block_of_the_readme_is_the_example() -> None:
    shown = blocks("yaml", ROOT / "README.md")[0].text.partition("\n")[2]
    example = ROOT / "examples" / "digits.yaml"
    assert loads(shown) == loads(example.read_text("utf-8"))


def _whole(text: str) -> str:
    """Put the sections that are missing before those that are given."""
    given = yaml.safe_load(text)
    return "".join(f"{key}: {value}\n" for key, value in BASE.items() if key not in given) + text


def test_the_mistakes_that_are_shown_are_told_so(tmp_path: Path) -> None:
    page = ROOT / "docs" / "study-file.md"
    shown = next(block.text for block in blocks("text", page) if block.text.startswith("study.yaml:"))
    wrong = blocks("yaml", page)[0].text.replace("depth:", "depht:").replace("trials: 64", "trials: many")
    (tmp_path / "study.yaml").write_text(wrong)
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "study.yaml")
    assert str(caught.value).replace(f"{tmp_path}/", "") == shown.rstrip()
