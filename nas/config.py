"""Study definition as values: what `study.yaml` says once every default is filled in."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from search_spaces.candidate import Named, Settings
from search_spaces.expressions import Expression
from search_spaces.space import SearchSpace
from workers.messages import TaskSpec
from workers.metric_names import METRIC_DIRECTIONS

Direction = Literal["maximize", "minimize"]
USUAL_STORAGE = "sqlite:///nas.db"


@dataclass(frozen=True, slots=True)
class Objective:
    """Objective of the search: a metric of the task, or `parameters`, `flops` or `seconds`."""

    metric: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits that end a study, whichever is reached first. None and 0 mean without limit.

    `trials` counts every trial that was trained, also those that failed, but neither infeasible ones nor those answered
    from the record; `epochs` is for one trial, 0 until they are fitted to samples and time as the study begins;
    `total_epochs` is for all trials together; `seconds` is wall time over all runs of the study, from the start of the
    command to its end; `target` is a value of the first objective that is good enough; `patience` the number of trained
    trials without a new incumbent.
    """

    trials: int = 64
    epochs: int = 0
    total_epochs: int = 0
    seconds: float = 0.0
    target: float | None = None
    patience: int = 0


@dataclass(frozen=True, slots=True)
class Pruning:
    """The pruner, and the metric it compares (with several objectives it must be named)."""

    pruner: Named = Named("")
    """A study fills in what is not said: `asha` where there is a metric to compare, else `none`."""
    metric: str = ""
    direction: Direction = "maximize"


@dataclass(frozen=True, slots=True)
class Final:
    """The last stage: of the `top` best, fresh seeds choose one, which is retrained with `seeds` seeds; 0 skips it."""

    seeds: int = 3
    top: int = 3
    epochs: int = 0
    """Epochs of each retraining; 0 means as many as the chosen trial had."""
    ensemble: bool = False
    """Whether the retrainings' average, as one network, is exported in place of the first of them."""


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Files: the folder of checkpoints and exports, how many of the best trials keep theirs, the export formats."""

    folder: str = "runs"
    keep: int = 16
    export: tuple[str, ...] = ("source", "safetensors")
    place: str = ""
    """The study's own folder in it, where the study's name is taken by another's; empty is its name."""


@dataclass(frozen=True, slots=True, repr=False)
class StudyConfig:
    """Everything that defines a study; two equal values search alike."""

    name: str
    task: TaskSpec
    space: SearchSpace
    objectives: tuple[Objective, ...]
    """Empty where the file leaves it to the task; filled in once its kind is known."""
    constraints: tuple[Expression, ...] = ()
    """Over metrics, `parameters`, `flops` and `seconds`, of a finished trial: `parameters <= 200k`."""
    sampler: Named = Named("tpe")
    pruning: Pruning = field(default_factory=Pruning)
    budget: Budget = field(default_factory=Budget)
    final: Final = field(default_factory=Final)
    executor: Named = Named("process", Settings(workers=0))
    """`workers` 0 means one per core."""
    storage: str = USUAL_STORAGE
    artifacts: Artifacts = field(default_factory=Artifacts)
    checkpoint_seconds: float = 5.0
    epoch_samples: int = 20_000
    """An epoch sees so many training samples at most: a pass over more is several epochs; 0 is without limit."""
    seed: int = 0
    base: str = field(default="", compare=False)
    """The folder that paths in the study file began at; a project that was moved is found again by it."""

    def __repr__(self) -> str:
        """Describe it in one line, without the storage, whose URL may hold a password."""
        goal = ", ".join(f"{item.direction} {item.metric}" for item in self.objectives)
        parts = {"name": self.name, "task": self.task.task.name, "space": self.space.name or self.space.family}
        parts |= {"objectives": goal} if goal else {}
        told = ", ".join(f"{key}={value!r}" for key, value in parts.items())
        return f"StudyConfig({told}, trials={self.budget.trials}, seed={self.seed})"

    def __post_init__(self) -> None:
        if not self.pruning.pruner.name:
            compared = self.pruning.metric or prunable(self.objectives)
            pruning = replace(self.pruning, pruner=Named("asha" if compared else "none"))
            object.__setattr__(self, "pruning", pruning)


def prunable(objectives: Sequence[Objective]) -> bool:
    """Return whether the objective alone says what a pruner compares: there is one, measured after every epoch.

    An objective that is left to the task is one.
    """
    return len(objectives) <= 1 and all(objective.metric in METRIC_DIRECTIONS for objective in objectives)
