"""Lazy opening: a database that is opened when it is first needed, and then stays open until the end."""

from types import TracebackType
from typing import Self

from nas.errors import StudyNotFound
from nas.storage.records import StudyRecord
from nas.storage.storage import Storage


class LazyStorage:
    """A database by its URL; opened at most once, and closed when the block ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Storage | None = None

    def existing(self) -> Storage:
        """Return it open; raise StudyNotFound when its file is missing."""
        return self._open(create=False)

    def created(self) -> Storage:
        """Return it open; a file of SQLite that is missing is made."""
        return self._open(create=True)

    def find(self, name: str) -> StudyRecord | None:
        """Return a study, or None when there is none of that name, or no database yet."""
        try:
            return self.existing().find(name)
        except StudyNotFound:
            return None

    def _open(self, *, create: bool) -> Storage:
        if self._opened is None:
            self._opened = Storage.open(self._url, create=create)
        return self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()
