"""A sampler or pruner that fails in the middle of a search ends it with its name, and nothing is lost."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from scripted import Bench, ScriptedExecutor, asha, results

from nas.config import StudyConfig
from nas.controller.controller import Controller
from nas.controller.lease_heartbeat import LeaseHeartbeat
from nas.controller.prepare import prepare
from nas.controller.proposals import seed_of
from nas.controller.run import Run
from nas.controller.run_settings import RunSettings
from nas.policies.pair import Pair, pair
from nas.pruners._checked import CheckedPruner
from nas.samplers._checked import CheckedSampler
from nas.trials import TrialState
from search_spaces.errors import SpecError

REPORTS, ASKED = 12, 3


class Failing:
    """Does what another does until a method has been called so many times, then raises."""

    def __init__(self, other: Any, method: str, calls: int) -> None:
        self._other, self._method, self._left = other, method, calls

    def __getattr__(self, name: str) -> Any:
        if name != self._method:
            return getattr(self._other, name)
        self._left -= 1
        if self._left < 0:
            raise ValueError("no idea")
        return getattr(self._other, name)


def failing(config: StudyConfig, method: str, calls: int) -> Pair:
    """Return the policy of a study, its sampler or pruner failing in a method."""
    sound = pair(config, seed=seed_of(config.seed, "sampler"))
    if method in ("ask", "tell"):
        sampler = Failing(sound.sampler, method, calls)
        return replace(sound, sampler=CheckedSampler("random", lambda: sampler, config.space))
    pruner = Failing(sound.pruner, method, calls)
    return replace(sound, pruner=CheckedPruner("asha", lambda: pruner))


def begin(bench: Bench, config: StudyConfig, decide: Callable[[StudyConfig], Pair]) -> ScriptedExecutor:
    executor = ScriptedExecutor(capacity=2)
    with ExitStack() as stack:
        prepared = prepare(config, stack, lambda _: executor)
        prepared = replace(prepared, policy=decide(prepared.config))
        Controller(bench.storage, RunSettings(pause=0.0)).begin_prepared(prepared)
    return executor


FAILURES: Sequence[tuple[str, int]] = [("ask", ASKED), ("tell", 2), ("report", REPORTS), ("finish", 2)]


@pytest.mark.parametrize(("method", "calls"), FAILURES)
def test_it_is_told_by_name_and_the_study_is_stopped(method: str, calls: int, bench: Bench) -> None:
    with pytest.raises(SpecError, match=rf"cannot be used: {method} raised ValueError: no idea .*nas resume s\)$"):
        begin(bench, bench.config(pruning=asha()), lambda config: failing(config, method, calls))
    assert bench.record.state == "STOPPED"
    assert {trial.state for trial in bench.trials} & {TrialState.RUNNING} == set()


@pytest.mark.parametrize(("method", "calls"), FAILURES)
def test_a_resume_without_the_fault_ends_as_if_there_had_been_none(method: str, calls: int, bench: Bench) -> None:
    config = bench.config(pruning=asha())
    with pytest.raises(SpecError):
        begin(bench, config, lambda config: failing(config, method, calls))
    before = sum(trial.epochs or len(trial.curve) for trial in bench.trials)
    executor = ScriptedExecutor(capacity=2)
    bench.run(executor)
    after = sum(trial.epochs for trial in bench.trials)
    assert executor.trained == after - before, "an epoch was trained twice"

    whole = Bench(bench.folder / "whole")
    whole.run(ScriptedExecutor(capacity=2), config=replace(config, storage=whole.url))
    assert {trial.state for trial in bench.trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert [item[:2] for item in results(bench.trials)] == [item[:2] for item in results(whole.trials)]


def test_one_that_fails_with_what_is_on_record_stops_before_anything_is_trained(bench: Bench) -> None:
    config = bench.config(pruning=asha())
    bench.run(ScriptedExecutor(), interrupted=bench.after(3))
    executor = ScriptedExecutor()
    with ExitStack() as stack:
        prepared = prepare(config, stack, lambda _: executor)
        prepared = replace(prepared, policy=failing(prepared.config, "tell", 0))
        heartbeat = LeaseHeartbeat(bench.storage, bench.storage.acquire(bench.record.id))
        with pytest.raises(SpecError, match="tell raised"):
            Run(bench.storage, bench.record, prepared, heartbeat, RunSettings()).run_to_end()
    assert executor.jobs == []
