"""A time bounds the whole command, and a search that is ended early leaves its best."""

from collections.abc import Sequence
from threading import Event as Flag

import pytest
from scripted import EPOCHS, Bench, ScriptedExecutor, reaching

from nas.config import Budget, Final
from nas.controller.final_stage.reserve import MOST, UTMOST, reserved
from nas.errors import NoUsableTrial
from nas.trials import TrialState
from workers.messages import Event, JobLost


class Clock:
    """Every poll takes half a second, which is what the script says that an epoch takes."""

    def __init__(self) -> None:
        self.now = 100.0

    def tick(self, poll: int) -> Sequence[Event | JobLost]:
        self.now += 0.5
        return ()

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_search_leaves_the_time_that_retraining_takes(bench: Bench, seeds: int) -> None:
    clock = Clock()
    config = bench.config(budget=Budget(0, EPOCHS, seconds=90.0), final=Final(seeds=seeds, top=2))
    record = bench.run(ScriptedExecutor(at_poll=clock.tick), config, clock=clock)
    test = record.result["test"]
    assert isinstance(test, dict)
    assert test["seeds"] == seeds
    assert record.result["reason"] == "time"
    assert 70 < record.seconds <= 90 + 3


def test_time_counts_from_the_start_of_the_command(bench: Bench) -> None:
    clock = Clock()
    config = bench.config(budget=Budget(0, EPOCHS, seconds=20.0))
    bench.run(ScriptedExecutor(at_poll=clock.tick), config, clock=clock, began=clock.now - 10.0)
    assert bench.record.seconds == pytest.approx(20.0, abs=1.5)
    assert clock.now - 100.0 == pytest.approx(10.0, abs=1.5)


def test_what_follows_a_search_is_left_four_tenths_of_its_time_at_most(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    config = bench.config(budget=Budget(0, EPOCHS, seconds=100.0), final=Final(seeds=1000))
    assert reserved(config, bench.record.task, bench.trials, 1) == MOST * 100.0


def test_one_retraining_of_the_best_is_left_more(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    config = bench.config(budget=Budget(0, EPOCHS, seconds=12.0), final=Final(seeds=1000))
    assert MOST * 12.0 < reserved(config, bench.record.task, bench.trials, 1) < UTMOST * 12.0


def test_a_study_of_one_trial_that_the_clock_ends_has_a_result(bench: Bench) -> None:
    clock = Clock()
    config = bench.config(budget=Budget(0, EPOCHS, seconds=2.0), final=Final(seeds=1))
    record = bench.run(ScriptedExecutor(at_poll=clock.tick), config, clock=clock)
    assert record.state == "FINISHED"
    assert [(trial.state, trial.reason) for trial in bench.trials if trial.trained] == [(TrialState.COMPLETE, "time")]
    assert record.result["best"] == 0


def test_a_start_that_took_the_time_leaves_as_much_again_to_measure_something(bench: Bench) -> None:
    clock = Clock()
    config = bench.config(budget=Budget(0, EPOCHS, seconds=2.0), final=Final(seeds=1))
    bench.run(ScriptedExecutor(at_poll=clock.tick), config, clock=clock, began=clock.now - 2.5)
    assert [trial.epochs for trial in bench.trials] == [1]


def test_a_study_in_which_nothing_was_measured_has_none(bench: Bench) -> None:
    clock = Clock()
    clock.now += 5.0
    config = bench.config(budget=Budget(0, EPOCHS, seconds=2.0))
    with pytest.raises(NoUsableTrial):
        bench.run(ScriptedExecutor(at_poll=clock.tick), config, clock=clock, began=100.0)


def test_a_study_that_is_to_finish_hands_out_the_best_so_far(bench: Bench) -> None:
    executor = ScriptedExecutor(reaching(0.5, 0.9, 0.7))
    config = bench.config(budget=Budget(trials=500, epochs=EPOCHS), final=Final(seeds=2, top=1))
    record = bench.run(executor, config, finish=bench.after(2 * EPOCHS + 4))
    assert (record.state, record.result["reason"], record.result["best"]) == ("FINISHED", "finish", 1)
    assert [(trial.reason, trial.epochs) for trial in bench.trials] == [("", 9), ("", 9), ("finish", 4)]
    assert len([job for job in executor.jobs if job.stage == "final" and job.epochs == EPOCHS]) >= 2


def test_another_process_can_ask_a_study_to_finish(bench: Bench) -> None:
    heard = Flag()  # never set: it lets the thread that keeps the lease have its turn

    def asks(poll: int) -> Sequence[Event | JobLost]:
        if poll == 15:
            bench.storage.request("s", "finish")
        heard.wait(0.05 if poll >= 15 else 0.0)
        return ()

    record = bench.run(ScriptedExecutor(at_poll=asks), bench.config(budget=Budget(trials=500, epochs=EPOCHS)))
    assert (record.state, record.result["reason"]) == ("FINISHED", "finish")
