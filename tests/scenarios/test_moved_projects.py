"""A project that was moved, copied or is on a medium that can only be read, and files that were lost since."""

import shutil
import subprocess
from pathlib import Path

import pytest
from outside import Desk, small

TABLE = "\n".join(["a,b,y", *(f"{i % 13},{i * 7 % 11},{'yes' if i % 3 else 'no'}" for i in range(120))])
TASK = "{csv: {path: ../data/d.csv, target: y}}"


@pytest.fixture
def project(desk: Desk) -> Path:
    """Search a study of samples outside its folder; return the folder that holds all."""
    home = desk.folder
    (home / "first/data").mkdir(parents=True)
    (home / "first/data/d.csv").write_text(TABLE)
    (home / "first/studies").mkdir()
    desk.folder = home / "first/studies"
    desk.logs = home
    desk.write(small(task=TASK, trials=3, epochs=2, seeds=1))
    run = desk.nas("run", "study.yaml")
    assert run.end() == 0, run.stderr
    return home / "first"


def moved(desk: Desk, project: Path) -> Path:
    """Move all of it, and go there."""
    second = project.rename(project.with_name("second"))
    desk.folder = second / "studies"
    return second


def said(desk: Desk, *arguments: str) -> str:
    run = desk.nas(*arguments)
    assert run.end() == 0, run.stderr
    return run.out.read_text()


def test_every_command_goes_on_where_a_project_was_moved_to(desk: Desk, project: Path) -> None:
    moved(desk, project)
    said(desk, "run", "study.yaml", "--set", "budget.trials=4")
    said(desk, "resume", "s", "--trials", "5")
    said(desk, "export", "s", "--folder", "out")
    assert (desk.folder / "out/network.py").exists()
    for command in (("ls",), ("show", "s"), ("top", "s"), ("trial", "s", "0"), ("db", "check")):
        assert "/first/" not in said(desk, *command)
    assert len(desk.trials()) == 5
    assert not project.exists()


def test_a_moved_project_resumed_from_elsewhere_is_found_by_its_database(desk: Desk, project: Path) -> None:
    moved(desk, project)
    url = desk.url
    (desk.folder / "elsewhere").mkdir()
    desk.folder = desk.folder / "elsewhere"
    said(desk, "resume", "s", "--trials", "4", "--storage", url)


def test_other_samples_in_the_new_place_are_refused(desk: Desk, project: Path) -> None:
    second = moved(desk, project)
    (second / "data/d.csv").write_text(TABLE.replace("3,", "4,"))
    for command in (("resume", "s", "--trials", "4"), ("run", "study.yaml")):
        run = desk.nas(*command)
        assert run.end() == 5
        assert "samples" in run.stderr


def test_a_copied_project_has_files_of_its_own(desk: Desk, project: Path) -> None:
    second = Path(shutil.copytree(project, project.with_name("second")))
    before = {path: path.read_bytes() for path in (project / "studies/runs").rglob("*") if path.is_file()}
    desk.folder = second / "studies"
    said(desk, "resume", "s", "--trials", "6")
    assert {path: path.read_bytes() for path in before} == before
    assert [path.name for path in (second / "studies/runs").iterdir()] == ["s"]


@pytest.mark.parametrize("harm", ["lost", "altered", "all gone"])
def test_files_that_are_lost_or_altered_after_the_search_are_made_again(harm: str, desk: Desk, project: Path) -> None:
    folder = desk.folder / "runs/s"
    (weights,) = folder.glob("final-*/*.safetensors")
    network = folder / "best/network.py"
    before = network.read_text()
    if harm == "all gone":
        shutil.rmtree(folder)
    elif harm == "lost":
        weights.unlink()
        (folder / "best/network.safetensors").unlink()
    else:
        weights.write_bytes(b"x")
        network.write_text("raise SystemExit")
    assert "retraining" in desk.nas("resume", "s").stderr
    assert network.read_text() == before
    assert (desk.nas("db", "check").end() == 0) == (harm != "all gone")  # weights of the search are not trained again
    again = desk.nas("resume", "s")
    assert "is finished" in again.stderr
    assert desk.state() == "FINISHED"


def test_a_study_that_owes_its_export_is_stopped_until_it_is_made(desk: Desk, project: Path) -> None:
    folder = desk.folder / "runs/s/best"
    shutil.rmtree(folder)
    folder.write_text("in the way")
    run = desk.nas("resume", "s")
    assert run.end() == 6
    assert "cannot be written" in run.stderr
    folder.unlink()
    said(desk, "resume", "s")
    assert (folder / "network.py").exists()


def test_a_medium_that_can_only_be_read_is_read_by_every_command_that_reads(desk: Desk, project: Path) -> None:
    place = project.with_name("medium")
    place.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"nothing can be mounted here: {mount.stderr.strip()}")
    try:
        shutil.copytree(project, place / "p")
        shutil.rmtree(project)
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        desk.folder = place / "p/studies"
        for command in (("ls",), ("show", "s"), ("top", "s"), ("trial", "s", "0"), ("db", "status"), ("db", "check")):
            said(desk, *command)
        said(desk, "check", "study.yaml")
        said(desk, "export", "s", "--folder", str(place.with_name("out")))
        refused = desk.nas("resume", "s", "--trials", "9")
        assert refused.end() == 6
        assert "it is read-only" in refused.stderr
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
