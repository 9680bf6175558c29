"""Tune scheduler: receives every report before anyone else; our pruner decides who stops."""

from typing import Any

from ray import cloudpickle
from ray.exceptions import RayActorError, RayTaskError
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from nas.tune.errors import TrainingFailed
from nas.tune.search import NasSearch
from search_spaces.errors import Problem, SpecError

_LONGEST = 300
"""Characters kept of what an error says."""


class NasScheduler(FIFOScheduler):
    """Runs trials in the order they were proposed and stops those that the study's pruner stops. Keeps nothing."""

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Begin a trial that Tune has queued: a new one, a lost one again, one of an earlier driver."""
        search = _search(tune_controller)
        if not trial.is_finished() and not search.join(trial):
            trial.update_last_result(search.recorded(trial))
            trial.set_status(TuneTrial.TERMINATED)  # it has ended since Tune last wrote down what it knew
            tune_controller.search_alg.on_trial_complete(trial.trial_id)
            search.conclude(last=_last(tune_controller))

    def on_trial_result(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> str:
        """Record a report and decide whether the trial goes on."""
        stop = _search(tune_controller).report(trial, result)
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)

    def on_trial_complete(self, tune_controller: Any, trial: TuneTrial, result: dict[str, Any]) -> None:
        """Record how a trial ended that came to its end or was stopped."""
        _search(tune_controller).end(trial, result, last=_last(tune_controller))

    def on_trial_remove(self, tune_controller: Any, trial: TuneTrial) -> None:
        """Record that Tune has given up a trial that waited."""
        _search(tune_controller).end(trial, {}, last=_last(tune_controller))

    def on_trial_error(self, tune_controller: Any, trial: TuneTrial) -> None:
        """Record that a trial has failed, or that Tune begins it again."""
        reason = _reason(trial)
        if trial.status == TuneTrial.ERROR:  # so Tune marks what it is about to queue again
            _search(tune_controller).lose(trial, reason)
        else:
            _search(tune_controller).fail(trial, reason, last=_last(tune_controller))

    def choose_trial_to_run(self, tune_controller: Any) -> TuneTrial | None:
        """Choose the trial that waits longest; Tune asks in every turn of its loop."""
        _search(tune_controller).turn()
        return super().choose_trial_to_run(tune_controller)

    def debug_string(self) -> str:
        """Return what decides."""
        return "Using NasScheduler: the study's own pruner."


def _search(tune_controller: Any) -> NasSearch:
    """Find our searcher beneath what Tune has wrapped around it."""
    searcher = tune_controller.search_alg
    while not isinstance(searcher, NasSearch):
        searcher = getattr(searcher, "searcher", None)
        if searcher is None:
            hint = "tune.TuneConfig(search_alg=NasSearch(…), scheduler=NasScheduler())"
            raise SpecError([Problem("tune", "NasScheduler goes with NasSearch", hint=hint)])
    return searcher


def _last(tune_controller: Any) -> bool:
    """Return whether Tune will ask for no more trials."""
    return bool(tune_controller.search_alg.is_finished())


def _reason(trial: TuneTrial) -> str:
    """Return why a trial failed as our own workers would: `nan`, `oom`, `lost`, `crash: …`."""
    error = _error(trial)
    if isinstance(error, RayActorError):
        return "lost"
    cause = (error.cause or error) if isinstance(error, RayTaskError) else error
    if cause is None:
        return "crash: Ray Tune gives no reason"
    if isinstance(cause, TrainingFailed):
        return str(cause)
    if isinstance(cause, MemoryError):
        return "oom"
    return f"crash: {type(cause).__name__}: {' '.join(str(cause).split())[:_LONGEST]}"


def _error(trial: TuneTrial) -> Exception | None:
    """Return what ended a trial: Tune has just written it to a file of this machine, and keeps it nowhere else."""
    if not trial.local_path or not trial.pickled_error_file:
        return None
    with open(trial.pickled_error_file, "rb") as file:
        error: Exception = cloudpickle.load(file)
    return error
