"""Proposals: turn parameters into a trial: build and count it, check limits, look for duplicates."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nas.config import StudyConfig
from nas.objectives import needs_training, with_short_names
from nas.trials import ENDED_EARLY, Trial, TrialState, over
from search_spaces.candidate import Candidate, Params, Recipe, Scalar
from search_spaces.errors import BuildError, NasError
from search_spaces.families import build
from search_spaces.network import Network
from workers.messages import TaskInfo

_FEW = 10_000
"""A space of at most so many points is watched for whether all of them were proposed."""


def seed_of(study_seed: int, *parts: object) -> int:
    """Derive the seed of one thing in a study, 0 ≤ seed < 2⁶³, from the study's own."""
    text = ":".join(map(str, (study_seed, *parts)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@dataclass(slots=True)
class Proposals:
    """Decides of each candidate that is proposed whether it must be trained at all."""

    config: StudyConfig
    task: TaskInfo
    _measured: dict[str, dict[str, Trial]] = field(default_factory=dict)
    """By fingerprint and recipe."""
    _unread: dict[str, list[Trial]] = field(default_factory=dict)
    """By fingerprint, trials whose recipe nobody has asked for yet."""
    _proposed: set[frozenset[tuple[str, Scalar]]] = field(default_factory=set)
    """Every point of a space with few, once it was proposed."""

    @property
    def exhausted(self) -> bool:
        """Return whether every point of the space has been proposed."""
        return len(self._proposed) >= self.config.space.size

    def remember(self, trial: Trial) -> None:
        """Record a trial's result, so that an equal candidate is answered from it.

        One that was ended early is no answer: an equal one may be trained further.
        """
        self._note(trial.params)
        whole = trial.state is TrialState.COMPLETE and trial.reason not in ENDED_EARLY
        if whole or trial.reason == "pruned":
            self._unread.setdefault(trial.fingerprint, []).append(trial)

    def _note(self, params: Params) -> None:
        if self.config.space.size <= _FEW:
            self._proposed.add(frozenset(params.items()))

    def judge(self, number: int, params: Params, state: Mapping[str, object] | None = None) -> Trial:
        """Return a new trial: WAITING where training is needed; finished where it cannot be done or has been done.

        `state` is what its sampler must find again.
        """
        self._note(params)
        candidate = self.config.space.candidate(params, seed_of(self.config.seed, "candidate", number))
        trial = Trial(number, params, candidate, sampler_state=state or {})
        try:
            network = built(candidate, self.task)
        except BuildError as error:
            return over(trial, TrialState.FAIL, f"build: {error}")
        trial = replace(trial, fingerprint=network.fingerprint, parameters=network.parameters, flops=network.flops)
        excesses = self.excesses(network)
        if any(excess > 0 for excess in excesses.values()):
            return over(replace(trial, constraints=excesses), TrialState.PRUNED, "infeasible")
        return self._from_record(trial) or trial

    def excesses(self, network: Network) -> Mapping[str, float]:
        """Hold a network against the limits, and against the constraints that need no training."""
        sizes = with_short_names(network.sizes)
        excesses = self.config.space.limits.excesses(network)
        known = [item for item in self.config.constraints if not needs_training(item)]
        return {**excesses, **{item.text: item.excess(sizes) for item in known}}

    def _from_record(self, trial: Trial) -> Trial | None:
        same_network = self._measured.setdefault(trial.fingerprint, {})
        for earlier in self._unread.pop(trial.fingerprint, ()):
            same_network.setdefault(_text(earlier.candidate.recipe), earlier)
        known = same_network.get(_text(trial.candidate.recipe))
        if known is None:
            return None
        answered = replace(
            trial, values=known.values, constraints=known.constraints, reused_from=known.number, engine=known.engine
        )
        return over(answered, known.state, "reused")


def built(candidate: Candidate, task: TaskInfo) -> Network:
    """Return the network of a candidate for a task; raise BuildError where there is none."""
    try:
        return build(candidate.architecture, task.inputs, task.outputs)
    except (NasError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # a family of another distribution may raise anything
        told = " ".join(str(error).split())[:300]
        raise BuildError(f"{candidate.architecture.family} raised {type(error).__name__}: {told}") from error


def _text(recipe: Recipe) -> str:
    return json.dumps(recipe.to_json(), sort_keys=True)
