"""Survey: the cost of a random sample of a study's candidates, before any is trained."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from nas import samplers
from nas.config import StudyConfig
from nas.controller.budget.epoch_cost import EpochCost
from nas.controller.proposals import Proposals
from nas.executors.protocol import Executor
from nas.trials import Trial, TrialState
from search_spaces.candidate import Named
from search_spaces.errors import Problem, SpecError
from workers.messages import Probe, TaskInfo

FEW, SAMPLES = 8, 64
"""Candidates that are drawn where only some have to be seen, and where their mean cost counts."""
ATTEMPTS = 2000
"""Candidates that are drawn before a space in which none can be trained counts as a mistake."""
PROBED = 8
PROBE_SECONDS, PROBE_SHARE = 0.5, 0.02
"""How many candidates a few training steps are timed of; for how long at most, and for what share of the time."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Random candidates of a study, held against its limits, and what epochs of some of them take."""

    samples: Sequence[Trial]
    cost: EpochCost = field(default_factory=EpochCost)

    @property
    def trainable(self) -> list[Trial]:
        """Those that can be trained and are within the limits."""
        return [trial for trial in self.samples if trial.state is TrialState.WAITING]

    @property
    def infeasible(self) -> float:
        """The share of candidates that would not be trained: over a limit, or no network at all."""
        return 1.0 - len(self.trainable) / len(self.samples)

    @property
    def epoch_seconds(self) -> float | None:
        """The mean seconds of an epoch; None where nothing was timed."""
        return self.cost.mean(self.trainable)


def surveyed(config: StudyConfig, task: TaskInfo, count: int = SAMPLES) -> Survey:
    """Draw candidates, and more where none of them can be trained; nothing is timed yet.

    Raises:
        SpecError: not one of many can be trained, and why.
    """
    sampler = samplers.make(Named("random"), space=config.space, objectives=config.objectives, seed=config.seed)
    proposals = Proposals(config, task)
    samples: list[Trial] = []
    while len(samples) < ATTEMPTS:
        numbers = range(len(samples), len(samples) + count)
        samples += map(proposals.judge, numbers, sampler.ask(numbers))
        if any(trial.state is TrialState.WAITING for trial in samples):
            return Survey(samples)
    raise SpecError([Problem("space", _none_can_be_trained(samples))])


def timed(survey: Survey, config: StudyConfig, executor: Executor) -> Survey:
    """Return the survey with the cost of epochs, from a few training steps of some candidates."""
    cost = EpochCost()
    probed = survey.trainable[:PROBED]
    probed = [probed[0], *probed]  # the first pays for cold caches, and is not believed
    candidates = tuple(trial.candidate for trial in probed)
    seconds = min(PROBE_SECONDS, PROBE_SHARE * config.budget.seconds or PROBE_SECONDS)
    timings = executor.probe(Probe(config.task, candidates, seconds, config.epoch_samples))
    for trial, timing in zip(probed[1:], timings[1:], strict=True):
        if timing is not None:
            cost.observe(trial, timing.epoch)
    return Survey(survey.samples, cost)


def _none_can_be_trained(samples: Sequence[Trial]) -> str:
    """Return what most of the candidates fail with, with the one that comes closest where it is a limit."""
    reasons = Counter(trial.reason.removeprefix("build: ") for trial in samples)
    reason = reasons.most_common(1)[0][0]
    if reason != "infeasible":
        return f"no candidate can be trained, of {len(samples)} drawn at random: {reason}"
    over = [trial for trial in samples if trial.reason == "infeasible"]
    nearest = min(over, key=lambda trial: max(trial.constraints.values()))
    broken = ", ".join(f"{text} by {excess:g}" for text, excess in nearest.constraints.items() if excess > 0)
    return (
        f"no candidate is within the limits, of {len(samples)} drawn at random; "
        f"the one that comes closest exceeds {broken}"
    )
