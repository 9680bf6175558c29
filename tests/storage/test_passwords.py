"""Passwords are shown nowhere: URLs are taken apart, and those that cannot be are shown as their scheme."""

import pytest

from nas.errors import StorageError
from nas.redaction import redacted, without_password, without_secrets
from nas.storage import Storage

SECRET = "s3cret"
SHOWN = {
    "sqlite:///nas.db": "sqlite:///nas.db",
    "sqlite:////a b/ö@x=1.db": "sqlite:////a b/ö@x=1.db",
    "sqlite+pysqlcipher://:s3cret@/x.db": "sqlite+pysqlcipher://:***@/x.db",
    "sqlite+pysqlcipher:///x.db?cipher_key=s3cret": "sqlite+pysqlcipher:///x.db?cipher_key=***",
    "postgresql://me:s3cret@h:5432/db": "postgresql://me:***@h:5432/db",
    "postgresql+psycopg://me:s3cret%40@h/db?connect_timeout=3": "postgresql+psycopg://me:***@h/db?connect_timeout=3",
    "POSTGRESQL://a:s3cret@[::1]/d": "POSTGRESQL://a:***@[::1]/d",
    "postgresql://me@h/db?password=s3cret&sslpassword=s3cret": "postgresql://me@h/db?password=***&sslpassword=***",
    "postgresql://me@h/db?password_file=/run/x": "postgresql://me@h/db?password_file=/run/x",
    "postgresql:///db?options=-c%20password%3Ds3cret": "postgresql:///db?options=***",
    "postgresql:///db?host=/var/run/postgresql": "postgresql:///db?host=/var/run/postgresql",
}
DOUBTFUL = [
    "postgresql://me:s3cret word@h/db",
    "postgresql://me:@s3cret@h/db",
    "postgresql://me:/s3cret@h/db",
    "postgresql://me:12/s3cret@h/db",
    "postgresql://me:12?s3cret@h/db",
    "postgresql://me:1#s3cret@h/db",
    "postgresql://m e:s3cret@h/db",
    "postgresql://mé:s3cret@h/db",
    "postgresql://h/db password=s3cret",
    "postgresql://user=me;password=s3cret",
    "postgresql://me:s3cret@h/db\n",
]


@pytest.mark.parametrize("url", SHOWN)
def test_a_url_is_shown_with_stars_for_its_passwords(url: str) -> None:
    assert redacted(url) == SHOWN[url]


@pytest.mark.parametrize("url", DOUBTFUL)
def test_a_url_that_leaves_doubt_is_shown_as_its_scheme(url: str) -> None:
    assert redacted(url) == without_password(url) == "postgresql://***"


@pytest.mark.parametrize("text", ["me:s3cret@h/db", "host=h password=s3cret", "s3cret postgresql://h"])
def test_what_is_no_url_is_not_shown_but_a_path_is(text: str) -> None:
    assert SECRET not in redacted(text)
    assert redacted("nas.db") == "nas.db"


def test_a_bare_url_opens_the_same_database_and_has_no_password() -> None:
    assert without_password("postgresql://me:s3cret@h:1/db?connect_timeout=3&password=s3cret") == (
        "postgresql://me@h:1/db?connect_timeout=3"
    )


@pytest.mark.parametrize("said", ["no user 'p@ss w'", "in postgresql://me:p%40ss%20w@h", "p%40ss+w"])
def test_what_a_driver_says_has_no_spelling_of_the_password(said: str) -> None:
    assert "ss" not in without_secrets(said, ["p@ss w", ""])


@pytest.mark.parametrize("url", [*DOUBTFUL, "mysql://me:s3cret@h/db", "postgresql+pg8000://me:s3cret@h/db"])
def test_no_error_of_opening_a_database_tells_its_password(url: str) -> None:
    with pytest.raises(StorageError) as told:
        Storage.open(url.replace("@h", "@127.0.0.1:1").replace("//h", "//127.0.0.1:1"))
    assert SECRET not in str(told.value)
