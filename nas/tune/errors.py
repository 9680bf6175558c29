"""Errors inside a trial of Tune."""

from search_spaces.errors import NasError


class TrainingFailed(NasError):
    """A candidate cannot be trained; the message is the reason that its trial is recorded with."""
