"""What is stored comes back as it was, in order, and finished trials stay as they are."""

import math
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from nas.errors import StudyBusy, StudyExists, StudyNotFound
from nas.storage import Artifact, Lease, Storage, StudyRecord, tables
from nas.trials import Point, Trial, TrialState
from workers.messages import Checkpoint

Maker = Callable[..., Trial]


def save(storage: Storage, lease: Lease, *trials: Trial) -> None:
    storage.save(lease, trials=trials, points=[(trial.number, point) for trial in trials for point in trial.curve])


def test_a_trial_comes_back_with_everything_it_had(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    trial = complete(
        7,
        reason="reused",
        values=(0.75, -1.5),
        constraints={"parameters <= 200k": -3.5, "flops <= 1M": 2.0},
        reused_from=3,
        checkpoint=Checkpoint("runs/7.safetensors", "ef" * 32, 1234, 3),
        sampler_state={"generation": 4, "parents": [1, 2], "cycle": {"0": None}},
    )
    save(storage, lease, complete(3), trial)
    assert storage.trial(study.id, 7) == trial


@pytest.mark.parametrize("state", list(TrialState))
def test_every_state_comes_back(
    storage: Storage, lease: Lease, study: StudyRecord, running: Maker, state: TrialState
) -> None:
    trial = running(0, state=state, started_at=None)
    storage.save(lease, trials=[trial])
    assert storage.trial(study.id, 0) == trial


def test_numbers_that_json_lacks_come_back(storage: Storage, lease: Lease, study: StudyRecord, complete: Maker) -> None:
    metrics = {"loss": math.inf, "accuracy": -math.inf, "f1": 0.5, "a:": 1.0}
    trial = complete(
        0,
        curve=(Point(1, metrics, 0.1), Point(2, {"loss": math.nan}, 0.1)),
        values=(math.inf,),
        constraints={"x <= 1": math.inf},
        sampler_state={"sigma": math.inf, "mean": [0.0, -math.inf], "text": "Infinity"},
    )
    save(storage, lease, trial)
    found = storage.trial(study.id, 0)
    assert math.isnan(found.curve[1].metrics["loss"])
    assert replace(found, curve=found.curve[:1]) == replace(trial, curve=trial.curve[:1])


def test_numbers_of_numpy_are_stored_as_numbers(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    numpy = pytest.importorskip("numpy")
    save(storage, lease, complete(0, curve=(Point(1, {"loss": numpy.float32(0.5)}, 0.1),)))
    assert storage.trial(study.id, 0).curve[0].metrics == {"loss": 0.5}


def test_times_come_back_in_utc(storage: Storage, lease: Lease, study: StudyRecord, running: Maker) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    storage.save(lease, trials=[running(0, started_at=noon)])
    found = storage.trial(study.id, 0).started_at
    assert found == noon
    assert found is not None
    assert found.tzinfo is UTC


def test_a_time_without_zone_is_refused(storage: Storage, lease: Lease, running: Maker) -> None:
    with pytest.raises(Exception, match="time zone"):
        storage.save(lease, trials=[running(0, started_at=datetime(2026, 1, 1))])


def test_trials_come_in_the_order_of_their_numbers(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, complete(5), complete(0), complete(11))
    assert [trial.number for trial in storage.trials(study.id)] == [0, 5, 11]


def test_trials_without_curves_are_the_same_but_for_those(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, complete(0))
    assert storage.trials(study.id, curves="none") == [replace(complete(0), curve=())]


def test_how_a_trial_stands_is_read_without_what_it_is_made_of(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker, running: Maker
) -> None:
    whole = complete(3, constraints={"parameters <= 1": 1.0})
    save(storage, lease, whole, running(4))
    first, second = storage.standings(study.id)
    assert (first.number, first.state, first.values, first.epochs) == (3, whole.state, whole.values, whole.epochs)
    assert (first.feasible, second.feasible, second.values) == (False, True, ())


def test_the_last_values_of_a_metric_are_read_alone(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, complete(0), complete(1, epochs=1))
    points = {number: complete(0).curve[last] for number, last in ((0, -1), (1, 0))}
    read = storage.values(study.id, "accuracy", epochs="last")
    assert read == {number: [(point.epoch, point.metrics["accuracy"])] for number, point in points.items()}


def test_many_trials_are_read_by_their_numbers(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, *(complete(number, epochs=1) for number in range(1200)))
    assert [trial.number for trial in storage.trials(study.id, numbers=range(1100, -1, -1))] == [*range(1101)]


def test_the_last_points_are_read_alone(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker, running: Maker
) -> None:
    save(storage, lease, complete(0), complete(1, state=TrialState.PRUNED, values=()), running(2))
    assert [trial.curve for trial in storage.trials(study.id, curves="last")] == [
        complete(0).curve[-1:],
        complete(1).curve[-1:],
        (),
    ]


def test_a_resume_reads_the_curves_of_open_trials_and_the_last_points_of_pruned_ones(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker, running: Maker
) -> None:
    curve = complete(0).curve
    pruned = complete(1, state=TrialState.PRUNED, values=())
    save(storage, lease, complete(0), pruned, running(2, curve=curve), running(3))
    read = storage.trials(study.id, curves="resume")
    assert [trial.curve for trial in read] == [(), curve[-1:], curve, ()]


def test_one_metric_is_read_by_epochs(storage: Storage, lease: Lease, study: StudyRecord, complete: Maker) -> None:
    save(storage, lease, complete(0), complete(4))
    assert storage.values(study.id, "loss", epochs=(1, 3)) == {0: [(1, 1.0), (3, 1 / 3)], 4: [(1, 1.0), (3, 1 / 3)]}


def test_one_metric_is_read_by_numbers(storage: Storage, lease: Lease, study: StudyRecord, complete: Maker) -> None:
    save(storage, lease, *(complete(number, epochs=1) for number in range(1200)))
    assert storage.values(study.id, "loss", numbers=range(100, 1150)) == {
        number: [(1, 1.0)] for number in range(100, 1150)
    }


@pytest.mark.parametrize("value", [1e-300, -2.5, 3, math.inf, -math.inf])
def test_a_value_is_read_as_it_was_recorded(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker, value: float
) -> None:
    curve = (Point(1, {"not_loss": 7.0, "loss": value, "lossy": 8.0}, 0.1),)
    save(storage, lease, complete(0, curve=curve, epochs=1))
    assert storage.values(study.id, "loss") == {0: [(1, value)]}


def test_a_value_that_is_no_number_or_is_missing_is_nan(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    curve = (Point(1, {"loss": math.nan}, 0.1), Point(2, {"accuracy": 1.0}, 0.1))
    save(storage, lease, complete(0, curve=curve, epochs=2))
    assert all(math.isnan(value) for _, value in storage.values(study.id, "loss")[0])


def test_a_running_trial_is_updated(storage: Storage, lease: Lease, study: StudyRecord, running: Maker) -> None:
    storage.save(lease, trials=[running(0)])
    storage.save(lease, trials=[running(0, state=TrialState.WAITING, attempt=2)])
    assert storage.trial(study.id, 0) == running(0, state=TrialState.WAITING, attempt=2)


@pytest.mark.parametrize("state", [state for state in TrialState if state.finished])
def test_a_finished_trial_never_changes(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker, running: Maker, state: TrialState
) -> None:
    ended = complete(0, state=state)
    save(storage, lease, ended)
    storage.save(lease, trials=[running(0)])
    storage.save(lease, trials=[complete(0, values=(9.0,))])
    assert storage.trial(study.id, 0) == ended


def test_a_finished_trial_forgets_its_checkpoint_when_told(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, complete(0, checkpoint=Checkpoint("x", "ef" * 32, 1, 3)))
    storage.save(lease, forgotten=[0])
    assert storage.trial(study.id, 0) == complete(0)


def test_an_epoch_that_is_recorded_stays(storage: Storage, lease: Lease, study: StudyRecord, running: Maker) -> None:
    first, again = Point(1, {"loss": 1.0}, 0.1), Point(1, {"loss": 2.0}, 0.2)
    storage.save(lease, trials=[running(0)], points=[(0, first), (0, again)])
    storage.save(lease, points=[(0, again)])
    assert storage.trial(study.id, 0).curve == (first,)


def test_a_failed_save_writes_nothing_at_all(
    storage: Storage, lease: Lease, study: StudyRecord, running: Maker
) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        storage.save(lease, trials=[running(0)], events=[("x", {})], points=[(99, Point(1, {}, 0.1))])
    assert (storage.trials(study.id), storage.events(study.id)) == ([], [])


def test_a_study_comes_back_with_what_was_saved(storage: Storage, lease: Lease, study: StudyRecord) -> None:
    storage.save(lease, state="FINISHED", result={"best": 3, "mean": math.inf}, seconds=12.5, config={"name": "b"})
    found = storage.study("first")
    assert (found.state, found.result, found.seconds) == ("FINISHED", {"best": 3, "mean": math.inf}, 12.5)
    assert (found.config, found.task, found.environment) == ({"name": "b"}, study.task, {"python": "3.11"})


def test_a_study_counts_its_trials_by_state(storage: Storage, lease: Lease, running: Maker, complete: Maker) -> None:
    save(storage, lease, running(0), complete(1), complete(2))
    assert storage.studies()[0].counts == {"RUNNING": 1, "COMPLETE": 2}


def test_two_studies_of_one_name_are_refused(storage: Storage, study: StudyRecord) -> None:
    with pytest.raises(StudyExists, match="'first'"):
        storage.create("first", {}, study.task, {})


def test_an_unknown_study_is_answered_with_the_nearest(storage: Storage, study: StudyRecord) -> None:
    with pytest.raises(StudyNotFound, match=r"no study 'frist'.*did you mean 'first'"):
        storage.study("frist")


def test_an_unknown_study_may_be_asked_for(storage: Storage, study: StudyRecord) -> None:
    assert storage.find("other") is None


def test_a_study_is_found_though_another_cannot_be_read(storage: Storage, study: StudyRecord) -> None:
    storage.create("torn", {}, study.task, {})
    with storage.writing() as connection:
        connection.execute(update(tables.study).where(tables.study.c.name == "torn").values(config="{"))
    assert storage.find("first") == study


def test_an_unknown_trial_is_answered_with_the_last(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    save(storage, lease, complete(4))
    with pytest.raises(StudyNotFound, match=r"no trial 5.*the last is 4"):
        storage.trial(study.id, 5)


def test_artifacts_come_back_and_one_at_the_same_path_is_replaced(
    storage: Storage, lease: Lease, study: StudyRecord, complete: Maker
) -> None:
    first = Artifact(0, "final", "runs/0.safetensors", "a" * 64, 10, 27, {"accuracy": 0.9}, 1)
    again = replace(first, sha256="b" * 64, metrics={"accuracy": math.nan})
    other = replace(first, path="runs/0.py", kind="source")
    save(storage, lease, complete(0))
    storage.save(lease, artifacts=[first, other])
    storage.save(lease, artifacts=[again])
    assert [item.sha256[0] for item in storage.artifacts(study.id)] == ["b", "a"]
    assert storage.artifacts(study.id)[1] == other


def test_events_come_in_order_and_after_a_given_one(storage: Storage, lease: Lease, study: StudyRecord) -> None:
    storage.save(lease, events=[("started", {"seed": 1}), ("lost", {"numbers": [1, 2]})])
    first, second = storage.events(study.id)
    assert (first.kind, second.content) == ("started", {"numbers": [1, 2]})
    assert storage.events(study.id, after=first.id) == [second]


def test_a_deleted_study_leaves_nothing(storage: Storage, lease: Lease, study: StudyRecord, complete: Maker) -> None:
    save(storage, lease, complete(0))
    storage.release(lease)
    storage.delete("first")
    status = storage.status()
    assert (status.studies, status.trials, status.points) == (0, 0, 0)


def test_a_study_that_runs_is_not_deleted(storage: Storage, lease: Lease) -> None:
    with pytest.raises(StudyBusy, match="stop it first"):
        storage.delete("first")


def test_thousands_of_trials_load_fast(storage: Storage, lease: Lease, study: StudyRecord, complete: Maker) -> None:
    save(storage, lease, *(complete(number, epochs=5) for number in range(4_000)))
    began = time.process_time()
    assert len(storage.trials(study.id)) == 4_000
    assert time.process_time() - began < 4  # about 0.4 s on an idle machine


def test_importing_the_storage_loads_neither_torch_nor_optuna_nor_alembic(
    script: Callable[..., subprocess.Popen[str]],
) -> None:
    code = "import sys, nas.storage; print([name for name in ('torch', 'optuna', 'alembic') if name in sys.modules])"
    output, errors = script(code).communicate()
    assert (output.strip(), errors) == ("[]", "")
