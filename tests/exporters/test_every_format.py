"""The suite over the menu of exporters, for every family: written, reloaded, compared; or nothing at all."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from search_spaces.candidate import Architecture, Candidate
from search_spaces.errors import UnknownName
from search_spaces.families import FAMILIES
from workers import exporters
from workers.datasets import dataset
from workers.errors import CheckpointError, ExportError
from workers.exporters import EXPORTERS, _verified
from workers.exporters.torch_export import trace
from workers.messages import Checkpoint, Stage, TaskSpec

FORMATS = ("onnx", "safetensors", "source", "torch_export")
FAMILY_NAMES = ("cnn", "linear", "mlp", "recurrent")
Train = Callable[..., tuple[Checkpoint, Candidate, TaskSpec]]


def test_the_menu_holds_these_formats() -> None:
    assert EXPORTERS.names() == FORMATS


def test_every_family_is_exported_here() -> None:
    assert FAMILIES.names() == FAMILY_NAMES


def test_each_format_is_described_by_its_first_line() -> None:
    assert all(EXPORTERS.describe(name).endswith(".") for name in FORMATS)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_reloaded_is_the_network(train: Train, tmp_path: Path, format: str, family: str) -> None:
    checkpoint, candidate, task = train(family)
    exported = exporters.export(format, checkpoint, candidate, task, tmp_path)
    assert exported.max_difference < 1e-5
    assert tuple(exported.metrics) == dataset.load(task).info.metrics


@pytest.mark.parametrize("format", FORMATS)
def test_the_metrics_are_those_of_the_last_epoch(train: Train, tmp_path: Path, format: str) -> None:
    checkpoint, candidate, task = train("mlp")
    exported = exporters.export(format, checkpoint, candidate, task, tmp_path)
    recorded = exporters_card(checkpoint.path)["metrics"]
    assert exported.metrics["accuracy"] == pytest.approx(recorded["accuracy"], abs=1e-6)
    assert exported.metrics["loss"] == pytest.approx(recorded["loss"], abs=1e-4)


def exporters_card(path: str) -> dict[str, dict[str, float]]:
    content = Path(path).read_bytes()
    length = int.from_bytes(content[:8], "little")
    card: dict[str, dict[str, float]] = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["nas"])
    return card


@pytest.mark.parametrize(("task", "stage"), [("csv", "search"), ("diabetes", "final")])
@pytest.mark.parametrize("format", FORMATS)
def test_tables_regressions_and_both_stages_export(
    train: Train, tmp_path: Path, format: str, task: str, stage: Stage
) -> None:
    exported = exporters.export(format, *train("mlp", task, stage), tmp_path)
    assert exported.max_difference < 1e-5


@pytest.mark.parametrize("format", FORMATS)
def test_the_hashes_are_those_of_the_files_and_nothing_else_is_left(train: Train, tmp_path: Path, format: str) -> None:
    exported = exporters.export(format, *train(), tmp_path / "new" / "folder")
    assert tuple(hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in exported.paths) == exported.sha256
    assert {str(path) for path in (tmp_path / "new" / "folder").iterdir()} == set(exported.paths)


def test_all_formats_fit_in_one_folder(train: Train, tmp_path: Path) -> None:
    exported = [exporters.export(format, *train(), tmp_path) for format in FORMATS]
    files = {path: sha256 for item in exported for path, sha256 in zip(item.paths, item.sha256, strict=True)}
    assert {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()} == files
    shared = [path for item in exported for path in item.paths].count(str(tmp_path / "prepare.py"))
    assert shared == len(FORMATS) - 1  # the source prepares samples by itself


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_that_differs_leaves_nothing_behind(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    exporter = EXPORTERS.load(format)
    honest = exporter.outputs
    monkeypatch.setattr(exporter, "outputs", lambda self, paths, trained: honest(self, paths, trained) + 0.01)
    with pytest.raises(ExportError, match=f"the {format} export is not the network it was made from"):
        exporters.export(format, *train(), tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_keeps_the_one_before(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = exporters.export("safetensors", *train(), tmp_path)
    monkeypatch.setattr(_verified, "TOLERANCE", 0.0)
    with pytest.raises(ExportError):
        exporters.export("safetensors", *train(), tmp_path)
    assert hashlib.sha256(Path(before.paths[0]).read_bytes()).hexdigest() == before.sha256[0]
    assert {str(path) for path in tmp_path.iterdir()} == set(before.paths)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("write failed")])
def test_a_full_disk_leaves_nothing_behind(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: object) -> None:
        (next((tmp_path / "folder").iterdir()) / "weights.safetensors").write_bytes(b"half")
        raise error

    monkeypatch.setattr(EXPORTERS.load("safetensors"), "write", full)
    with pytest.raises(ExportError, match="the safetensors export cannot be written to"):
        exporters.export("safetensors", *train(), tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_nan_outputs_are_no_export(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = EXPORTERS.load("safetensors")
    shape = (dataset.load(train()[2]).info.samples[1], 10)
    monkeypatch.setattr(exporter, "outputs", lambda *_: torch.full(shape, torch.nan))
    with pytest.raises(ExportError, match="outputs differ by nan"):
        exporters.export("safetensors", *train(), tmp_path)


def test_weights_of_another_network_are_refused(train: Train, tmp_path: Path) -> None:
    checkpoint, candidate, task = train()
    other = replace(candidate, architecture=Architecture("mlp"))
    with pytest.raises(CheckpointError, match="is of another network than mlp"):
        exporters.export("safetensors", checkpoint, other, task, tmp_path)


def test_an_altered_checkpoint_is_refused(train: Train, tmp_path: Path) -> None:
    checkpoint, candidate, task = train()
    with pytest.raises(CheckpointError, match="altered"):
        exporters.export("source", replace(checkpoint, sha256="0" * 64), candidate, task, tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_error(train: Train, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot write to .*file"):
        exporters.export("safetensors", *train(), tmp_path / "file" / "folder")


def test_an_unknown_format_names_the_nearest(train: Train, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown format 'onx' \(did you mean 'onnx'\?\)"):
        exporters.export("onx", *train(), tmp_path)


def test_onnx_without_its_extra_names_it(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ExportError, match=r"the onnx format needs onnxscript: pip install 'nas-service\[onnx\]'"):
        exporters.export("onnx", *train(), tmp_path)


def test_importing_the_exporters_does_not_load_torch() -> None:
    source = "import sys, workers.exporters; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("format", ["onnx", "torch_export"])
def test_a_program_takes_any_batch(train: Train, tmp_path: Path, format: str) -> None:
    path = exporters.export(format, *train("recurrent"), tmp_path).paths[0]
    for count in (1, 3, 700):
        samples = np.random.default_rng(0).random((count, 1, 8, 8), np.float32)
        if format == "onnx":
            import onnxruntime

            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            assert session.run(None, {"inputs": samples})[0].shape == (count, 10)
        else:
            assert torch.export.load(path).module()(torch.from_numpy(samples)).shape == (count, 10)


def test_torch_drops_the_name_of_the_batch_axis_of_a_program() -> None:
    program = trace(torch.nn.Linear(4, 3), torch.zeros(1, 4))
    (axis,) = map(str, program.range_constraints)
    assert axis != "batch", "torch names it now: docs/why.md, workers/exporters/torch_export.py and onnx.py can do less"


@pytest.mark.parametrize("format", ["safetensors", "torch_export", "onnx"])
def test_the_card_tells_what_it_is(train: Train, tmp_path: Path, format: str) -> None:
    checkpoint, candidate, task = train()
    exported = exporters.export(format, checkpoint, candidate, task, tmp_path)
    card = json.loads(Path(exported.paths[1]).read_text())
    assert card["architecture"] == candidate.to_json()["architecture"]
    assert card["task"]["sha256"] == dataset.load(task).info.sha256
    assert set(card) >= {"recipe", "seed", "metrics", "preprocessing", "versions", "fingerprint", "classes"}


def test_export_says_nothing(train: Train, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for format in ("onnx", "torch_export"):
        exporters.export(format, *train("recurrent"), tmp_path)
    assert capfd.readouterr() == ("", "")
