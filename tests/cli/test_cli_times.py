"""What is said of a study's time, and of its test score, says of which run or trial it is."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from command_runs import SMALL, Nas, Ran
from rich.console import Console

from nas.cli.output import report
from nas.cli.output.times import times
from nas.snapshot import Snapshot, read_from
from nas.storage import StudyRecord
from nas.storage.records import Json, StudyState


@pytest.fixture
def record(searched: tuple[Path, Ran]) -> StudyRecord:
    return read_from(f"sqlite:///{searched[0]}/nas.db", "first").record


def told(record: StudyRecord, seconds: float, state: StudyState = "FINISHED", **result: Json) -> str:
    return str(times(replace(record, seconds=seconds, state=state, result=result)))


def test_of_one_run_the_parts_stand_behind_its_seconds(record: StudyRecord) -> None:
    parts: Json = {"search": 9.0, "export": 2.5, "sampler": 0.01}
    assert told(record, 12.0, wall=12.0, run=12.0, time=parts) == "12 s (search 9.0 s, export 2.5 s)"


def test_of_several_runs_the_parts_stand_behind_the_seconds_of_the_last(record: StudyRecord) -> None:
    assert (
        told(record, 72.0, wall=72.0, run=12.0, time={"search": 9.0})
        == "1m 12s in all runs; 12 s in the last (search 9.0 s)"
    )


def test_parts_of_an_earlier_run_are_not_told_of_a_later_one_without_a_result(record: StudyRecord) -> None:
    assert told(record, 80.0, "STOPPED", wall=72.0, run=12.0, time={"search": 9.0}) == "1m 20s"


def test_a_record_that_does_not_say_of_which_run_its_parts_are_tells_none(record: StudyRecord) -> None:
    assert told(record, 72.0, wall=72.0, time={"search": 9.0}) == "1m 12s"


def test_parts_are_no_longer_than_the_run_that_they_are_of(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    last = fresh("resume", "first", "--trials", "3", "--json").lines[-1]
    assert max(last["time"].values()) <= last["run_seconds"] < last["seconds"]


def test_the_summary_after_a_resume_says_both(fresh: Nas) -> None:
    fresh("run", "study.yaml", *SMALL, "--quiet")
    out = fresh("resume", "first", "--trials", "3", "--quiet").out
    (line,) = [line for line in out.splitlines() if line.startswith("time")]
    assert " in all runs; " in line
    assert " in the last (" in line


def test_a_run_without_a_result_says_how_long_all_took(fresh: Nas) -> None:
    last = fresh("run", "study.yaml", *SMALL, "--set", "constraints=[accuracy > 2]", "--json").lines[-1]
    assert last["state"] == "FAILED"
    assert (last["run_seconds"], last["time"]) == (None, {})
    assert last["seconds"] > 0


def outcome(snapshot: Snapshot) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(report.outcome(snapshot))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_test_score_names_its_trial_where_another_is_the_best_by_now(searched: tuple[Path, Ran]) -> None:
    known = read_from(f"sqlite:///{searched[0]}/nas.db", "first")
    assert known.best is not None
    earlier = next(trial.number for trial in known.standings if trial.number != known.best.number)
    result = {**known.record.result, "best": earlier}
    later = replace(known, record=replace(known.record, state="STOPPED", seconds=1e6, result=result))
    assert f"over 2 seeds (trial {earlier})" in outcome(later)
    assert "over 2 seeds; " in outcome(known)
