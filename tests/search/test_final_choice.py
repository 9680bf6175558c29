"""Who wins the final stage: fresh seeds choose among the best, and a recipe that diverges gives way."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from scripted import EPOCHS, TASK, Bench, Killed, Life, ScriptedExecutor, killing

from nas.config import Artifacts, Budget, Final, Objective, StudyConfig
from nas.controller.final_stage.plan import Plan
from nas.errors import NoUsableTrial
from nas.events import BaselineScored, ComparisonStarted, Noticed
from nas.storage import StudyRecord
from nas.study import Study
from workers.errors import TaskError
from workers.messages import Assignment, Job

LUCK, TRUTH = {0: 0.6, 1: 0.9, 2: 0.8, 3: 0.3}, {0: 0.6, 1: 0.7, 2: 0.8, 3: 0.3}
"""What each trial reached in the search, and what fresh seeds of it reach."""


@dataclass
class Stage:
    """An executor of which each trial does something else in the search, with fresh seeds, and retrained."""

    luck: dict[int, float] = field(default_factory=lambda: dict(LUCK))
    truth: dict[int, float] = field(default_factory=lambda: dict(TRUTH))
    fresh_diverge: frozenset[int] = frozenset()
    diverge: frozenset[int] = frozenset()
    explode: frozenset[int] = frozenset()
    tested: float = 0.0
    """What retrainings reach on test, if not what fresh seeds do on validation."""
    executor: ScriptedExecutor = field(
        default_factory=lambda: ScriptedExecutor(task=replace(TASK, baseline=(1.1, 0.4)))
    )
    _trials: dict[str, int] = field(default_factory=dict)
    """Which trial a candidate belongs to: by all but its seed."""
    trained: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.executor.script = self._life

    def _life(self, item: Assignment) -> Life:
        job = self.executor.jobs[-1]
        kind = kind_of(job)
        if kind == "baseline":
            return Life(lambda _: {"loss": 1.0, "accuracy": 0.5})
        recipe = str(replace(item.candidate, seed=0))
        if kind == "search":
            self._trials.setdefault(recipe, item.number)
            return self._reaching(self.luck[item.number])
        number = self._trials[recipe]
        self.trained.append((kind, number))
        if number in (self.fresh_diverge if kind == "comparison" else self.diverge):
            return replace(self._reaching(0.5), fails_after=2, reason="nan")
        if kind == "retraining" and number in self.explode:
            return self._reaching(0.1)
        return self._reaching(self.tested if kind == "retraining" and self.tested else self.truth[number])

    def _reaching(self, accuracy: float) -> Life:
        return Life(lambda epoch: {"loss": 1.0, "accuracy": accuracy * epoch / EPOCHS})

    def run(self, bench: Bench, **final: int) -> StudyRecord:
        return bench.run(self.executor, config(bench, **final))

    def of(self, kind: str) -> list[int]:
        return sorted(number for found, number in self.trained if found == kind)


def kind_of(job: Job) -> str:
    candidate = job.assignments[0].candidate
    if candidate.architecture.family == "linear":
        return "baseline"
    if job.stage == "final":
        return "retraining" if job.assignments[0].checkpoint is None else "scoring"
    return "search" if job.checkpoint_seconds < 1e9 else "comparison"


def config(bench: Bench, **final: Any) -> StudyConfig:
    return bench.config(budget=Budget(4, EPOCHS), final=Final(**final))


def warnings(record: StudyRecord) -> str:
    found = record.result["warnings"]
    assert isinstance(found, list)
    return "; ".join(map(str, found))


def test_fresh_seeds_keep_the_luckiest_trial_from_winning(bench: Bench) -> None:
    stage = Stage()
    record = stage.run(bench)
    assert stage.of("comparison") == [0, 0, 1, 1, 2, 2]
    assert stage.of("retraining") == [2, 2, 2]
    assert record.result["best"] == 2
    assert [item.numbers for item in bench.told(ComparisonStarted)] == [(1, 2, 0)]
    assert record.result["compared"] == [
        {"number": 1, "mean": pytest.approx(0.7), "seeds": 2, "failed": 0},
        {"number": 2, "mean": pytest.approx(0.8), "seeds": 2, "failed": 0},
        {"number": 0, "mean": pytest.approx(0.6), "seeds": 2, "failed": 0},
    ]


def test_the_choice_is_what_is_handed_out(bench: Bench) -> None:
    Stage().run(bench)
    study = Study("s", bench.url)
    assert study.best is not None
    assert study.incumbent is not None
    assert (study.best.number, study.incumbent.number) == (2, 1)


def test_the_choice_is_handed_out_where_the_export_is_owed_too(bench: Bench) -> None:
    stage, owing = Stage(), Artifacts(str(bench.folder / "runs"), export=("source",))
    with pytest.raises(TaskError, match="nothing is exported"):  # the samples are not those of digits
        bench.run(stage.executor, replace(config(bench), artifacts=owing))
    best = Study("s", bench.url).best
    assert (bench.record.state, best and best.number) == ("STOPPED", 2)


def test_a_study_that_goes_on_after_its_final_stage_hands_out_the_incumbent(bench: Bench) -> None:
    stage = Stage(luck={**LUCK, 4: 0.95, 5: 0.5}, truth={**TRUTH, 4: 0.95, 5: 0.5})
    stage.run(bench)
    more = replace(config(bench), budget=Budget(6, EPOCHS))
    bench.run(stage.executor, more, interrupted=bench.after(EPOCHS + 3))
    best = Study("s", bench.url).best
    assert (bench.record.state, bench.record.result["best"], best and best.number) == ("STOPPED", 2, 4)


def test_a_comparison_measures_on_validation_for_as_long_as_the_trial(bench: Bench) -> None:
    stage = Stage()
    stage.run(bench)
    compared = [job for job in stage.executor.jobs if kind_of(job) == "comparison"]
    assert {(job.stage, job.epochs) for job in compared} == {("search", EPOCHS)}
    assert len({job.assignments[0].candidate.seed for job in compared}) == 6


def test_top_1_leaves_the_comparison_out(bench: Bench) -> None:
    stage = Stage()
    assert stage.run(bench, top=1).result["best"] == 1
    assert stage.of("comparison") == []


def test_no_seed_changes_what_is_no_metric_so_nothing_is_compared(bench: Bench) -> None:
    stage = Stage()
    objectives = (Objective("parameters", "minimize"), Objective("accuracy", "maximize"))
    record = bench.run(stage.executor, replace(config(bench), objectives=objectives))
    assert stage.of("comparison") == []
    assert record.state == "FINISHED"


def test_a_candidate_whose_fresh_seeds_diverge_comes_last_and_that_is_said(bench: Bench) -> None:
    record = Stage(fresh_diverge=frozenset({2})).run(bench)
    assert record.result["best"] == 1
    assert "trial 2: 2 of 2 fresh seeds failed (not a finite number)" in warnings(record)


@pytest.mark.parametrize("poll", [4 * EPOCHS + 5, 4 * EPOCHS + 3 * EPOCHS, 4 * EPOCHS + 7 * EPOCHS])
def test_a_killed_final_stage_measures_no_fresh_seed_twice(bench: Bench, poll: int) -> None:
    stage = Stage()
    stage.executor.at_poll = killing(poll)
    with suppress(Killed):
        stage.run(bench)
    known = len(bench.storage.events(bench.record.id, kind="final.measured"))
    stage.executor.at_poll = lambda _: ()
    stage.executor.running.clear()
    before = len(stage.of("comparison"))
    record = bench.run(stage.executor)
    assert len(stage.of("comparison")) - before == 6 - known
    assert (record.state, record.result["best"]) == ("FINISHED", 2)


def test_a_recipe_whose_retrainings_diverge_gives_way_to_the_next_best(bench: Bench) -> None:
    record = Stage(diverge=frozenset({2})).run(bench)
    assert record.result["best"] == 1
    assert record.result["test"] is not None
    assert "trial 2 gives way to the next best" in warnings(record)
    assert len(bench.storage.events(record.id, kind="final.gave_way")) == 1
    assert any("gives way" in item.text for item in bench.told(Noticed))


def test_a_recipe_whose_scores_explode_gives_way_and_leaves_no_weights(bench: Bench) -> None:
    record = Stage(explode=frozenset({2}), truth={0: 0.6, 1: 0.7, 2: 0.95, 3: 0.3}).run(bench)
    assert record.result["best"] == 1
    assert {item.number for item in bench.storage.artifacts(record.id) if item.kind == "final"} == {1}
    assert "diverged" in warnings(record)


def test_a_study_of_which_every_retraining_diverges_ends_with_an_error(bench: Bench) -> None:
    stage = Stage(diverge=frozenset({0, 1, 2, 3}))
    with pytest.raises(NoUsableTrial, match="retrainings of all 4 usable trials diverged"):
        stage.run(bench)
    assert bench.record.state == "FAILED"
    assert not [item for item in bench.storage.artifacts(bench.record.id) if item.kind == "final"]


def test_one_seed_gets_a_second_try(bench: Bench) -> None:
    stage = Stage(diverge=frozenset({2}))
    record = stage.run(bench, seeds=1)
    assert stage.of("retraining") == [1, 2, 2]
    assert record.result["best"] == 1


def test_a_test_score_far_below_validation_is_flagged(bench: Bench) -> None:
    stage = Stage(executor=ScriptedExecutor(task=replace(TASK, samples=(600, 200, 200))), tested=0.5)
    assert "test accuracy 0.5 is far worse than validation accuracy 0.8" in warnings(stage.run(bench))


def test_baselines_stand_beside_the_score(bench: Bench) -> None:
    record = Stage().run(bench)
    assert record.result["baselines"] == {
        "majority": {"loss": 1.1, "accuracy": 0.4},
        "linear": {"loss": 1.0, "accuracy": 0.5},
    }
    assert [item.name for item in bench.told(BaselineScored)] == ["linear"]


def test_a_baseline_on_record_is_not_trained_again(bench: Bench) -> None:
    stage = Stage()
    stage.run(bench)
    before = len(stage.executor.jobs)
    bench.run(stage.executor, config(bench, seeds=4))
    assert [kind_of(job) for job in stage.executor.jobs[before:]] == ["retraining"]


@dataclass
class Clock:
    """A clock that each poll moves on, by its number and by what is being trained."""

    stage: Stage
    seconds: Callable[[int, str], float]
    now: float = 0.0

    def __post_init__(self) -> None:
        self.stage.executor.at_poll = self.tick

    def tick(self, poll: int) -> tuple[()]:
        self.now += self.seconds(poll, kind_of(self.stage.executor.jobs[-1]))
        return ()

    def __call__(self) -> float:
        return self.now


def over_after_the_search(stage: Stage) -> Clock:
    """Let the last epoch of the search take all the time there is."""
    return Clock(stage, lambda poll, _: 1000.0 if poll == 4 * EPOCHS else 0.0)


def timed(bench: Bench, seconds: float, **final: int) -> StudyConfig:
    return replace(config(bench, **final), budget=Budget(4, EPOCHS, seconds=seconds))


def test_time_that_is_over_leaves_the_weights_of_the_search_with_a_test_score(bench: Bench) -> None:
    stage = Stage()
    record = bench.run(stage.executor, timed(bench, 900.0), clock=over_after_the_search(stage))
    assert stage.of("retraining") == []
    assert (record.state, record.result["best"], record.result["weights"]) == ("FINISHED", 1, "search")
    test = record.result["test"]
    assert isinstance(test, dict)
    assert test["seeds"] == 1
    assert "nothing was retrained (the time was over)" in warnings(record)
    assert "trained on the train samples alone" in warnings(record)


def test_without_time_the_best_whose_weights_were_kept_is_handed_out(bench: Bench) -> None:
    stage = Stage(luck={0: 0.6, 1: 0.9, 2: 0.8, 3: 0.95})
    artifacts = Artifacts(str(bench.folder / "runs"), keep=1, export=())
    kept = replace(timed(bench, 900.0), artifacts=artifacts)
    record = bench.run(stage.executor, kept, clock=over_after_the_search(stage))
    assert record.result["best"] == 3
    assert record.result["test"] is not None


def test_what_was_scored_when_time_ended_counts_and_what_ran_is_ended(bench: Bench) -> None:
    stage = Stage()
    slower = Clock(stage, lambda _, kind: 0.5 if kind == "search" else 2.0)  # than the search let expect
    record = bench.run(stage.executor, timed(bench, 45.0, top=1), clock=slower)
    test = record.result["test"]
    assert isinstance(test, dict)
    assert test["seeds"] in (1, 2)
    assert f"{test['seeds']} of 3 retrainings of trial 1 count: there was no time for more" in warnings(record)
    assert stage.executor.ends != []


def test_what_a_plan_left_out_is_added_while_there_is_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "nas.controller.final_stage.stage.planned", lambda best, final, terms, **_: Plan(1, 0, 1, linear=False)
    )
    stage = Stage()
    record = stage.run(bench, top=1)
    assert stage.of("retraining") == [1, 1, 1]
    assert [item.name for item in bench.told(BaselineScored)] == ["linear"]
    assert record.result["warnings"] == []


def test_time_that_is_over_before_the_linear_baseline_is_said(bench: Bench) -> None:
    stage = Stage()
    record = bench.run(stage.executor, timed(bench, 900.0), clock=over_after_the_search(stage))
    assert "no linear baseline: there was no time for it" in warnings(record)
