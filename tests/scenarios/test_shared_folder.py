"""A study whose checkpoints and exports are on a file server: killed, resumed, exported; its password is nowhere."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ftp_server import PASSWORD, USER, FtpServer
from invariants import invariants
from outside import Desk, small


@pytest.fixture
def served(tmp_path: Path) -> Iterator[FtpServer]:
    server = FtpServer(tmp_path / "served")
    server.folder.mkdir()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "desk").mkdir()
    desk = Desk(tmp_path / "desk", variables={"FSSPEC_FTP_USERNAME": USER, "FSSPEC_FTP_PASSWORD": PASSWORD})
    yield desk
    desk.close()


def test_a_killed_study_goes_on_from_its_checkpoints_on_a_server(desk: Desk, served: FtpServer) -> None:
    text = small(task="digits", batch_size=4, trials=4, epochs=40, seeds=1, executor="{process: {workers: 1}}")
    study = desk.write(text + f'artifacts: {{folder: "{served.url}/nas", keep: 2}}\n')
    run = desk.start("run", study, "--storage", desk.url, "--json")
    run.wait_event("trial.finished")
    run.kill()
    assert not desk.no_orphans()
    before = invariants(desk.url)
    rest = desk.nas("run", study, "--storage", desk.url, "--json")
    assert rest.end() == 0, rest.stderr
    invariants(desk.url, before=before, ended=True)
    source = next(path for path in rest.events[-1]["artifacts"] if path.endswith(".py"))
    assert source == f"{served.url}/nas/s/best/network.py"
    exported = served.folder / "nas/s/best/network.py"
    usage = subprocess.run([sys.executable, "-I", exported], capture_output=True, text=True).stderr
    assert "network.py samples.npy" in usage  # it found its weights beside it
    kept = {Path(trial.checkpoint.path).name for trial in desk.trials() if trial.checkpoint}
    assert kept == {path.name for path in (served.folder / "nas/s/checkpoints").iterdir()}
    texts = [path.read_bytes() for path in desk.folder.iterdir() if path.is_file()]
    assert not [text for text in texts if PASSWORD.encode() in text]


def test_a_server_that_is_not_there_is_said_before_anything_is_made(desk: Desk, served: FtpServer) -> None:
    served.stop()
    study = desk.write(small() + f'artifacts: {{folder: "{served.url}/nas"}}\n')
    run = desk.nas("run", study, "--storage", desk.url)
    assert run.end() == 3
    assert "artifacts.folder: cannot be used" in run.stderr
    assert "Traceback" not in run.stderr
    assert not desk.find("s")


def test_a_server_that_goes_away_ends_no_training(desk: Desk, served: FtpServer) -> None:
    text = small(task="digits", batch_size=4, trials=3, epochs=40, executor="{process: {workers: 1}}")
    study = desk.write(text + f'artifacts: {{folder: "{served.url}/nas", export: []}}\n')
    run = desk.start("run", study, "--storage", desk.url, "--json")
    run.wait_event("trial.finished")
    served.stop()
    assert run.end() == 0, run.stderr
    later = desk.trials()[1:]
    assert {trial.state for trial in later} <= {"COMPLETE", "PRUNED"}
    assert all(trial.reason.startswith("checkpoint:") for trial in later if trial.state == "COMPLETE")


def test_a_path_of_one_machine_is_noticed_where_workers_may_be_on_others(desk: Desk) -> None:
    study = desk.write(small(executor="{ray: {address: 10.0.0.1:6379}}"))
    told = desk.nas("check", study, "--storage", desk.url)
    assert told.end() == 0, told.stderr
    assert "a worker on another node keeps its checkpoints to itself" in told.out.read_text()
    shared = desk.nas("check", study, "--storage", desk.url, "--set", f"artifacts.folder=file://{desk.folder}/runs")
    assert "another node" not in shared.out.read_text()
