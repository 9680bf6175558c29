"""Schedules: one file a way the learning rate changes over a training."""

from search_spaces.candidate import Named
from search_spaces.hyperparameters import make as filled
from search_spaces.registry import Menu
from workers.schedules.protocol import Schedule

SCHEDULES = Menu("workers.schedules", "schedule")


def make(named: Named) -> Schedule:
    """Make the schedule of a recipe; raise `UnknownName` if it is not on the menu, `SpecError` for a wrong setting."""
    made: Schedule = filled(SCHEDULES, named)
    return made


def factor_at(schedule: Schedule, *, warmup: float, step: int, steps: int) -> float:
    """Return what the learning rate is multiplied by in step `step` (from 0) of `steps`.

    During the share `warmup` of all steps it rises linearly to where the schedule begins, and is never 0 there.
    """
    rising = round(warmup * steps)
    if step < rising:
        return schedule.factor(0.0) * (step + 1) / (rising + 1)
    return schedule.factor((step - rising) / (steps - rising))
