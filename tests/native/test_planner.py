"""The planner takes the faster engine, remembers why, and leaves to plain torch what the native engine has not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cohorts import Task, member, named, task
from training_jobs import candidate, job, outcome, run

from search_spaces.network import Network
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.global_pool import GlobalPool
from search_spaces.ops.linear import Linear
from workers.engines import planner
from workers.engines.calibration import remembered
from workers.engines.mixed import MixedEngine
from workers.engines.protocol import Member


@pytest.fixture(scope="module")
def digits() -> Task:
    return task()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "nas"


def big(number: int) -> Member:
    network = Network((32, 14, 14), 10, (Conv2d(96, 3), GlobalPool("average"), Linear(10))).check()
    return Member(number, candidate(0), network, 16)


def test_a_small_network_is_trained_natively(digits: Task) -> None:
    assert planner.choose(member(digits, 0, candidate(0, width=16))) == "native"


def test_the_switch_keeps_everything_in_plain_torch(digits: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(planner.SWITCH, "solo")
    assert planner.choose(member(digits, 0, candidate(0, width=16))) == "solo"


def test_a_close_choice_is_tried_and_remembered(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "CLEAR", 1e9)
    planner._tried.cache_clear()
    chosen = planner.choose(big(0))
    (path,) = cache.glob("trial-*.json")
    found = json.loads(path.read_text())
    assert found["engine"] == chosen
    assert (found["native"] <= planner.NEAR * found["solo"]) == (chosen == "native")
    written = path.stat().st_mtime_ns
    planner._tried.cache_clear()
    assert planner.choose(big(1)) == chosen
    assert path.stat().st_mtime_ns == written


def test_a_cache_that_is_no_json_is_measured_again(cache: Path) -> None:
    assert remembered("x", lambda: {"a": 1}) == {"a": 1}
    (path,) = cache.glob("x-*")
    path.write_text("{")
    assert remembered("x", lambda: {"a": 2}) == {"a": 2}
    assert remembered("x", lambda: {"a": 3}) == {"a": 2}


def test_what_the_native_engine_has_not_is_left_to_plain_torch(digits: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "_covered", lambda network: True)
    engine = MixedEngine(digits.info, samples=len(digits.train), epochs=1, device="cpu")
    strange = candidate(1, optimizer=named("adamw", beta1=1.0))
    failures = engine.add([member(digits, 0, candidate(0)), member(digits, 1, strange)])
    assert failures[1].reason.startswith("build: optimizer.adamw.beta1")
    assert engine.engine_of(0) == "native"


def test_an_outcome_says_which_engine_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(run(job(tmp_path, candidate(0), epochs=1))).engine == "native"
    monkeypatch.setenv(planner.SWITCH, "solo")
    assert outcome(run(job(tmp_path, candidate(0), epochs=1))).engine == "solo"


def test_a_cohort_of_both_engines_is_as_each_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    makers = [candidate(number, width=16 + number) for number in range(4)]
    honest = planner.choose
    monkeypatch.setattr(planner, "choose", lambda of: "solo" if of.number % 2 else honest(of))
    events = run(job(tmp_path, *makers, epochs=2))
    assert [outcome(events, number).engine for number in range(4)] == ["native", "solo"] * 2
    assert all(outcome(events, number).state == "COMPLETE" for number in range(4))
    assert replace(outcome(events, 1), seconds=0).epochs == 2
