"""Errors of studies that a user can read; leaves of the tree in `search_spaces.errors`."""

import errno
from typing import Self

from search_spaces.errors import NasError


class StudyNotFound(NasError):
    """No study or trial of that name or number in this storage."""


class StudyExists(NasError):
    """A study of that name exists and is not the one in the file."""


class StudyBusy(NasError):
    """Another controller holds the study's lease."""


class LeaseLost(NasError):
    """A controller whose lease was taken over: it may write nothing more."""


class StorageError(NasError):
    """The storage cannot be reached, read or written, or its disk is full."""


class DashboardUnusable(NasError):
    """The dashboard cannot be served: its token file, host or port is not usable."""


class VariableError(NasError):
    """An environment variable of ours has a value that is not allowed."""


class FolderUnusable(NasError):
    """The folder for checkpoints and exports cannot be written, or its disk is full."""

    @classmethod
    def of(cls, folder: str, error: OSError) -> Self:
        """Return what the system says of the folder, and what to do."""
        full = "; free some space, then go on" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        return cls(
            f"artifacts.folder: {folder!r} cannot be written: {error.strerror or error}{full} "
            "(another: --set artifacts.folder=PATH)"
        )


class SchemaError(NasError):
    """The storage was written by an older or newer version of this project."""


class NoUsableTrial(NasError):
    """The search ended and no trial has a finite value."""


class WorkersUnusable(NasError):
    """Workers die before they can do anything."""
