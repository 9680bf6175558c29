"""What a run of a study is given beside the study: who is told of it, what ends it early, by which clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from nas.events import Watcher, unwatched

Asked = Callable[[], bool]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How one controller runs a study."""

    watch: Watcher = unwatched
    """Is told of each thing that happens."""
    interrupted: Asked = bool
    """Says whether the user wants the study to drain and stop, to be gone on with later."""
    finish: Asked = bool
    """Says whether the user wants the search to end and its best to be retrained, scored and exported."""
    began: float | None = None
    """By the clock, when the command began, from which the budget's time counts; None is when the study is run."""
    clock: Clock = time.monotonic
    pause: float = 0.03
    """Seconds between two transactions of a busy search."""
