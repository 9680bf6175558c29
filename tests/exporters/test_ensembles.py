"""Several seeds of a candidate as one network: its answers are their average, in every format, and scored on test."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import nas
from nas.errors import StudyNotFound
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from search_spaces.errors import SpecError
from workers import exporters
from workers.datasets import dataset
from workers.exporters import EXPORTERS, Member
from workers.exporters._trained import in_batches, restore, restore_ensemble
from workers.messages import Assignment, Job, Outcome, TaskSpec
from workers.metrics import measure
from workers.worker import Worker

CANDIDATE = Candidate(Architecture("mlp", Settings(depth=1, width=8, norm="batch")), Recipe(), seed=5)
STUDY = """
name: averaged
task: digits
space: mlp
sampler: random
budget: {trials: 2, epochs: 1}
final: {seeds: 2, top: 1, ensemble: true}
executor: inline
storage: sqlite:///FOLDER/nas.db
artifacts: {folder: FOLDER/runs, export: [source]}
"""


@pytest.fixture(scope="module", params=["digits", "diabetes"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[TaskSpec, list[Member]]:
    task, folder = TaskSpec(Named(request.param)), str(tmp_path_factory.mktemp("members"))
    candidates = [replace(CANDIDATE, seed=seed) for seed in (5, 6, 7)]
    assignments = tuple(Assignment(number, item) for number, item in enumerate(candidates))
    job = Job(0, "study", task, assignments, epochs=2, seed=0, folder=folder, stage="final")
    events = [event for events in Worker().train(job) for event in events]
    outcomes = sorted((event for event in events if isinstance(event, Outcome)), key=lambda item: item.number)
    return task, [Member(item.checkpoint, 5 + item.number) for item in outcomes if item.checkpoint]


def test_its_answer_is_the_mean_of_its_members(trained: tuple[TaskSpec, list[Member]]) -> None:
    task, members = trained
    together = restore_ensemble(members, CANDIDATE, task)
    outputs = in_batches(together.module, together.inputs)
    alone = torch.stack(
        [
            in_batches(restore(one.checkpoint, replace(CANDIDATE, seed=one.seed), task).module, together.inputs)
            for one in members
        ]
    )
    if together.dataset.info.kind == "classification":
        assert torch.allclose(outputs.softmax(dim=1), alone.softmax(dim=2).mean(dim=0), atol=1e-6)
    else:
        assert torch.allclose(outputs, alone.mean(dim=0), atol=1e-6)


def test_it_is_scored_on_the_test_samples(trained: tuple[TaskSpec, list[Member]]) -> None:
    task, members = trained
    together, known = restore_ensemble(members, CANDIDATE, task), dataset.load(task)
    outputs = in_batches(together.module, torch.from_numpy(known.test.inputs))
    expected = measure(known.info, outputs, torch.from_numpy(known.test.targets))
    assert exporters.score_ensemble(members, CANDIDATE, task) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("format", EXPORTERS.names())
def test_it_is_one_network_in_every_format(trained: tuple[TaskSpec, list[Member]], tmp_path: Path, format: str) -> None:
    task, members = trained
    exported = exporters.export_ensemble(format, members, CANDIDATE, task, tmp_path)
    assert exported.max_difference < 1e-5
    assert exported.recorded == pytest.approx(exporters.score_ensemble(members, CANDIDATE, task), rel=1e-6)
    if format != "source":
        card = json.loads(Path(exported.paths[1]).read_text())
        assert (card["seeds"], card["measured_on"]) == ([5, 6, 7], "test")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> nas.Study:
    folder = tmp_path_factory.mktemp("averaged")
    (folder / "study.yaml").write_text(STUDY.replace("FOLDER", str(folder)))
    return nas.search(folder / "study.yaml")


def test_a_study_that_asks_for_it_hands_it_out_and_shows_its_score(study: nas.Study) -> None:
    ensemble = study.result["ensemble"]
    assert isinstance(ensemble, dict)
    assert ensemble["seeds"] == 2
    written = [item for item in study.artifacts if item.kind == "export.source"]
    assert {json.dumps(dict(item.metrics)) for item in written} == {json.dumps(ensemble["metrics"])}
    text = Path(written[0].path).read_text()
    assert "MeanOfProbabilities(Network() for _ in range(2))" in text
    assert f"on test samples accuracy {ensemble['metrics']['accuracy']:.4g}" in text


def test_a_study_exports_it_when_asked(study: nas.Study, tmp_path: Path) -> None:
    best = int(str(study.result["best"]))
    for number in (None, best):
        written = study.export_ensemble(tmp_path / str(number), formats=["safetensors"], number=number)
        assert json.loads(Path(written[1].path).read_text())["seeds"] == [
            item.seed for item in study.artifacts if item.kind == "final" and item.number == best
        ]


def test_a_trial_by_its_number_is_exported_alone(study: nas.Study, tmp_path: Path) -> None:
    written = study.export(tmp_path, formats=["safetensors"], number=int(str(study.result["best"])))
    assert len(json.loads(Path(written[1].path).read_text())["seeds"]) == 1


def test_a_trial_that_was_not_retrained_has_no_average(study: nas.Study, tmp_path: Path) -> None:
    other = 1 - int(str(study.result["best"]))
    with pytest.raises(StudyNotFound, match="needs at least 2 retrainings, and study 'averaged' has 0"):
        study.export_ensemble(tmp_path, number=other)


def test_an_average_of_one_seed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY.replace("seeds: 2", "seeds: 1").replace("FOLDER", str(tmp_path)))
    with pytest.raises(SpecError, match="an average needs at least 2 seeds, got 1"):
        nas.search(tmp_path / "study.yaml")


def test_the_average_predicts_labels(study: nas.Study, tmp_path: Path) -> None:
    import runpy

    study.export(tmp_path, formats=["source"])
    network = runpy.run_path(str(tmp_path / "network.py"))
    predicted = network["predict"](network["load"](), np.zeros((3, 8, 8), np.uint8))
    assert predicted.shape == (3,)
    assert predicted.dtype == np.int64


def test_a_finished_study_makes_the_average_once_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY.replace("FOLDER", str(tmp_path)))

    def inside(ensemble: str) -> tuple[str, list[str]]:
        found = nas.search(file, overrides=[f"final.ensemble={ensemble}"])
        written = [item for item in found.artifacts if item.kind == "export.source"]
        assert [Path(item.path).name for item in written] == ["network.py", "network.safetensors"]
        return Path(written[0].path).read_text(), [item.sha256 for item in written]

    alone, averaged = inside("false"), inside("true")
    assert "MeanOfProbabilities" not in alone[0]
    assert "MeanOfProbabilities" in averaged[0]
    assert inside("true") == averaged
    assert inside("false") == alone


@pytest.mark.parametrize("name", ["network.py", "network.safetensors"])
def test_an_export_that_lost_one_of_its_files_is_made_again_as_a_whole(study: nas.Study, name: str) -> None:
    written = {Path(item.path).name: item for item in study.artifacts if item.kind == "export.source"}
    Path(written[name].path).unlink()
    nas.resume(study.name, study.storage)
    again = {Path(item.path).name: item for item in study.artifacts if item.kind == "export.source"}
    assert {key: item.sha256 for key, item in again.items()} == {key: item.sha256 for key, item in written.items()}
    assert Path(written[name].path).is_file()
