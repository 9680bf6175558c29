"""The ready-made spaces: each is read, sampled and built."""

import random
from pathlib import Path

import pytest

import search_spaces
from search_spaces.errors import BuildError
from search_spaces.families import FAMILIES, build
from search_spaces.space import SearchSpace
from search_spaces.space_file.load import load_space

LIBRARY = sorted((Path(search_spaces.__file__).parent / "library").glob("*.yaml"))

each_space = pytest.mark.parametrize("path", LIBRARY, ids=[path.stem for path in LIBRARY])


def test_there_is_a_space_for_every_family() -> None:
    assert {load_space(path).family for path in LIBRARY} == set(FAMILIES.names())
    assert len(LIBRARY) == 6


@each_space
def test_it_is_called_like_its_file(path: Path) -> None:
    assert load_space(path).name == path.stem


@each_space
def test_its_first_line_says_what_it_is_for(path: Path) -> None:
    assert path.read_text("utf-8").startswith("# ")


@each_space
def test_it_comes_back_from_json(path: Path) -> None:
    space = load_space(path)
    assert SearchSpace.from_json(space.to_json()) == space


@each_space
def test_most_of_what_it_draws_is_a_network_within_its_limits(path: Path) -> None:
    space = load_space(path)
    assert sum(_usable(space, seed) for seed in range(50)) >= 40


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)], ids=str)
@pytest.mark.parametrize("name", ["cnn", "cnn-residual"])
def test_nearly_every_network_for_a_usual_image_is_within_its_limits(name: str, shape: tuple[int, ...]) -> None:
    space = load_space(LIBRARY[0].with_name(f"{name}.yaml"))
    assert sum(_usable(space, seed, shape) for seed in range(50)) >= 47


@each_space
def test_it_clips_gradients_and_has_one_schedule_so_that_early_epochs_can_be_compared(path: Path) -> None:
    space = load_space(path)
    assert space.fixed["gradient_clipping"] == 1
    assert space.fixed["schedule"] == "cosine"


def _usable(space: SearchSpace, seed: int, shape: tuple[int, ...] = (1, 16, 16)) -> bool:
    params = space.sample(random.Random(seed))
    assert space.contains(params)
    try:
        network = build(space.candidate(params, seed).architecture, shape, 10)
    except BuildError:
        return False
    return all(excess <= 0 for excess in space.limits.excesses(network).values())
