"""A database's password may be in a file, as containers are handed their secrets."""

from pathlib import Path

import pytest
from postgres_server import PASSWORD
from sqlalchemy.engine import make_url

from nas.errors import StorageError
from nas.storage import Storage

pytestmark = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


def without_password(url: str, file: Path) -> str:
    bare = make_url(url)._replace(password=None).update_query_dict({"password_file": str(file)})
    return bare.render_as_string(hide_password=False)


def test_the_password_is_taken_from_the_file(url: str, secret: Path) -> None:
    with Storage.open(without_password(url, secret)) as storage:
        assert storage.studies() == []


def test_the_password_of_the_file_is_not_shown(url: str, secret: Path) -> None:
    with Storage.open(without_password(url, secret)) as storage:
        assert PASSWORD not in f"{storage.url} {storage.database.where} {storage.status()}"


@pytest.mark.parametrize("content", ["", "\n", f"{PASSWORD}\nmore\n"])
def test_a_file_must_hold_one_line(url: str, secret: Path, content: str) -> None:
    secret.write_text(content)
    with pytest.raises(StorageError, match="must hold the password in one line"):
        Storage.open(without_password(url, secret))


def test_a_missing_file_is_named(url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot read the password in .*none': No such file"):
        Storage.open(without_password(url, tmp_path / "none"))


def test_a_password_besides_the_file_is_refused(url: str, secret: Path) -> None:
    with pytest.raises(StorageError, match="give one password_file, and no other password") as refused:
        Storage.open(make_url(url).update_query_dict({"password_file": str(secret)}).render_as_string(False))
    assert PASSWORD not in str(refused.value)
