"""Password file: the password of a database's URL from a file, as container secrets are provided."""

from pathlib import Path

from sqlalchemy import URL

from nas.errors import StorageError
from nas.redaction import redacted

KEY = "password_file"
"""In a URL: `postgresql+psycopg://nas@db/nas?password_file=/run/secrets/db_password`."""


def with_password(url: URL) -> URL:
    """Return the URL with the password that its file holds, without the line's end; one without a file as it is.

    libpq's own `passfile` has another form, and is ignored when others may read it, as a container's secret may be.

    Raises:
        StorageError: the file cannot be read or holds no password, or the URL has a password besides.
    """
    if KEY not in url.query:
        return url
    file = url.query[KEY]
    where = f"storage {redacted(url.render_as_string(hide_password=False))!r}"
    if not isinstance(file, str) or url.password is not None:
        raise StorageError(f"{where}: give one {KEY}, and no other password")
    try:
        password = Path(file).read_text("utf-8").strip("\r\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise StorageError(f"{where}: cannot read the password in {file!r}: {reason}") from error
    if not password or "\n" in password:
        raise StorageError(f"{where}: {file!r} must hold the password in one line, and nothing else")
    return url.set(password=password).difference_update_query([KEY])
