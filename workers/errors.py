"""Errors of workers that a user can read; leaves of the tree in `search_spaces.errors`."""

from search_spaces.errors import NasError


class TaskError(NasError):
    """The samples of a task cannot be used: a missing file or target, one class, text in a number column.

    `path` says where the study file has what is wrong, such as `task.csv.target`; a task itself names its setting
    alone, `target`, and `workers.datasets.dataset.read` puts the rest before it. Empty where the samples themselves are
    wrong.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.message, self.path = message, path


class CheckpointError(NasError):
    """A checkpoint that is missing, torn, altered, or of another network."""


class ExportError(NasError):
    """An exported network that could not be written, or is not the network it was made from."""
