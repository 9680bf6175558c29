"""Any text at all either is a study or raises SpecError."""

from contextlib import suppress
from typing import Any

from bad_studies import ALL, WHOLE
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.study_file.load import loads
from search_spaces.errors import SpecError

KEYS = (
    "name",
    "task",
    "space",
    "family",
    "depth",
    "width",
    "each",
    "when",
    "range",
    "choice",
    "optimizer",
    "sgd",
    "lr",
)
VALUES = ("mlp", "digits", "1..6", "1e-4..1 log", "..", ".inf", ".nan", "-.inf", "010", "~", "''", "1e999", "depth > 1")
SHORT = st.text(max_size=200)
SIGNS = (*":-[]{},&*!|>'\"%@?#", "\n", "\n  ", ": ", "- ", " ")
SCRAPS = st.lists(st.sampled_from((*KEYS, *VALUES, *SIGNS)), max_size=40).map("".join)
SCALARS = st.one_of(st.sampled_from(VALUES), st.text("abc.0123456789e-+_ ", max_size=12), st.integers().map(str))


def loads_or_says_why(text: str | bytes, *overrides: str) -> None:
    with suppress(SpecError):
        loads(text, overrides=overrides)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(SHORT)
def test_any_text(text: str) -> None:
    loads_or_says_why(text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    loads_or_says_why(content)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SCRAPS)
def test_any_scraps_of_yaml(text: str) -> None:
    loads_or_says_why(WHOLE + text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from([bad.content for bad in ALL if len(bad.content) < 1000]), st.data())
def test_any_bad_file_with_a_piece_cut_out(content: Any, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    loads_or_says_why(content[:start] + content[end:])


PATHS = (
    "name",
    "task",
    "split.test",
    "loss",
    "space",
    "space.family",
    "space.depth",
    "space.width",
    "space.width.each",
)
MORE_PATHS = (
    *(
        "space.optimizer",
        "space.optimizer.sgd.lr",
        "space.lr",
        "space.activation",
        "space.dropout",
        "space.limits.memory",
    ),
    *(
        "space.constraints",
        "objective",
        "objectives",
        "constraints",
        "limits.flops",
        "sampler",
        "pruner",
        "budget.trials",
    ),
    *("budget.time", "budget.target", "training.checkpoint_seconds", "final.seeds", "executor", "storage", "seed"),
    *("artifacts.folder", "artifacts.keep", "artifacts.export", "space.depth.when", "space.name", "space.batch_size"),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from([*PATHS, *MORE_PATHS]), SCALARS)
def test_any_scalar_in_any_place(path: str, scalar: str) -> None:
    loads_or_says_why(WHOLE, f"{path}={scalar}")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from([*PATHS, *MORE_PATHS]), st.lists(SCALARS, max_size=4), st.sampled_from(("[]", "{}", "{each}")))
def test_any_collection_in_any_place(path: str, scalars: list[str], form: str) -> None:
    inner = ", ".join(scalars)
    written = {"[]": f"[{inner}]", "{}": "{" + ": , ".join([*scalars, ""]) + "}", "{each}": f"{{each: [{inner}]}}"}[
        form
    ]
    loads_or_says_why(WHOLE, f"{path}={written}")
