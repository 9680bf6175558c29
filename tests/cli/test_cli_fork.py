"""A study whose file has changed in what makes it another search: refused, or forked."""

import sqlite3
from pathlib import Path

import pytest
from command_runs import Nas

from nas.storage import Storage

QUICK = ("--trials", "6", "--set", "final.seeds=0", "--set", "artifacts.export=[]")


def rows(folder: Path, study: str) -> list[tuple[object, ...]]:
    """Return all that is on record of a study."""
    tables = ("nas_study", "nas_trial", "nas_epoch", "nas_event")
    with sqlite3.connect(folder / "nas.db") as database:
        (number,) = database.execute("SELECT id FROM nas_study WHERE name = ?", [study]).fetchone()
        keys = {table: "id" if table == "nas_study" else "study_id" for table in tables}
        return [row for t in tables for row in database.execute(f"SELECT * FROM {t} WHERE {keys[t]} = ?", [number])]


@pytest.fixture
def begun(fresh: Nas, tmp_path: Path) -> list[tuple[object, ...]]:
    ran = fresh("run", "study.yaml", *QUICK, "--quiet")
    assert ran.code == 0, ran.err
    return rows(tmp_path, "first")


def test_a_changed_file_is_refused_and_the_fork_named(fresh: Nas, begun: object) -> None:
    ran = fresh("run", "study.yaml", *QUICK, "--seed", "3")
    assert ran.code == 5
    assert "differs in: seed" in ran.err
    assert "add --fork" in ran.err


def test_a_safe_change_needs_no_fork(fresh: Nas, begun: object) -> None:
    ran = fresh("run", "study.yaml", *QUICK, "--trials", "8", "--set", "training.checkpoint_seconds=9", "--json")
    assert ran.code == 0, ran.err
    assert ran.lines[-1]["trials"]["complete"] == 8


def test_a_fork_begins_with_the_trials_that_hold_and_leaves_the_old_study_as_it_is(
    fresh: Nas, begun: list[tuple[object, ...]], tmp_path: Path
) -> None:
    ran = fresh("run", "study.yaml", *QUICK, "--trials", "12", "--set", "space.depth=1..3", "--fork", "--json")
    assert ran.code == 0, ran.err
    told = next(line["text"] for line in ran.lines if line["event"] == "notice" and "forked" in line["text"])
    started = next(line for line in ran.lines if line["event"] == "study.started")
    with Storage.open(f"sqlite:///{tmp_path}/nas.db") as storage:
        old, new = (storage.trials(storage.study(name).id) for name in ("first", "first-2"))
    trained = [trial for trial in old if trial.state == "COMPLETE" and trial.epochs]
    assert trained
    assert told.startswith(f"forked from study 'first': {len(trained)} trials carried over")
    assert started["finished"] == len(trained)
    assert [trial.params for trial in new[: len(trained)]] == [trial.params for trial in trained]
    assert [trial.curve for trial in new[: len(trained)]] == [trial.curve for trial in trained]
    assert sum(trial.trained for trial in new) == 12
    assert rows(tmp_path, "first") == begun


def test_a_fork_says_where_it_is_from(fresh: Nas, begun: object) -> None:
    assert fresh("resume", "first", "--set", "seed=3", "--fork", "--name", "second", "--quiet").code == 0
    assert fresh("show", "second", "--json").json["forked_from"] == "first"
    assert fresh("show", "first", "--json").json["forked_from"] is None
    assert "forked from  first" in fresh("show", "second").out


def test_a_fork_without_a_name_takes_the_next_that_is_free(fresh: Nas, begun: object) -> None:
    for _ in range(2):
        assert fresh("resume", "first", "--set", "seed=3", "--fork", "--quiet").code == 0
    assert [study["study"] for study in fresh("ls", "--json").json] == ["first", "first-2", "first-3"]


def test_a_fork_with_a_taken_name_is_refused(fresh: Nas, begun: object) -> None:
    ran = fresh("run", "study.yaml", *QUICK, "--fork", "--name", "first")
    assert ran.code == 5
    assert "a study 'first' exists" in ran.err


def test_a_fork_of_nothing_is_refused(fresh: Nas) -> None:
    assert fresh("run", "study.yaml", "--fork").code == 4


def test_a_name_without_a_fork_is_no_resume(fresh: Nas, begun: object) -> None:
    ran = fresh("resume", "first", "--name", "second")
    assert ran.code == 2
    assert "--fork begins another" in ran.err


def test_the_fork_has_weights_of_its_own(fresh: Nas, begun: object, tmp_path: Path) -> None:
    assert fresh("resume", "first", "--set", "seed=3", "--fork", "--quiet").code == 0
    with Storage.open(f"sqlite:///{tmp_path}/nas.db") as storage:
        kept = [
            {trial.checkpoint.path for trial in storage.trials(storage.study(name).id) if trial.checkpoint}
            for name in ("first", "first-2")
        ]
        assert storage.check(folder=tmp_path) == []
    assert all(kept)
    assert not kept[0] & kept[1]


@pytest.mark.parametrize(("name", "told"), [("Bad Name", "got 'Bad Name' (try bad-name)"), ("", "got ''")])
def test_a_fork_gets_no_name_that_a_file_could_not_give(fresh: Nas, begun: object, name: str, told: str) -> None:
    ran = fresh("resume", "first", "--set", "seed=3", "--fork", "--name", name)
    assert ran.code == 3
    assert ran.err.startswith("error: name: needs small letters")
    assert told in ran.err
