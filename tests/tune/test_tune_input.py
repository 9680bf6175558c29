"""What cannot work is said in one sentence before anything runs."""

import gc
import pickle
from pathlib import Path
from typing import Any

import pytest
from invariants import invariants
from ray import tune
from ray.tune.schedulers import FIFOScheduler
from tuning import fit, opened, restored, study_file

import nas
from nas.errors import StudyBusy, StudyExists
from nas.storage import Storage
from nas.trials import TrialState
from nas.tune import NasSearch, trainable
from search_spaces.errors import SpecError


def test_a_study_file_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    file = study_file(tmp_path, trials="many", pruner="ashen")
    with pytest.raises(SpecError, match=r"(?s)pruner.*trials"):
        NasSearch(file)
    with pytest.raises(SpecError, match=r"(?s)pruner.*trials"):
        trainable(file)


def test_a_study_that_another_controller_runs_is_left_alone(tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=1)
    nas.search(study)
    with Storage.open(opened(study).storage) as storage:
        storage.acquire(storage.study("s").id)
        with pytest.raises(StudyBusy, match="is run by process"):
            NasSearch(study, overrides=["budget.trials=2"]).suggest("a")


def test_a_study_on_record_with_another_definition_is_refused(tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=1)
    nas.search(study)
    with pytest.raises(StudyExists, match="seed"):
        NasSearch(study, overrides=["seed=7"]).suggest("a")


class FailOnce(tune.Callback):
    """Ends a driver, but not the one after it, with an error when any trial has reported twice."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def on_trial_result(
        self, iteration: int, trials: object, trial: object, result: dict[str, int], **_: object
    ) -> None:
        if result["training_iteration"] == 2 and not self.sign.exists():
            self.sign.touch()
            raise RuntimeError("the driver's own mistake")


def test_a_restored_tuner_says_who_runs_the_study_and_goes_on_when_it_is_free(cluster: str, tmp_path: Path) -> None:
    study = study_file(tmp_path, trials=2)
    with pytest.raises(Exception, match="the driver's own mistake"):
        fit(study, callbacks=[FailOnce(tmp_path / "failed")])
    gc.collect()  # a driver of one's own would end here
    with Storage.open(opened(study).storage) as storage:
        lease = storage.acquire(storage.study("s").id)
        with pytest.raises(StudyBusy, match="is run by process"):
            restored(study).fit()
        storage.release(lease)
    restored(study).fit()
    assert [trial.state for trial in opened(study).trials] == [TrialState.COMPLETE] * 2
    invariants(opened(study).storage, ended=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scheduler": FIFOScheduler()}, "NasSearch goes with NasScheduler"),  # type: ignore[no-untyped-call]  # Ray's
        ({"search_alg": None, "num_samples": 1}, "NasScheduler goes with NasSearch"),
    ],
)
def test_searcher_and_scheduler_go_together(
    cluster: str, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        fit(study_file(tmp_path, trials=1), lambda parameters: tune.report({"accuracy": 0.5}), **settings)


def test_no_password_is_pickled(tmp_path: Path) -> None:
    overrides = ["storage=postgresql+psycopg://ann:s3cret@localhost/nas?password=s3cret&connect_timeout=3"]
    file = study_file(tmp_path)
    search = pickle.dumps(NasSearch(file, overrides=overrides))
    assert b"s3cret" not in search
    assert pickle.loads(search).config.storage == "postgresql+psycopg://ann@localhost/nas?connect_timeout=3"
