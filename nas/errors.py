"""What can go wrong in a study, as errors a user can read; leaves of the tree in `search_spaces.errors`."""

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


class SchemaError(NasError):
    """The storage was written by an older or newer version of this project."""


class NoUsableTrial(NasError):
    """The search ended and no trial has a finite value."""


class WorkersUnusable(NasError):
    """Workers die before they can do anything."""
