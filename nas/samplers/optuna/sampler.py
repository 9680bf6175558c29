"""Adapter of Optuna's samplers: a study in memory, rebuilt from our history, on which they ask and tell."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import optuna
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import Trial as AskedTrial
from optuna.trial import TrialState as OptunaState

from nas.config import Objective
from nas.optuna_adapter import distribution, quiet
from nas.samplers._groups import Groups
from nas.samplers.optuna.ask_context import Maker, Moment
from nas.samplers.random import stream
from nas.trials import Trial, TrialState
from search_spaces.candidate import Params, Scalar
from search_spaces.dimensions import Choice, Dimension, Float
from search_spaces.space import SearchSpace

TRIES = 8
"""How often a proposal that breaks a constraint or repeats an earlier one is asked again, before one is drawn."""

PASSING = ("tpe:", "cma:", "constraints")
"""Attributes of Optuna's trials that are not stored: found again, or pickled, or told by us."""


class OptunaSampler:
    """One of Optuna's samplers as a function of seed and history.

    What a proposal leaves behind in Optuna's study (NSGA's generation, the place in a quasi-random sequence, what was
    rejected before it) is handed over by `state` as JSON values and comes back as `Trial.sampler_state`.
    """

    def __init__(self, make: Maker, space: SearchSpace, objectives: Sequence[Objective], seed: int) -> None:
        """Begin without a trial."""
        self._make, self._space, self._seed = make, space, seed
        self._metric = objectives[0].metric if len(objectives) == 1 else ""
        self._size = space.size
        self._storage = InMemoryStorage()
        with quiet():
            directions = [objective.direction for objective in objectives]
            self._study = optuna.create_study(storage=self._storage, study_name="nas", directions=directions)
        self._study_id = self._storage.get_study_id_from_name("nas")
        self._distributions = {name: distribution(dimension) for name, dimension in space.dimensions.items()}
        self._count = 0
        self._places: dict[int, int] = {}
        self._open: set[int] = set()
        self._states: dict[int, Mapping[str, object]] = {}
        self._proposed: set[frozenset[tuple[str, Scalar]]] = set()
        self._groups = Groups()
        self._earlier: list[FrozenTrial] = []
        self._rejections = 0

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters for these trial numbers."""
        with quiet():
            return [self._propose(number) for number in numbers]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from trials that were asked for, and rebuild from those that were not."""
        with quiet():
            for trial in sorted(trials, key=lambda trial: trial.number):
                if trial.number not in self._places:
                    self._rebuild(trial)
                elif trial.number in self._open and trial.state.finished:
                    self._finish(trial)

    def state(self, number: int) -> Mapping[str, object]:
        """Return what must be stored with a trial so that the sampler can be rebuilt: JSON values, often none."""
        return self._states.get(number, {})

    def _propose(self, number: int) -> Params:
        before = self._storage.get_study_system_attrs(self._study_id)
        rejected: list[Params | None] = []
        params, place = self._ask(number, 0)
        while fault := self._fault(params):
            told = params if fault == "violated" and not any(rejected) else None
            self._reject(place, told)
            rejected.append(told)
            if len(rejected) == TRIES:
                params = self._space.sample(stream(self._seed, number, "instead"))
                place = self._add(params)
                break
            params, place = self._ask(number, len(rejected))
        self._take(number, place, params)
        self._states[number] = self._left_behind(place, before, rejected)
        return params

    def _ask(self, number: int, attempt: int) -> tuple[Params, int]:
        self._study.sampler = self._make(self._moment(number, attempt))
        trial = self._study.ask()
        self._count += 1
        params = self._space.propose(lambda name, dimension: _suggest(trial, name, dimension))
        return params, trial.number

    def _moment(self, number: int, attempt: int) -> Moment:
        return Moment(
            seed=_seed(self._seed, number, attempt),
            study_seed=_seed(self._seed),
            groups=self._groups,
            distributions=self._distributions,
            earlier=self._earlier,
            rejections=self._rejections,
        )

    def _fault(self, params: Params) -> str:
        """Return what is wrong with a proposal: it breaks a constraint, repeats an earlier one, or nothing."""
        if self._space.violated(params):
            return "violated"
        repeated = frozenset(params.items()) in self._proposed
        return "repeated" if repeated and len(self._proposed) < self._size else ""

    def _reject(self, place: int, params: Params | None) -> None:
        """End a proposal that nobody will train: as infeasible, or, without parameters, as nothing to learn from.

        Of several in a row only the first is told as infeasible: the next ask of the same model, and teach the same.
        """
        if params is None:
            self._study.tell(place, state=OptunaState.FAIL)
            return
        self._rejections += 1
        self._constrain(place, self._space.violated(params))
        self._study.tell(place, state=OptunaState.PRUNED)

    def _left_behind(
        self, place: int, before: Mapping[str, Any], rejected: Sequence[Params | None]
    ) -> Mapping[str, object]:
        attributes = self._storage.get_trial(self._id(place)).system_attrs
        after = self._storage.get_study_system_attrs(self._study_id)
        state = {
            "trial": {key: value for key, value in attributes.items() if not key.startswith(PASSING)},
            "study": {key: value for key, value in after.items() if before.get(key) is not value},
            "rejected": [params and dict(params) for params in rejected],
        }
        return {key: value for key, value in state.items() if value}

    def _rebuild(self, trial: Trial) -> None:
        state = cast(Mapping[str, Any], trial.sampler_state)
        for params in state.get("rejected", ()):
            self._reject(self._add(params or {}), params)
        for key, value in state.get("study", {}).items():
            self._storage.set_study_system_attr(self._study_id, key, value)
        place = self._add(trial.params, state.get("trial", {}))
        self._take(trial.number, place, trial.params)
        if trial.state.finished:
            self._finish(trial)
            if trial.state is TrialState.COMPLETE:
                self._earlier.append(self._storage.get_trial(self._id(place)))

    def _finish(self, trial: Trial) -> None:
        place = self._places[trial.number]
        self._open.discard(trial.number)
        finite = all(map(math.isfinite, trial.values))
        self._constrain(place, trial.constraints)
        if trial.state is TrialState.COMPLETE and finite and trial.values:
            self._study.tell(place, list(trial.values), state=OptunaState.COMPLETE)
        elif trial.state is TrialState.PRUNED:
            self._report_last(place, trial)
            self._study.tell(place, state=OptunaState.PRUNED)
        else:
            self._study.tell(place, state=OptunaState.FAIL)

    def _report_last(self, place: int, trial: Trial) -> None:
        """Report to the model how far a stopped trial came; with several objectives that would break every ask."""
        value = trial.metrics.get(self._metric, math.nan)
        if math.isfinite(value):
            self._storage.set_trial_intermediate_value(self._id(place), trial.curve[-1].epoch, value)

    def _constrain(self, place: int, excesses: Mapping[str, float]) -> None:
        trial = self._storage.get_trial(self._id(place))  # in memory this is the trial itself, not a copy
        for text, excess in excesses.items():
            trial.set_constraint(text, excess)

    def _add(self, params: Params, attributes: Mapping[str, Any] | None = None) -> int:
        """Put a RUNNING trial with given parameters into Optuna's study and return its place there."""
        distributions = {name: self._distributions[name] for name in params}
        trial = create_trial(
            state=OptunaState.RUNNING,
            params=dict(params),
            distributions=distributions,
            system_attrs=dict(attributes or {}),
        )
        self._study.add_trial(trial)
        self._count += 1
        return self._count - 1

    def _take(self, number: int, place: int, params: Params) -> None:
        self._places[number] = place
        self._open.add(number)
        self._proposed.add(frozenset(params.items()))
        self._groups.see(params)

    def _id(self, place: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, place)


def _suggest(trial: AskedTrial, name: str, dimension: Dimension) -> Scalar:
    if isinstance(dimension, Choice):
        return cast(Scalar, trial.suggest_categorical(name, dimension.options))
    if isinstance(dimension, Float):
        return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log, step=dimension.step)
    return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log, step=dimension.step)


def _seed(*parts: int) -> int:
    text = ":".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "big")
