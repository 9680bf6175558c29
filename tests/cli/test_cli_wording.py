"""What people read is plain English: reasons, several warnings, counts; and defaults as YAML writes them."""

import inspect
import re
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import STUDY, run_in

from nas.cli.output import announcement, report, verdict
from nas.cli.output.console import facts
from nas.config import Budget
from nas.controller.budget.stopping_criterion import StoppingCriterion
from nas.events import StudyStarted
from nas.reasons import search_ended, trial_ended
from nas.snapshot import CLASSES
from nas.study_file.load import loads
from search_spaces.hyperparameters import hyperparameters
from workers.messages import TaskInfo
from workers.tasks import TASKS

RECORD = Path(__file__).parents[2] / "docs" / "record.md"


def test_every_reason_to_end_a_search_is_said_in_words() -> None:
    reasons = set(re.findall(r'return "([a-z]+)"', inspect.getsource(StoppingCriterion.reason.fget)))  # type: ignore[attr-defined]
    assert {"trials", "time", "finish"} <= reasons
    assert all(" " in search_ended(reason) for reason in reasons)


def test_every_reason_of_a_trial_is_said_in_words() -> None:
    rows = [line.split(" | ")[1] for line in RECORD.read_text("utf-8").splitlines() if re.match(r"\| [A-Z]{4}", line)]
    reasons = {reason.partition(":")[0] for row in rows for reason in re.findall(r"`([^`]+)`", row)}
    assert {"nan", "oom", "time"} <= reasons
    assert all(" " in trial_ended(reason) for reason in reasons - {*CLASSES, "crash"})


def test_what_a_reason_tells_behind_its_first_word_is_kept() -> None:
    assert trial_ended("build: no such family") == "no such network: no such family"


def test_a_study_says_in_words_why_it_ended(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    options = ("--trials", "2", "--set", "budget.epochs=1", "--set", "final.seeds=0", "--set", "artifacts.export=[]")
    ran = run_in(tmp_path, "run", "study.yaml", *options)
    assert "state    finished: all its trials were trained\n" in ran.out


def test_several_warnings_are_lines_below_each_other() -> None:
    shown = facts(verdict.rows({"warnings": ["one", "two"], "compared": [{"number": 3, "mean": 0.5, "seeds": 2}]}))
    assert shown.plain.splitlines() == [
        "warning   one",
        "          two",
        "compared  with fresh seeds on validation: 0.5000 for trial 3",
    ]


def test_baselines_are_named_behind_their_score() -> None:
    result = {
        "test": {"metric": "accuracy", "mean": 0.9, "std": 0.0, "seeds": 1},
        "baselines": {"majority": {"accuracy": 0.5}, "linear": {"accuracy": 0.75}},
    }
    told = "test accuracy 0.5000 for always the most frequent class, 0.7500 for a linear model"
    assert verdict.rows(result)["baselines"] == told


def test_samples_and_inputs_are_counted_with_their_thousands_apart() -> None:
    task = TaskInfo("csv", "regression", (1234,), 1, (60000, 20000, 10000), ("loss", "mse"), "mse", "")
    told = "60,000/20,000/10,000 in train/validation/test; 1,234 inputs, 1 output (regression)"
    assert report.samples_text(task) == told


def test_epochs_and_trials_are_counted_with_their_thousands_apart(tmp_path: Path) -> None:
    config = replace(loads(STUDY, base=tmp_path), budget=Budget(epochs=2000))
    task = TaskInfo("csv", "regression", (1,), 1, (3, 1, 1), ("loss", "mse"), "mse", "")
    known = replace(config, budget=Budget())
    assert "2,000 for a full training" in announcement.begun(StudyStarted(config, task, 0, False), known)


def test_a_budget_is_told_in_full() -> None:
    told = report.budget_text(Budget(5000, 20, total_epochs=9000, seconds=120, target=0.985, patience=50))
    assert told == (
        "5,000 trials, 20 epochs each, 9,000 epochs in all, 2m 00s, until 0.9850 is reached, "
        "until 50 trials bring no new best"
    )


@pytest.mark.parametrize("name", TASKS.names())
def test_settings_are_listed_with_their_defaults_as_yaml_has_them(name: str, tmp_path: Path) -> None:
    shown = run_in(tmp_path, "tasks", name).out
    assert not re.search(r"\b(True|False|None)\b|''", shown)
    for item in hyperparameters(TASKS.load(name)):
        (line,) = re.findall(rf"^{item.name} .*$", shown, re.MULTILINE)
        assert ("; required: " in line) == item.required


def test_a_switch_that_is_on_unless_given_is_said_to_be_true(tmp_path: Path) -> None:
    assert "true or false; true unless given: cells may stand in double quotes" in run_in(tmp_path, "tasks", "csv").out


def test_the_json_of_a_setting_says_whether_it_is_required(tmp_path: Path) -> None:
    settings = run_in(tmp_path, "tasks", "csv", "--json").json["settings"]
    assert [item["name"] for item in settings if item["required"]] == ["path", "target"]
