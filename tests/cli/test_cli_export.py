"""`nas export`: what the weights were trained on, and samples that are no longer those of the search."""

import random
from pathlib import Path

import pytest
from command_runs import Nas, Ran, run_in

from nas.cli.output import humanize
from nas.storage import Storage

TABLE = """\
name: table
task: {csv: {path: samples.csv, target: kind}}
space: {family: mlp, depth: 1, width: [4], optimizer: {adamw: {lr: [0.01]}}}
pruner: none
budget: {trials: 1, epochs: 2}
final: {seeds: 0}
executor: inline
artifacts: {export: [source]}
"""


def rows(count: int) -> list[str]:
    rng = random.Random(0)
    return ["size,weight,kind", *(f"{rng.random():.3f},{rng.random():.3f},{'ab'[row % 2]}" for row in range(count))]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "samples.csv").write_text("\n".join(rows(60)), "utf-8")
    (tmp_path / "table.yaml").write_text(TABLE, "utf-8")
    assert run_in(tmp_path, "run", "table.yaml", "--quiet").code == 0
    return tmp_path


OTHER_SAMPLES = {
    "36/12/12 in train/validation/test then, 42/14/14 now": rows(70),
    "as many as then, with other values": [*rows(59), "9.9,9.9,b"],
    "inputs of shape 2 then, 1 now": [line.split(",", 1)[1] for line in rows(60)],
    "the classes a, b then, a, c now": [f"{line[:-1]}c" if line.endswith("b") else line for line in rows(60)],
}


@pytest.mark.parametrize("difference", OTHER_SAMPLES)
def test_samples_that_changed_are_told_and_nothing_is_overwritten(difference: str, table: Path) -> None:
    best = table / "runs" / "table" / "best"
    before = {path.name: path.stat().st_mtime_ns for path in best.iterdir()}
    (table / "samples.csv").write_text("\n".join(OTHER_SAMPLES[difference]), "utf-8")
    ran = run_in(table, "export", "table", "--to", "source", "--to", "onnx")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("error: study 'table': nothing is exported: the samples of task csv have changed")
    assert f"({difference})" in ran.err
    assert {path.name: path.stat().st_mtime_ns for path in best.iterdir()} == before


def test_the_same_samples_are_exported_again(table: Path) -> None:
    assert run_in(table, "export", "table").code == 0


def test_weights_of_the_search_are_told_with_their_validation_metrics(table: Path) -> None:
    told = run_in(table, "export", "table").out
    assert "trial 0, 2 epochs on train samples\n" in told
    assert "\nscore    validation loss " in told


def test_retrained_weights_are_told_with_their_test_metrics_once(
    nas: Nas, searched: tuple[Path, Ran], tmp_path: Path
) -> None:
    told = nas("export", "first", "--to", "source", "--to", "safetensors", "--folder", str(tmp_path)).out
    with Storage.open(f"sqlite:///{searched[0]}/nas.db") as storage:
        scored = next(item for item in storage.artifacts(storage.study("first").id) if item.kind == "final")
    assert "2 epochs on train and validation samples\n" in told
    assert told.count("test loss ") == 1
    assert f"accuracy {humanize.number(scored.metrics['accuracy'])}" in told
    assert "\nvalidation" not in told


def test_each_format_is_a_line_with_all_its_files(nas: Nas, tmp_path: Path) -> None:
    told = nas("export", "first", "--to", "source", "--folder", str(tmp_path)).out
    assert told.splitlines()[0] == f"source   {tmp_path}/network.py with network.safetensors"


def test_json_says_on_which_samples_the_metrics_are(nas: Nas, tmp_path: Path) -> None:
    found = nas("export", "first", "--folder", str(tmp_path), "--json").json
    assert {item["measured_on"] for item in found} == {"test"}


def test_the_average_goes_to_a_folder_of_its_own_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("\n".join(rows(60)), "utf-8")
    (tmp_path / "table.yaml").write_text(TABLE.replace("seeds: 0", "seeds: 2, top: 1"), "utf-8")
    assert run_in(tmp_path, "run", "table.yaml", "--quiet").code == 0
    folder = tmp_path / "runs" / "table"
    before = (folder / "best" / "network.py").read_bytes()
    ran = run_in(tmp_path, "export", "table", "--ensemble")
    assert ran.code == 0, ran.err
    assert "trial 0, the average of 2 seeds, 2 epochs on train and validation samples" in ran.out
    assert (folder / "best" / "network.py").read_bytes() == before
    assert "MeanOfProbabilities" in (folder / "best-ensemble" / "network.py").read_text()


def test_an_average_of_what_was_not_retrained_is_refused(table: Path) -> None:
    ran = run_in(table, "export", "table", "--ensemble")
    assert ran.code == 4
    assert "needs at least 2 retrainings" in ran.err


def test_a_study_whose_export_was_hindered_is_shown_as_owing_it_until_it_is_made(table: Path) -> None:
    network = table / "runs" / "table" / "best" / "network.py"
    network.unlink()
    network.mkdir()
    hindered = run_in(table, "resume", "table", "--quiet")
    assert (hindered.code, "cannot be written" in hindered.err) == (1, True)
    shown = run_in(table, "show", "table").out
    assert "stopped: it owes its export" in shown
    assert "go on       nas resume table" in shown
    network.rmdir()
    assert "finished: all its trials were trained" in run_in(table, "resume", "table").out
    assert network.is_file()
