"""Values are written for people, not as Python writes them."""

import pytest

from search_spaces.plain_text import listed, plain, quoted, shaped


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (None, "nothing"), ((1, 2.5), "[1, 2.5]"), ([False, "a"], "[false, a]"), ("a", "a"), (3, "3")],
)
def test_a_value_is_written_as_in_a_study_file(value: object, written: str) -> None:
    assert plain(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [("a b", "'a b'"), ("", "''"), (("a", True), "['a', true]"), (False, "false"), (0.1, "0.1")]
)
def test_the_ends_of_a_text_are_seen_in_quotes(value: object, written: str) -> None:
    assert quoted(value) == written


def test_several_stand_one_after_another() -> None:
    assert (listed([3, 4]), listed(())) == ("3, 4", "")


@pytest.mark.parametrize(("shape", "written"), [((1797, 8, 8), "1797×8×8"), ((20,), "20"), ((), "of a single number")])
def test_a_shape_is_its_sizes(shape: tuple[int, ...], written: str) -> None:
    assert shaped(shape) == written
