"""A dictionary is a study: it reads as the file of the same words does."""

from pathlib import Path

import numpy as np
import pytest

from nas.study_file.load import from_mapping, loads
from search_spaces.errors import SpecError

STUDY = {
    "name": "d",
    "task": "wine",
    "space": {"family": "mlp", "depth": "1..3", "width": {"each": [16, 32]}, "optimizer": {"sgd": {"lr": 0.1}}},
    "budget": {"trials": 2, "epochs": 1, "time": "2h"},
    "artifacts": {"folder": Path("runs"), "export": ()},
}
TEXT = """\
name: d
task: wine
space: {family: mlp, depth: 1..3, width: {each: [16, 32]}, optimizer: {sgd: {lr: 0.1}}}
budget: {trials: 2, epochs: 1, time: 2h}
artifacts: {folder: runs, export: []}
"""


def test_a_dictionary_reads_as_its_file() -> None:
    assert from_mapping(STUDY).config == loads(TEXT)


def test_numbers_of_numpy_are_numbers() -> None:
    budget = {"trials": np.int64(2), "epochs": np.int32(1), "time": np.float64(7200.0)}
    assert from_mapping({**STUDY, "budget": budget}).config == loads(TEXT)


def test_overrides_hold_for_a_dictionary_too() -> None:
    assert from_mapping(STUDY, overrides=["budget.trials=5"]).config.budget.trials == 5


def test_every_mistake_is_told_with_its_path() -> None:
    with pytest.raises(SpecError) as raised:
        from_mapping({**STUDY, "task": "wime", "budget": {"trails": 2}})
    told = str(raised.value)
    assert "task: unknown task 'wime' (did you mean 'wine'?)" in told
    assert "budget.trails: unknown key (did you mean 'trials'?)" in told


def test_what_no_study_file_can_hold_is_refused_with_its_path() -> None:
    with pytest.raises(
        SpecError, match=r"task\.csv\.path: needs text, a number, a list or a mapping, got numpy.ndarray"
    ):
        from_mapping({**STUDY, "task": {"csv": {"path": np.zeros(3)}}})


def test_a_dictionary_that_holds_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["space"] = endless
    with pytest.raises(SpecError, match="nested more than"):
        from_mapping(endless)


def test_a_metric_alone_is_an_objective_whose_direction_is_known() -> None:
    for metric, direction in (("accuracy", "maximize"), ("loss", "minimize"), ("parameters", "minimize")):
        (objective,) = from_mapping({**STUDY, "objective": metric}).config.objectives
        assert (objective.metric, objective.direction) == (metric, direction)
    several = from_mapping({**STUDY, "objectives": ["accuracy", "flops"]}).config.objectives
    assert [objective.direction for objective in several] == ["maximize", "minimize"]


def test_an_unknown_task_leads_to_samples_of_ones_own() -> None:
    with pytest.raises(SpecError, match=r"unknown task 'mnist' .*samples of your own are given with csv"):
        from_mapping({**STUDY, "task": "mnist"})
