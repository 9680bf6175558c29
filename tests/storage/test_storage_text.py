"""Text of foreign origin is stored, whatever is in it: a trial's error, the name of a file, a class, a key."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from nas.storage import Artifact, Lease, Storage, StudyRecord
from nas.trials import Trial

ODD = "a\x00b \udcff \x1b[31m [red]"


def test_a_reason_may_hold_anything(storage: Storage, lease: Lease, complete: Callable[..., Trial]) -> None:
    trial = replace(complete(0), reason=ODD, engine="e" * 100)
    storage.save(lease, trials=[trial, replace(complete(1), reason="x" * 1_000_000)])
    kept, long = storage.trials(lease.study_id)
    assert kept.reason == r"a\x00b \udcff " + "\x1b[31m [red]"
    assert kept.engine == "e" * 64
    assert len(long.reason) == 10_000


def test_events_and_artifacts_may_hold_anything(storage: Storage, lease: Lease, complete: Callable[..., Trial]) -> None:
    artifact = Artifact(0, "export." + "k" * 100, f"/runs/{ODD}", "0" * 64, 1, metrics={ODD: 0.5})
    event = ("odd.\x00" + "k" * 100, {ODD: ODD, "list": [ODD]})
    storage.save(lease, trials=[complete(0)], artifacts=[artifact], events=[event])
    (stored,) = storage.artifacts(lease.study_id)
    assert stored.metrics == {ODD: 0.5}
    assert "\x00" not in stored.path
    (told,) = storage.events(lease.study_id)
    assert told.content == {ODD: ODD, "list": [ODD]}


@pytest.mark.parametrize("name", [ODD, "\ud800", "\x00"])
def test_classes_of_a_task_may_be_called_anything(storage: Storage, study: StudyRecord, name: str) -> None:
    task = replace(study.task, classes=(name, "b"), name="t")
    made = storage.create("other", {"name": "other", "key": name}, task, {"python": name})
    assert storage.study("other").task.classes == (name, "b")
    assert made.environment["python"] == name
