"""Faults that are made to happen to any kind of database: kill -9 while saving."""

import random
import subprocess
import time
from collections.abc import Callable

from nas.storage import Storage, StudyRecord

Script = Callable[..., subprocess.Popen[str]]

KILLS = {"sqlite": 10, "postgresql": 5}
SAVE_FOR_EVER = """
import sys
from itertools import count
from dataclasses import replace
from nas.storage import Storage
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Architecture, Candidate, Recipe

storage = Storage.open(sys.argv[1])
study = storage.studies()[0]
lease = storage.acquire(study.id)
done = [trial.number for trial in storage.trials(study.id, curves="none")]
print("saving", flush=True)
for number in count(max(done, default=-1) + 1):
    trial = Trial(number, {"depth": 1}, Candidate(Architecture("mlp"), Recipe(), 0), TrialState.RUNNING)
    storage.save(lease, trials=[trial])
    points = [Point(epoch, {"loss": 1.0}, 0.1) for epoch in range(1, 6)]
    ended = replace(trial, state=TrialState.COMPLETE, values=(1.0,), finished_at=study.created_at)
    storage.save(lease, trials=[ended], points=[(number, point) for point in points], events=[("done", {"n": number})])
    print(number, flush=True)
"""


def test_kills_while_saving_lose_and_tear_nothing(
    kind: str, storage: Storage, url: str, study: StudyRecord, script: Script
) -> None:
    moments, finished = random.Random(0), set[int]()
    for _ in range(KILLS[kind]):
        process = script(SAVE_FOR_EVER, url)
        assert process.stdout is not None
        assert process.stdout.readline() == "saving\n"
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        told, _ = process.communicate()
        trials = storage.trials(study.id)
        ended = [trial for trial in trials if trial.state.finished]
        finished |= {int(line) for line in told.splitlines(keepends=True) if line.endswith("\n")}
        assert {trial.number for trial in ended} >= finished
        assert all(len(trial.curve) == (5 if trial.state.finished else 0) for trial in trials)
        assert len(storage.events(study.id)) == len(ended)
    assert len(finished) > KILLS[kind]
    assert [found for found in storage.check() if "is RUNNING" not in found and "its budget" not in found] == []


def test_a_reader_is_not_disturbed_by_a_writer(storage: Storage, url: str, study: StudyRecord) -> None:
    with storage.writing(), Storage.open(url) as reader:
        assert reader.studies() == [study]
