"""Files in a folder of this machine and on a server: whole or not there, and never in the way of another's."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from ftp_server import FtpServer

from workers import checkpoints, file_store
from workers.checkpoints import TrainedState
from workers.errors import CheckpointError

STATE = TrainedState({"network.0.weight": torch.arange(6.0)}, "abc", 3, 12, 32, {"loss": 0.5})
PLACES = ("path", "file", "ftp")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    server = FtpServer(tmp_path_factory.mktemp("served"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=PLACES)
def folder(request: pytest.FixtureRequest, tmp_path: Path, server: FtpServer) -> str:
    """Name a folder that is not there yet, behind each kind of address."""
    name = "nas/s"
    places = {"path": str(tmp_path / name), "file": f"file://{tmp_path}/{name}"}
    return places.get(request.param, f"{server.url}/{tmp_path.name}/{name}")


def test_a_file_has_the_digest_of_its_content(folder: str) -> None:
    content = bytes(range(256)) * 5000  # more than a chunk
    file_store.write(f"{folder}/a", content)
    assert file_store.digest(f"{folder}/a") == hashlib.sha256(content).hexdigest()


def test_a_file_comes_back(folder: str) -> None:
    file_store.write(f"{folder}/a", b"one")
    file_store.write(f"{folder}/a", b"two")
    assert file_store.read(f"{folder}/a") == b"two"


def test_a_folder_lists_its_files_alone(folder: str) -> None:
    assert file_store.names(folder) == []
    file_store.write(f"{folder}/a", b"")
    file_store.write(f"{folder}/deeper/b", b"")
    assert file_store.names(folder) == ["a"]


def test_a_removed_file_is_gone_and_may_be_removed_again(folder: str) -> None:
    file_store.write(f"{folder}/a", b"")
    file_store.write(f"{folder}/b", b"")
    for _ in range(2):
        file_store.remove([f"{folder}/a"])
    assert file_store.names(folder) == ["b"]


def test_a_missing_file_is_missing(folder: str) -> None:
    with pytest.raises(FileNotFoundError):
        file_store.read(f"{folder}/none")


def test_a_checkpoint_is_restored_from_anywhere(folder: str) -> None:
    saved = checkpoints.save(folder, "c", STATE)
    assert file_store.names(folder) == [f"c-{saved.sha256[:8]}.safetensors"]
    assert torch.equal(checkpoints.load(saved).tensors["network.0.weight"], torch.arange(6.0))


@pytest.mark.parametrize("change", [lambda content: content[:-1], lambda content: b"\1" + content[1:]])
def test_a_torn_or_altered_checkpoint_is_refused(folder: str, change: Callable[[bytes], bytes]) -> None:
    saved = checkpoints.save(folder, "c", STATE)
    file_store.write(saved.path, change(file_store.read(saved.path)))
    with pytest.raises(CheckpointError, match="torn or altered"):
        checkpoints.load(saved)


def test_a_late_writer_of_the_same_name_alters_nothing(folder: str) -> None:
    saved = checkpoints.save(folder, "search-000001-attempt-1-epoch-0003", STATE)
    other = TrainedState({"network.0.weight": torch.zeros(6)}, "abc", 3, 24, 16, {"loss": 0.6})
    late = checkpoints.save(folder, "search-000001-attempt-1-epoch-0003", other)
    assert late.path != saved.path
    assert checkpoints.load(saved).step == 12


def test_a_folder_is_proved_by_writing_to_it(folder: str) -> None:
    file_store.prove(folder)
    assert file_store.names(folder) == []


def test_a_server_that_was_restarted_is_reached_again(tmp_path: Path) -> None:
    server = FtpServer(tmp_path)
    server.start()
    file_store.write(f"{server.url}/a", b"kept")
    server.stop()
    server.start()
    assert file_store.read(f"{server.url}/a") == b"kept"
    server.stop()
    with pytest.raises(OSError, match="refused"):
        file_store.write(f"{server.url}/b", b"lost")
    file_store.remove([f"{server.url}/a"])  # cannot be, and nobody minds


@pytest.mark.parametrize(
    ("folder", "text"),
    [
        ("sftpp://host/nas", "unknown protocol 'sftpp' (did you mean 'sftp'?)"),
        ("memory://nas", "one process alone"),
        ("ftp://me:secret@host/nas", "holds a password"),
        ("ftp://me:a/secret@host/nas", "holds a password"),
        ("ftp://me:a@secret@host/nas", "holds a password"),
        ("simplecache::s3://bucket", "chain"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_and_no_password_told(folder: str, text: str) -> None:
    found = file_store.mistake(folder)
    assert text in found
    assert "secret" not in found


@pytest.mark.parametrize(
    "folder", ["runs", "/var/nas", "file:///shared/nas", "s3://bucket/a@b", "ftp://me@host:21/nas"]
)
def test_an_address_that_may_work_is_accepted(folder: str) -> None:
    assert file_store.mistake(folder) == ""


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(OSError, match="adlfs"):
        file_store.read("abfs://container/a")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_file_has_the_mode_that_the_umask_gives(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        file_store.write(str(tmp_path / "deeper" / "a"), b"one")
        saved = checkpoints.save(str(tmp_path), "c", STATE)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "deeper" / "a", Path(saved.path))} == {mode}
