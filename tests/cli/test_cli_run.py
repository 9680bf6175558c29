"""`nas run` and `nas resume`: events, lines, changes of the study, what is left at the end."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from command_runs import SMALL, Nas, Ran, run_in

from nas.storage import Storage


def events(searched: tuple[Path, Ran], kind: str) -> list[dict[str, Any]]:
    return [line for line in searched[1].lines if line["event"] == kind]


def test_the_first_event_says_what_is_searched(searched: tuple[Path, Ran]) -> None:
    first = searched[1].lines[0]
    assert (first["event"], first["study"], first["resumed"]) == ("study.started", "first", False)


def test_every_trial_is_told_once(searched: tuple[Path, Ran]) -> None:
    told = sorted(line["number"] for line in events(searched, "trial.finished"))
    assert told == list(range(sum(searched[1].lines[-1]["trials"].values())))


def test_every_retraining_is_told_with_its_score(searched: tuple[Path, Ran]) -> None:
    assert len([line for line in events(searched, "final.scored") if "accuracy" in line["metrics"]]) == 2


def test_the_last_line_has_the_promised_form(searched: tuple[Path, Ran]) -> None:
    last = searched[1].lines[-1]
    promised = ["event", "study", "state", "trials", "epochs", "seconds", "best", "test"]
    assert list(last)[: len(promised)] == promised
    assert (last["event"], last["state"]) == ("study.finished", "FINISHED")
    assert list(last["trials"]) == ["complete", "pruned", "failed", "reused", "infeasible"]
    assert list(last["best"]) == ["number", "values", "architecture", "recipe", "parameters", "flops"]
    assert list(last["test"]) == ["metric", "mean", "std", "seeds"]


def test_each_trial_is_in_one_class(searched: tuple[Path, Ran]) -> None:
    counts = searched[1].lines[-1]["trials"]
    assert (counts["complete"], counts["failed"]) == (16, 0)
    assert sum(counts.values()) == len(events(searched, "trial.finished"))
    assert all(counts[name] for name in ("complete", "reused", "infeasible"))


def test_the_exported_files_exist(searched: tuple[Path, Ran]) -> None:
    files = [Path(path) for path in searched[1].lines[-1]["artifacts"]]
    assert [file for file in files if not file.is_file()] == []
    assert "network.py" in {file.name for file in files}


def test_without_a_terminal_each_trial_is_a_plain_line(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", *SMALL)
    told = [line for line in ran.err.splitlines() if line.startswith("[")]
    assert [line.partition(" ")[0] for line in told] == ["[1/2]", "[2/2]"]
    assert "\x1b" not in ran.err + ran.out


def test_it_says_at_once_how_to_come_back(fresh: Nas) -> None:
    err = fresh("run", "study.yaml", *SMALL, "--storage", "sqlite:///other.db").err
    assert "nas resume first --storage sqlite:///other.db" in err
    assert "nas dashboard --storage sqlite:///other.db" in err


def test_the_best_network_is_on_standard_output(fresh: Nas) -> None:
    out = fresh("run", "study.yaml", *SMALL).out
    assert "accuracy" in out
    assert "adamw.lr" in out


def test_quiet_says_the_result_alone(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", *SMALL, "--quiet")
    assert ran.err == ""
    assert "finished" in ran.out


def test_the_environment_names_the_storage(fresh: Nas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_STORAGE", "sqlite:///env.db")
    fresh("run", "study.yaml", *SMALL, "--quiet")
    assert (tmp_path / "env.db").exists()


def test_the_option_goes_before_the_environment(fresh: Nas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_STORAGE", "sqlite:///env.db")
    fresh("run", "study.yaml", *SMALL, "--quiet", "--storage", "sqlite:///flag.db")
    assert {path.name for path in tmp_path.glob("*.db")} == {"flag.db"}


def test_name_and_seed_are_taken_from_the_command_line(fresh: Nas) -> None:
    lines = fresh("run", "study.yaml", *SMALL, "--name", "123", "--seed", "5", "--json").lines
    assert (lines[0]["study"], lines[0]["seed"]) == ("123", 5)


def test_a_length_of_time_is_checked(fresh: Nas, tmp_path: Path) -> None:
    ran = fresh("run", "study.yaml", "--time", "soon")
    assert ran.code == 2
    assert "'soon'" in ran.err
    assert not (tmp_path / "nas.db").exists()


def test_workers_are_refused_where_there_are_none(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", "--workers", "2")
    assert ran.code == 2
    assert "'inline'" in ran.err


def test_the_executor_is_taken_from_the_command_line(fresh: Nas, tmp_path: Path) -> None:
    ran = fresh("run", "study.yaml", *SMALL, "--executor", "process", "--workers", "1", "--quiet")
    assert ran.code == 0
    with Storage.open(f"sqlite:///{tmp_path}/nas.db") as storage:
        config: Any = storage.study("first").config
    assert config["executor"]["settings"]["workers"] == 1


def test_an_executor_that_is_not_on_the_menu_is_told(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", "--executor", "rai")
    assert "unknown executor 'rai' (did you mean 'ray'?" in ran.err


def test_resume_goes_on_with_more_trials(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    lines = fresh("resume", "first", "--trials", "4", "--json").lines
    assert (lines[0]["resumed"], lines[0]["finished"]) == (True, 2)
    assert lines[-1]["trials"]["complete"] == 4


def test_a_moved_database_is_resumed_where_it_is(fresh: Nas, tmp_path: Path) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    (tmp_path / "nas.db").rename(tmp_path / "moved.db")
    ran = fresh("resume", "first", "--storage", "sqlite:///moved.db", "--trials", "3", "--quiet")
    assert ran.code == 0
    assert not (tmp_path / "nas.db").exists()


def test_no_usable_trial_is_said_in_json_too(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", *SMALL, "--set", "space.optimizer={sgd: {lr: 1e30}}", "--json")
    assert ran.code == 7
    assert (ran.lines[-1]["state"], ran.lines[-1]["best"], ran.lines[-1]["test"]) == ("FAILED", None, None)
    assert ran.lines[-1]["trials"]["failed"] == 2


def test_a_space_in_which_nothing_can_be_trained_is_a_mistake_and_nothing_is_recorded(fresh: Nas) -> None:
    ran = fresh("run", "study.yaml", *SMALL, "--set", "limits.parameters=1", "--json")
    assert (ran.code, ran.out) == (3, "")
    assert "the one that comes closest exceeds parameters <= 1 by 70" in ran.err
    assert fresh("db", "check").code == 4


def test_nothing_that_is_not_a_number_is_written(fresh: Nas) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    ran = fresh("run", "study.yaml", *SMALL, "--set", "space.optimizer={sgd: {lr: 1e3..1e4 log}}", "--json")
    assert [json.loads(line, parse_constant=refuse) for line in ran.out.splitlines()]


def test_two_runs_of_one_file_go_on_rather_than_begin_again(fresh: Nas, tmp_path: Path) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    with sqlite3.connect(tmp_path / "nas.db") as connection:
        connection.execute("UPDATE nas_study SET state = 'STOPPED'")
    connection.close()
    again = run_in(tmp_path, "run", "study.yaml", *SMALL, "--json")
    assert (again.code, again.lines[0]["resumed"]) == (0, True)


@pytest.mark.parametrize("command", [("run", "study.yaml", *SMALL), ("resume", "first")], ids=["run", "resume"])
def test_a_finished_study_is_left_as_it_is(
    command: tuple[str, ...], fresh: Nas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = ("--set", "artifacts.export=[source]")
    fresh("run", "study.yaml", *SMALL, *exported, "--quiet")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("*")}
    monkeypatch.setattr("nas.executors.inline.Inline.start", lambda self: pytest.fail("an executor was started"))
    ran = fresh(*command, *(exported if command[0] == "run" else ()))
    assert ran.code == 0, ran.err
    assert "note: study 'first' is finished (all its trials were trained) and left as it is" in ran.err
    assert "go on with: nas resume first --trials 4" in ran.err
    assert "finished" in ran.out
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("*")} == before


def test_a_smaller_budget_takes_no_trial_back(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--trials", "4", "--quiet")
    ran = fresh("run", "study.yaml", *SMALL, "--trials", "2")
    assert ran.code == 0
    assert "is finished (all its trials were trained) and left as it is" in ran.err
    assert fresh("db", "check").code == 0


def test_a_finished_study_that_is_asked_for_more_goes_on(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    lines = fresh("run", "study.yaml", *SMALL, "--trials", "3", "--json").lines
    assert lines[-1]["trials"]["complete"] == 3


def test_resume_sets_what_may_change(fresh: Nas, tmp_path: Path) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    ran = fresh("resume", "first", "--set", "budget.trials=3", "--set", "final={seeds: 1, epochs: 1}", "--json")
    assert ran.code == 0, ran.err
    assert (ran.lines[-1]["trials"]["complete"], ran.lines[-1]["test"]["seeds"]) == (3, 1)


@pytest.mark.parametrize("setting", ["seed=3", "budget.epochs=9", "space.depth=1", "name=other"])
def test_resume_refuses_what_makes_another_search(setting: str, fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    ran = fresh("resume", "first", "--set", "budget.trials=3", "--set", setting)
    assert ran.code == 5
    assert f"error: study 'first': --set {setting} would make it another search" in ran.err
    assert f"nas resume first --set budget.trials=3 --set {setting} --fork" in ran.err


def test_resume_names_the_place_of_a_wrong_setting(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    ran = fresh("resume", "first", "--set", "budget.trails=3")
    assert ran.code == 3
    assert "did you mean 'trials'?" in ran.err


def test_resume_moves_no_study(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    ran = fresh("resume", "first", "--set", "storage=sqlite:///other.db")
    assert ran.code == 2
    assert "say where that is with --storage" in ran.err
