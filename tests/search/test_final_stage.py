"""The last stage: the best retrained once per seed, scored once, and gone on with where it stood."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted import EPOCHS, Bench, Killed, Life, Script, ScriptedExecutor, killing, reaching

from nas.artifacts.final_result import score
from nas.config import Artifacts, Budget, Final, StudyConfig
from nas.events import FinalScored, FinalStarted, Noticed
from nas.storage import Artifact
from workers.errors import TaskError
from workers.messages import Assignment, Job

SEARCH = 3 * EPOCHS + 3
"""Polls of the search, and of the three recipes of the linear baseline, before the first retraining."""


def config(bench: Bench, **settings: Any) -> StudyConfig:
    """Three trials, of which the best alone is retrained."""
    return bench.config(budget=Budget(3, EPOCHS), final=Final(**{"seeds": 3, "top": 1, **settings}))


def is_linear(job: Job) -> bool:
    return job.assignments[0].candidate.architecture.family == "linear"


def final_jobs(executor: ScriptedExecutor) -> list[Job]:
    return [job for job in executor.jobs if job.stage == "final" and not is_linear(job)]


def in_final(script: Script, otherwise: Script) -> ScriptedExecutor:
    """Follow one script in retrainings, the other in the search; the number of the nth retraining is n there."""
    executor = ScriptedExecutor()
    first: list[int] = []

    def both(item: Assignment) -> Life:
        if executor.jobs[-1].stage != "final" or is_linear(executor.jobs[-1]):
            return otherwise(item)
        first.append(item.number)
        return script(replace(item, number=item.number - first[0]))

    executor.script = both
    return executor


def finals(bench: Bench) -> list[tuple[int, int]]:
    return [(item.number, item.seed) for item in bench.storage.artifacts(bench.record.id) if item.kind == "final"]


def by_seed(item: Assignment) -> Life:
    """Learn as the seed has it: the number of a retraining is its place in the plan, which a resume may change."""
    return Life(lambda epoch: {"loss": 1.0, "accuracy": (item.candidate.seed % 1000) / 1000})


def test_the_best_is_retrained_and_scored_once_per_seed(bench: Bench) -> None:
    executor = ScriptedExecutor(reaching(0.2, 0.8, 0.5))
    record = bench.run(executor, config(bench))
    jobs = final_jobs(executor)
    assert len(jobs) == 3
    assert len({job.assignments[0].candidate.seed for job in jobs}) == 3
    assert {job.assignments[0].candidate.recipe for job in jobs} == {bench.trials[1].candidate.recipe}
    assert {number for number, _ in finals(bench)} == {1}
    assert record.result["best"] == 1
    test = record.result["test"]
    assert isinstance(test, dict)
    assert (test["metric"], test["seeds"]) == ("accuracy", 3)
    assert [item.trainings for item in bench.told(FinalStarted)] == [3]
    assert len(bench.told(FinalScored)) == 3


def test_a_retraining_may_be_longer_than_a_trial(bench: Bench) -> None:
    executor = ScriptedExecutor()
    bench.run(executor, config(bench, epochs=12))
    assert {job.epochs for job in final_jobs(executor)} == {12}


def test_a_retraining_writes_no_file_but_its_last(bench: Bench) -> None:
    executor = ScriptedExecutor()
    bench.run(executor, config(bench))
    assert {job.checkpoint_seconds for job in final_jobs(executor)} == {float("inf")}


def test_no_seeds_means_no_final_stage(bench: Bench) -> None:
    executor = ScriptedExecutor()
    record = bench.run(executor, config(bench, seeds=0))
    assert final_jobs(executor) == []
    assert record.result["test"] is None


@pytest.mark.parametrize("poll", [SEARCH + 3, SEARCH + EPOCHS + 1, SEARCH + 2 * EPOCHS + 4])
def test_a_killed_final_stage_goes_on_where_it_stood(bench: Bench, poll: int) -> None:
    with suppress(Killed):
        bench.run(ScriptedExecutor(by_seed, at_poll=killing(poll)), config(bench))
    scored = finals(bench)
    assert len(scored) == (poll - SEARCH - 1) // EPOCHS
    executor = ScriptedExecutor(by_seed)
    record = bench.run(executor)
    assert len(final_jobs(executor)) == 3 - len(scored)
    assert [job for job in executor.jobs if job.stage == "search" and not is_linear(job)] == []
    assert len(set(finals(bench))) == 3
    alone = Bench(bench.folder / "undisturbed")
    assert alone.run(ScriptedExecutor(by_seed), config(bench)).result["test"] == record.result["test"]


def test_a_drained_final_stage_goes_on_where_it_stood(bench: Bench) -> None:
    stopped = bench.run(ScriptedExecutor(), config(bench), interrupted=lambda: len(bench.told(FinalScored)) == 1)
    assert stopped.state == "STOPPED"
    assert len(finals(bench)) == 1
    assert bench.run(ScriptedExecutor()).state == "FINISHED"
    assert len(finals(bench)) == 3


def test_a_retraining_lasts_as_long_as_its_trial_did(bench: Bench) -> None:
    executor = ScriptedExecutor()
    bench.run(executor, config(bench))
    assert {job.epochs for job in final_jobs(executor)} == {EPOCHS}


def test_a_retraining_whose_worker_died_is_begun_again(bench: Bench) -> None:
    def dying(item: Assignment) -> Life:
        return replace(reaching(0.5)(item), lost_after=4 if item.number == 1 and item.attempt < 3 else None)

    executor = in_final(dying, reaching(0.5))
    bench.run(executor, config(bench))
    assert [job.assignments[0].attempt for job in final_jobs(executor)] == [1, 1, 1, 2, 3]
    assert len(finals(bench)) == 3
    assert len([item for item in bench.told(Noticed) if "begun again" in item.text]) == 2


def test_a_retraining_that_is_lost_three_times_is_left_out_and_that_is_said(bench: Bench) -> None:
    def dying(item: Assignment) -> Life:
        return replace(reaching(0.5)(item), lost_after=4 if item.number == 1 else None)

    record = bench.run(in_final(dying, reaching(0.5)), config(bench))
    assert record.state == "FINISHED"
    assert len(finals(bench)) == 2
    assert len(bench.storage.events(record.id, kind="final.lost")) == 1
    assert record.result["warnings"] == ["2 of 3 retrainings of trial 0 count: its worker was lost"]


def test_a_retraining_that_diverges_is_replaced_by_another_seed_and_that_is_said(bench: Bench) -> None:
    def diverging(item: Assignment) -> Life:
        return replace(reaching(0.5)(item), fails_after=4 if item.number == 0 else None, reason="nan")

    executor = in_final(diverging, reaching(0.5))
    record = bench.run(executor, config(bench))
    assert len(final_jobs(executor)) == 4
    test = record.result["test"]
    assert isinstance(test, dict)
    assert (test["seeds"], record.result["failed_retrainings"]) == (3, 1)
    assert any("failed: not a finite number" in item.text for item in bench.told(Noticed))
    assert "1 of 4 retrainings failed (not a finite number)" in str(record.result["warnings"])


def test_a_diverged_seed_is_not_trained_again_after_a_kill(bench: Bench) -> None:
    def diverging(item: Assignment) -> Life:
        return replace(reaching(0.5)(item), fails_after=4 if item.number == 0 else None, reason="nan")

    executor = in_final(diverging, reaching(0.5))
    executor.at_poll = killing(SEARCH + EPOCHS + 2)
    with suppress(Killed):
        bench.run(executor, config(bench))
    failed = next(job.assignments[0].candidate.seed for job in final_jobs(executor))
    again = ScriptedExecutor()
    bench.run(again)
    assert failed not in {job.assignments[0].candidate.seed for job in final_jobs(again)}
    assert len(finals(bench)) == 3
    assert bench.record.result["failed_retrainings"] == 1


def test_a_study_whose_export_fails_is_not_finished_and_says_what_it_owes(bench: Bench) -> None:
    artifacts = Artifacts(str(bench.folder / "runs"), export=("source", "safetensors"))
    with pytest.raises(TaskError, match="study 's': nothing is exported"):  # the samples are not those of digits
        bench.run(ScriptedExecutor(), replace(config(bench), artifacts=artifacts))
    assert bench.record.state == "STOPPED"
    assert bench.record.result["test"]
    assert "the export (source, safetensors) is owed" in bench.told(Noticed)[-1].text
    assert len(bench.storage.events(bench.record.id, kind="export.failed")) == 2


def test_a_score_is_mean_and_sample_deviation() -> None:
    def artifact(seed: int, accuracy: float, number: int = 1) -> Artifact:
        return Artifact(number, "final", "a", "b", 1, 9, {"accuracy": accuracy}, seed)

    found = score([artifact(1, 0.8), artifact(2, 0.9), artifact(3, 0.1, number=2)], 1, "accuracy")
    assert found is not None
    assert (found.mean, found.std, found.seeds) == pytest.approx((0.85, 0.0707107, 2))
    assert score([], 1, "accuracy") is None


def test_files_that_are_no_longer_needed_are_gone(bench: Bench) -> None:
    bench.run_killed(bench.config(artifacts=Artifacts(str(bench.folder / "runs"), keep=2, export=())), [4, 20, 9])
    kept = {Path(trial.checkpoint.path) for trial in bench.trials if trial.checkpoint}
    assert len(kept) == 2
    assert set((bench.folder / "runs/s/checkpoints").iterdir()) == kept
