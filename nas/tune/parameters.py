"""Parameters of a trial of Tune: flat names, and under `nas` the study and the trial's number."""

from collections.abc import Mapping
from typing import Any

from nas.controller.proposals import seed_of
from nas.trials import Trial
from search_spaces.candidate import Candidate
from search_spaces.space import SearchSpace

_KEY = "nas"


def parameters(study: str, trial: Trial) -> dict[str, Any]:
    """Return the parameters of a trial as Tune hands them to a trainable."""
    return {**trial.params, _KEY: {"study": study, "trial": trial.number}}


def number(parameters: Mapping[str, Any]) -> int:
    """Return the number of the trial that was given these parameters."""
    return int(parameters[_KEY]["trial"])


def study(parameters: Mapping[str, Any]) -> str:
    """Return the study of the trial that was given these parameters."""
    return str(parameters[_KEY]["study"])


def is_ours(parameters: Mapping[str, Any]) -> bool:
    """Return whether these are the parameters of a trial of ours."""
    return isinstance(parameters.get(_KEY), Mapping) and {"study", "trial"} <= parameters[_KEY].keys()


def candidate(space: SearchSpace, seed: int, parameters: Mapping[str, Any]) -> Candidate:
    """Return the candidate that these parameters stand for; what else the user has put beside them is left out."""
    params = {name: parameters[name] for name in space.dimensions if name in parameters}
    return space.candidate(params, seed_of(seed, "candidate", number(parameters)))
