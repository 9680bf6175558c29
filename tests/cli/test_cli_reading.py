"""The commands that read: ls, show, top, trial, check, export, db, spaces, tasks, stop."""

import sqlite3
from pathlib import Path

import pytest
from command_runs import Nas, Ran, run_in

from nas.cli.output import report
from search_spaces.space_file.load import library
from workers.exporters import EXPORTERS


def test_ls_lists_a_study_in_a_line(nas: Nas) -> None:
    (line,) = [line for line in nas("ls").out.splitlines() if "first" in line]
    assert "finished" in line
    assert "accuracy 0." in line or "accuracy 1" in line


def test_ls_says_that_a_study_was_interrupted(searched: tuple[Path, Ran], tmp_path: Path) -> None:
    run_in(searched[0], "db", "backup", str(tmp_path / "nas.db"))
    with sqlite3.connect(tmp_path / "nas.db") as connection:
        connection.execute("UPDATE nas_study SET state = 'RUNNING'")
    connection.close()
    assert [study["state"] for study in run_in(tmp_path, "ls", "--json").json] == ["INTERRUPTED"]


def test_ls_of_an_empty_storage_is_an_empty_list(fresh: Nas, tmp_path: Path) -> None:
    from nas.storage import Storage

    Storage.open(f"sqlite:///{tmp_path}/nas.db").close()
    ran = fresh("ls", "--json")
    assert (ran.code, ran.json) == (0, [])


def test_show_tells_definition_best_score_and_environment(nas: Nas) -> None:
    out = nas("show", "first").out
    assert all(word in out for word in ("wine", "random", "best", "test", "± ", "python", "network.py"))


def test_show_as_json_sums_up_as_the_run_did(nas: Nas, searched: tuple[Path, Ran]) -> None:
    last = searched[1].lines[-1]
    assert {key: value for key, value in nas("show", "first", "--json").json.items() if key in last} == {
        key: value for key, value in last.items() if key != "event"
    }


def test_top_is_ordered_by_the_objective(nas: Nas) -> None:
    values = [trial["values"]["accuracy"] for trial in nas("top", "first", "--json").json]
    assert values == sorted(values, reverse=True)


def test_top_lists_no_more_than_asked(nas: Nas) -> None:
    assert len(nas("top", "first", "-k", "2", "--json").json) == 2


@pytest.mark.parametrize(("by", "turned"), [("parameters", 1), ("loss", 1), ("auroc", -1)])
def test_top_is_ordered_by_what_is_asked(nas: Nas, by: str, turned: int) -> None:
    trials = nas("top", "first", "--by", by, "--json").json
    values = [turned * {**trial, **trial["metrics"]}[by] for trial in trials if by in {**trial, **trial["metrics"]}]
    assert len(values) > 1
    assert values == sorted(values)


def test_top_by_something_unknown_names_the_nearest(nas: Nas) -> None:
    ran = nas("top", "first", "--by", "los")
    assert ran.code == 3
    assert "'loss'" in ran.err


def test_the_pareto_front_of_one_objective_is_its_best(nas: Nas, searched: tuple[Path, Ran]) -> None:
    told = [line for line in searched[1].lines if line["event"] == "trial.finished"]
    best = max(line["values"]["accuracy"] for line in told if line["state"] == "COMPLETE")
    assert {trial["values"]["accuracy"] for trial in nas("top", "first", "--pareto", "--json").json} == {best}


def test_a_trial_is_drawn_layer_by_layer(nas: Nas) -> None:
    out = nas("trial", "first", "0").out
    assert "input 13" in out
    assert "linear features=3" in out
    assert "train_loss" in out


def test_a_curve_has_a_row_for_each_epoch(nas: Nas, searched: tuple[Path, Ran]) -> None:
    number = str(searched[1].lines[-1]["best"]["number"])
    assert [point["epoch"] for point in nas("trial", "first", number, "--json").json["curve"]] == [1, 2]
    assert "train_loss" in nas("trial", "first", number, "--curve").out


def test_a_trial_that_is_not_there_is_4(nas: Nas) -> None:
    assert nas("trial", "first", "99").code == 4


def test_check_prints_a_study_file_that_can_be_run(nas: Nas, tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(nas("check", "study.yaml").out, "utf-8")
    again = run_in(tmp_path, "check", "again.yaml", "--json")
    assert again.json["definition"] == nas("check", "study.yaml", "--json").json["definition"]


def test_check_says_what_the_networks_cost(fresh: Nas, tmp_path: Path) -> None:
    found = fresh("check", "study.yaml", "--json").json
    assert found["parameters"]["low"] == 13 * 4 + 4 + 4 * 3 + 3
    assert found["parameters"]["high"] <= 1200
    assert 0 < found["infeasible"] < 1
    assert found["estimated_seconds"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"study.yaml"}


def test_check_refuses_a_metric_that_the_task_lacks(fresh: Nas) -> None:
    ran = fresh("check", "study.yaml", "--set", "objective=maximize r2")
    assert ran.code == 3
    assert ran.err.startswith("--set objective=maximize r2: objective: ")
    assert "'r2'" in ran.err


def test_export_writes_and_verifies(nas: Nas, tmp_path: Path) -> None:
    ran = nas("export", "first", "--to", "source", "--to", "safetensors", "--folder", str(tmp_path), "--json")
    assert ran.code == 0, ran.err
    assert {item["kind"] for item in ran.json} == {"export.source", "export.safetensors"}
    assert all(Path(item["path"]).parent == tmp_path for item in ran.json)


def test_export_names_every_format_in_its_help(nas: Nas) -> None:
    out = nas("export", "--help").out
    assert len(EXPORTERS.names()) == 4
    assert all(name in out for name in EXPORTERS.names())


def test_export_to_an_unknown_format_names_the_nearest(nas: Nas) -> None:
    ran = nas("export", "first", "--to", "sorce")
    assert ran.code == 3
    assert "'source'" in ran.err


def test_db_status_counts(nas: Nas, searched: tuple[Path, Ran]) -> None:
    found = nas("db", "status", "--json").json
    trials = sum(searched[1].lines[-1]["trials"].values())
    assert (found["studies"], found["trials"], found["schema"]) == (1, trials, found["newest"])


def test_db_check_finds_nothing_wrong(nas: Nas) -> None:
    ran = nas("db", "check", "--json")
    assert (ran.code, ran.json) == (0, {"sound": True, "problems": [], "notes": []})


def test_db_check_notes_what_was_interrupted_and_exits_with_0(searched: tuple[Path, Ran], tmp_path: Path) -> None:
    run_in(searched[0], "db", "backup", str(tmp_path / "nas.db"))
    with sqlite3.connect(tmp_path / "nas.db") as connection:  # as kill -9 leaves it
        connection.execute("UPDATE nas_study SET state = 'RUNNING'")
        last = "(SELECT max(number) FROM nas_trial WHERE epochs > 0 AND reused_from IS NULL)"
        begun = "state = 'RUNNING', finished_at = NULL, results = '[]'"
        connection.execute(f"UPDATE nas_trial SET {begun} WHERE number = {last}")
    connection.close()
    ran = run_in(tmp_path, "db", "check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "note: interrupted: nas resume first\nsound\n"
    assert run_in(tmp_path, "db", "check", "--json").json["notes"] == ["interrupted: nas resume first"]


def test_a_large_score_has_no_digits_after_the_point() -> None:
    test = {"metric": "mae", "mean": 31763.2882, "std": 3266.2508, "seeds": 3}
    assert report.test_score({"test": test}) == "mae 31,763 ± 3,266 over 3 seeds"


def test_show_leaves_out_settings_that_nobody_chose(nas: Nas) -> None:
    told = nas("show", "first").out.splitlines()
    assert "task       wine" in told
    assert "pruner     none" in told
    assert "executor   inline" in told


def test_the_samples_are_told_alike_by_show_and_check(nas: Nas) -> None:
    told = "106/36/36 in train/validation/test; 13 inputs, 3 classes (classification)"
    assert f"samples    {told}" in nas("show", "first").out
    assert f"# samples     {told}" in nas("check", "study.yaml").out


def test_the_score_of_one_seed_has_no_spread() -> None:
    assert report.test_score({"test": {"metric": "r2", "mean": 0.5, "std": 0.0, "seeds": 1}}) == "r2 0.5000 over 1 seed"


def test_db_check_exits_with_1_when_something_is_wrong(searched: tuple[Path, Ran], tmp_path: Path) -> None:
    run_in(searched[0], "db", "backup", str(tmp_path / "nas.db"))
    with sqlite3.connect(tmp_path / "nas.db") as connection:
        connection.execute("UPDATE nas_trial SET state = 'RUNNING' WHERE number = 3")
    connection.close()
    ran = run_in(tmp_path, "db", "check")
    assert ran.code == 1
    assert "trial 3" in ran.out


def test_db_upgrade_leaves_the_newest_as_it_is(nas: Nas) -> None:
    found = nas("db", "upgrade", "--json").json
    assert found["before"] == found["schema"]


def test_a_backup_holds_the_same_studies(nas: Nas, tmp_path: Path) -> None:
    nas("db", "backup", str(tmp_path / "copy.db"))
    copied = run_in(tmp_path, "ls", "--storage", "sqlite:///copy.db", "--json").json
    assert copied == nas("ls", "--json").json


def test_spaces_lists_the_library(nas: Nas) -> None:
    listed = nas("spaces", "--json").json
    assert [space["name"] for space in listed] == list(library())
    assert all(space["description"].endswith(".") for space in listed)


def test_a_space_is_printed_to_be_copied(nas: Nas) -> None:
    assert nas("spaces", "mlp").out.startswith("# ")


def test_an_unknown_space_names_the_nearest(nas: Nas) -> None:
    ran = nas("spaces", "mpl")
    assert ran.code == 3
    assert "'mlp'" in ran.err


def test_tasks_lists_the_menu_with_descriptions(nas: Nas) -> None:
    listed = nas("tasks", "--json").json
    assert {"digits", "wine", "breast_cancer", "diabetes", "csv", "npz"} <= {task["name"] for task in listed}
    assert all(task["description"] for task in listed)


def test_the_settings_of_a_task_are_told(nas: Nas) -> None:
    assert "target" in [item["name"] for item in nas("tasks", "csv", "--json").json["settings"]]
    assert "the column to predict" in nas("tasks", "csv").out


def test_stopping_what_does_not_run_says_so(nas: Nas) -> None:
    ran = nas("stop", "first", "--wait")
    assert ran.code == 0
    assert "no controller" in ran.err


def test_no_escape_codes_reach_a_pipe(nas: Nas) -> None:
    assert "\x1b" not in "".join(nas(*command).out for command in (("ls",), ("show", "first"), ("top", "first")))


def test_a_narrow_terminal_loses_nothing(nas: Nas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert nas("ls").code == 0


def test_two_objectives_are_shown_with_the_way_to_the_front(fresh: Nas, tmp_path: Path) -> None:
    text = (tmp_path / "study.yaml").read_text("utf-8")
    several = "objectives: [maximize accuracy, minimize parameters]"
    (tmp_path / "study.yaml").write_text(text.replace("objective: maximize accuracy", several), "utf-8")
    ran = fresh("run", "study.yaml", "--set", "final.seeds=0", "--set", "budget.epochs=1")
    front = fresh("top", "first", "--pareto", "--json").json
    values = [trial["values"] for trial in front]
    assert values == sorted(values, key=lambda value: (-value["accuracy"], value["parameters"]))
    plural = "" if len(front) == 1 else "s"
    assert f"{len(front)} trial{plural}; see them with: nas top first --pareto" in ran.out
    assert "\ngoal     maximize validation accuracy, minimize parameters\n" in ran.err


def test_why_trials_failed_is_counted(fresh: Nas) -> None:
    diverging = ("--set", "space.optimizer={sgd: {lr: [1e9]}}", "--set", "space.limits={}", "--set", "final.seeds=0")
    ran = fresh("run", "study.yaml", *diverging, "--trials", "2", "--set", "artifacts.export=[]")
    assert "failures  2 × not a finite number" in ran.out
