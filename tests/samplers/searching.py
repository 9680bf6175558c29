"""Search spaces that the tests of samplers share, and a search that asks and tells as a controller does."""

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from nas import samplers
from nas.config import Objective
from nas.samplers import Sampler, SpaceExhausted
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Named, Params, Settings, Value
from search_spaces.dimensions import Choice, Float, Int
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace

ONE = (Objective("accuracy", "maximize"),)
TWO = (Objective("accuracy", "maximize"), Objective("parameters", "minimize"))

CONDITIONAL = SearchSpace(
    "conditional",
    "mlp",
    {
        "depth": Int(1, 4),
        **{f"width.{place}": Choice((16, 32, 64, 128)) for place in range(4)},
        "dropout": Float(0, 0.5),
    },
    {
        "optimizer": Choice(("sgd", "adamw")),
        "optimizer.sgd.lr": Float(1e-3, 1, log=True),
        "optimizer.sgd.momentum": Float(0, 0.9, step=0.1),
        "optimizer.adamw.lr": Float(1e-4, 1e-1, log=True),
        "batch_size": Int(16, 128, log=True),
    },
    constraints=(Expression.parse("batch_size <= 100 or dropout < 0.4"),),
)
"""Layers that come and go, options that open dimensions, and a constraint that one point in 30 breaks."""

NUMERIC = SearchSpace(
    "numeric", "mlp", {"depth": Int(1, 6), "dropout": Float(0, 0.5)}, {"weight_decay": Float(1e-6, 1e-1, log=True)}
)
"""Numbers that are always active."""

FINITE = SearchSpace(
    "finite",
    "mlp",
    {"depth": Int(1, 2), "width.0": Choice((16, 32, 64)), "width.1": Choice((16, 32, 64))},
    {"batch_size": Choice((16, 32))},
    constraints=(Expression.parse("width.0 >= width.1"),),
)
"""24 points: 6 of depth 1, 18 of depth 2, of which 6 break the constraint."""

NARROW = SearchSpace(
    "narrow",
    "mlp",
    {"depth": Int(1, 4), "width": Int(1, 100)},
    {},
    constraints=(Expression.parse("depth * width >= 200"),),
)
"""A constraint that nearly four points in five break."""

NEEDLE = SearchSpace("needle", "mlp", {"width": Int(1, 1000)}, {}, constraints=(Expression.parse("width in [7, 8]"),))
"""Two points in a thousand satisfy the constraint."""


class Search:
    """Asks and tells a sampler: a few trials at a time, which end in any order and any state."""

    def __init__(
        self, name: str, space: SearchSpace, objectives: Sequence[Objective] = ONE, seed: int = 5, **settings: Value
    ) -> None:
        self.named, self.space, self.objectives, self.seed = Named(name, Settings(settings)), space, objectives, seed
        self.sampler: Sampler = self.made()
        self.trials: dict[int, Trial] = {}
        self.rng = random.Random(f"{name} {space.name}")

    def made(self) -> Sampler:
        """Make the sampler as it is before the first trial."""
        return samplers.make(self.named, space=self.space, objectives=self.objectives, seed=self.seed)

    def rebuilt(self) -> Sampler:
        """Make the sampler anew and tell it all there is."""
        sampler = self.made()
        sampler.tell(list(self.trials.values()))
        return sampler

    def ask(self, count: int) -> list[Params]:
        """Ask for trials and leave them running."""
        numbers = range(len(self.trials), len(self.trials) + count)
        asked = self.sampler.ask(numbers)
        state: Callable[[int], object] = getattr(self.sampler, "state", lambda _: {})
        for number, params in zip(numbers, asked, strict=False):
            kept = json.loads(json.dumps(state(number)))
            candidate = self.space.candidate(params, 0)
            self.trials[number] = Trial(number, params, candidate, TrialState.RUNNING, sampler_state=kept)
        return asked

    def finish(self, number: int, state: TrialState = TrialState.COMPLETE, value: float | None = None) -> None:
        """End a trial and tell the sampler."""
        params = self.trials[number].params
        value = goodness(params) if value is None else value
        values = (value, 100.0 * float(params.get("depth", 1)))[: len(self.objectives)]
        curve = (Point(1, {"accuracy": value / 2}, 0.1), Point(2, {"accuracy": value}, 0.1))
        ended = replace(self.trials[number], state=state, curve=curve, epochs=2)
        self.trials[number] = replace(ended, values=values if state is TrialState.COMPLETE else ())
        self.sampler.tell([self.trials[number]])

    def run(self, count: int, running: int = 3) -> None:
        """Go on until so many trials are known or nothing is left; a few stay running."""
        while len(self.trials) < count:
            try:
                self.ask(1)
            except SpaceExhausted:
                return
            going = [number for number, trial in self.trials.items() if not trial.state.finished]
            if len(going) > running:
                ends = [TrialState.COMPLETE] * 5 + [TrialState.PRUNED] * 2 + [TrialState.FAIL]
                self.finish(self.rng.choice(going), self.rng.choice(ends))


def goodness(params: Params) -> float:
    """Return a value that is best at dropout 0.1 and weight decay 1e-4."""
    dropout, decay = float(params.get("dropout", 0)), float(params.get("weight_decay", 1e-4))
    return 1 - abs(dropout - 0.1) - abs(math.log10(decay) + 4) / 10
