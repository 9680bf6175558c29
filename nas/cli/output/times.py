"""Times: the seconds of a study over all its runs, and where those of the last one went."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.artifacts.final_result import concluded
from nas.cli.output import humanize
from nas.storage import StudyRecord

SHOWN = 0.01
"""The smallest share of a run with which a part of it is shown."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times of a study; its parts are known for the run that reached the study's result alone."""

    seconds: float
    """Of all runs together."""
    run: float | None = None
    """Of the last run; None where it came to no result, as one that was stopped or killed."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Of the last run: what the controller spent with what."""

    def __str__(self) -> str:
        if self.run is None:
            return humanize.duration(self.seconds)
        ordered = sorted(self.parts.items(), key=lambda item: -item[1])
        spent = ", ".join(f"{name} {humanize.duration(part)}" for name, part in ordered if part >= SHOWN * self.run)
        parts = f" ({spent})" if spent else ""
        if math.isclose(self.run, self.seconds, abs_tol=1e-3):
            return f"{humanize.duration(self.seconds)}{parts}"
        return f"{humanize.duration(self.seconds)} in all runs; {humanize.duration(self.run)} in the last{parts}"


def times(record: StudyRecord) -> Times:
    """Read a study's times; a result that an earlier run came to says nothing of the last one."""
    match record.result:
        case {"run": int(run) | float(run), "time": Mapping() as parts} if concluded(record):
            known = {str(name): float(part) for name, part in parts.items() if isinstance(part, int | float)}
            return Times(record.seconds, float(run), known)
    return Times(record.seconds)
