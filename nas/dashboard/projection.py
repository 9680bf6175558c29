"""Projection: copy a study into Optuna's tables, live, for the dashboard.

Our tables are the truth; Optuna's are a shadow of them, in the same database and under the study's name, which may be
thrown away and made anew at any time. Nothing that goes wrong here ever reaches the search.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from optuna.distributions import distribution_to_json

from nas.config import Objective
from nas.dashboard import optuna_tables
from nas.dashboard.optuna_rows import Distribution, Seen, View, changed_shadow, outline, seen, whole_shadow
from nas.dashboard.optuna_study import forget, study_in_optuna
from nas.dashboard.optuna_tables import Summary
from nas.optuna_adapter import distribution
from nas.storage import Artifact, Storage, StudyRecord
from nas.storage.rows.encoding import dump
from nas.trials import Trial
from search_spaces.dimensions import Choice, Dimension
from search_spaces.space import SearchSpace

_FINAL = "final"  # the kind of artifact that a retraining leaves
_CHUNK = 256  # trials in one transaction
_PATIENCE = 30.0  # seconds, at most

_log = logging.getLogger(__name__)


class Projection:
    """Shows one study in Optuna's tables. Never raises: `trouble` says what is wrong, and it is logged once."""

    def __init__(
        self,
        storage: Storage,
        study: StudyRecord,
        space: SearchSpace,
        objectives: Sequence[Objective],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble = ""
        self._storage, self._study, self._objectives, self._clock = storage, study, objectives, clock
        self._space = space
        self._view: View | None = None
        self._id = 0  # of the study in Optuna's tables; 0 before it is known
        self._seen: dict[int, Seen] = {}
        self._again_at = -1.0

    def update(self, trials: Sequence[Trial]) -> None:
        """Show the newest of these trials, with their whole curves; what else Optuna lacks is mended on the way."""
        self._safely(lambda: self._update(trials))

    def rebuild(self, trials: Sequence[Trial]) -> None:
        """Throw the shadow away and make it anew from all trials of the study."""
        self._safely(lambda: self._rebuild(trials))

    def sum_up(self, record: StudyRecord, artifacts: Sequence[Artifact]) -> None:
        """Show how the study stands: its state, what it came to, and what the final stage scored on the test split."""
        self._safely(lambda: self._sum_up(record, artifacts))

    def _update(self, trials: Sequence[Trial]) -> None:
        if not self._id:
            self._mend()
        if not self._write(trials):
            self._mend()
            self._write(trials)

    def _sum_up(self, record: StudyRecord, artifacts: Sequence[Artifact]) -> None:
        if not self._id:
            self._mend()
        finals = [
            {"trial": item.number, "seed": item.seed, "epochs": item.epoch, "test": dict(item.metrics)}
            for item in artifacts
            if item.kind == _FINAL
        ]
        standing = {"state": record.state, **record.result, **({"final stage": finals} if finals else {})}
        with self._storage.writing() as connection:
            optuna_tables.describe(connection, self._id, {key: dump(value) for key, value in standing.items()})

    def _mend(self) -> None:
        """Compare with all trials on record; the curves are read of those alone that have to be written."""
        study_id = self._study.id
        brief = self._storage.trials(study_id, curves="none")
        self._compare(brief, lambda numbers: self._storage.trials(study_id, numbers=numbers))

    def _rebuild(self, trials: Sequence[Trial]) -> None:
        forget(self._storage, self._study.name)
        known = {trial.number: trial for trial in trials}
        self._compare(trials, lambda numbers: [known[number] for number in numbers])

    def _compare(self, trials: Sequence[Trial], whole: Callable[[Sequence[int]], Sequence[Trial]]) -> None:
        """Mend what differs from all trials of the study; `whole` reads some of them with their curves."""
        self._id = study_in_optuna(self._storage, self._study, self._objectives)
        ours = {trial.number: trial for trial in trials}
        with self._storage.writing() as connection:
            found = optuna_tables.summaries(connection, self._id)
            kept = {item.number: item for item in reversed(found) if item.number in ours}
            optuna_tables.erase(connection, [item.id for item in found if kept.get(item.number) is not item])
        self._seen = {number: seen(ours[number], item.id) for number, item in kept.items()}
        differing = [number for number, item in kept.items() if not self._is_of(item, ours[number])]
        for some in _chunks(differing):
            self._replace(whole(some))
        for some in _chunks([trial.number for trial in trials if trial.number not in kept]):
            self._write(whole(some))

    def _is_of(self, item: Summary, trial: Trial) -> bool:
        """Return whether nothing of a finished trial is missing or changed, as far as counts can tell."""
        return trial.state.finished and item.outline == outline(trial, self._shown())

    def _replace(self, trials: Sequence[Trial]) -> None:
        ids = {trial.number: self._seen[trial.number].id for trial in trials}
        with self._storage.writing() as connection:
            shadows = [(ids[trial.number], whole_shadow(trial, self._shown())) for trial in trials]
            optuna_tables.replace_parts(connection, shadows)
        self._seen.update({trial.number: seen(trial, ids[trial.number]) for trial in trials})

    def _write(self, trials: Sequence[Trial]) -> bool:
        """Write what is new of these trials; False, and nothing written, when somebody else changed the tables."""
        new = [trial for trial in trials if trial.number not in self._seen]
        old = [trial for trial in trials if trial.number in self._seen]
        with self._storage.writing() as connection:
            if optuna_tables.extent(connection, self._id, self._study.name) != self._extent():
                return False
            ids = optuna_tables.insert(connection, self._id, [whole_shadow(trial, self._shown()) for trial in new])
            changed = [(self._seen[trial.number], trial) for trial in old]
            optuna_tables.change(
                connection, [(before.id, changed_shadow(trial, self._shown(), before)) for before, trial in changed]
            )
        self._seen.update({trial.number: seen(trial, ids[trial.number]) for trial in new})
        self._seen.update({trial.number: seen(trial, before.id) for before, trial in changed})
        return True

    def _extent(self) -> tuple[int, int]:
        return len(self._seen), max((item.id for item in self._seen.values()), default=0)

    def _shown(self) -> View:
        if self._view is None:
            distributions = {name: stored(dimension) for name, dimension in self._space.dimensions.items()}
            metric = _pruning_metric(self._study) or self._objectives[0].metric
            single = len(self._objectives) == 1 and metric in ("train_loss", *self._study.task.metrics)
            # With several objectives Optuna reports no intermediate values, and a PRUNED trial that has some makes
            # every later `ask` of its TPE sampler raise.
            self._view = View(distributions, metric if single else "", len(self._objectives))
        return self._view

    def _safely(self, show: Callable[[], None]) -> None:
        """Keep every failure from the search; after one, rest for a while and begin anew."""
        began = self._clock()
        if began < self._again_at:
            return
        try:
            show()
            self.trouble = ""
        except Exception as error:  # a courtesy to the eye must not end a search, whatever it is that went wrong
            told, self.trouble = self.trouble, str(error).partition("\n")[0] or type(error).__name__
            if not told:
                _log.warning("the dashboard's tables are not up to date: %s", self.trouble)
            now = self._clock()  # a server that refuses costs nothing to ask again, one that is silent much
            self._id, self._again_at = 0, now + min(_PATIENCE, max(1.0, _PATIENCE * (now - began)))


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[start : start + _CHUNK] for start in range(0, len(numbers), _CHUNK))


def stored(dimension: Dimension) -> Distribution:
    """Return a dimension as Optuna stores it; of a choice it writes the place among the options."""
    json = distribution_to_json(distribution(dimension))
    if not isinstance(dimension, Choice):
        return Distribution(json, float)
    places = {(type(option), option): float(place) for place, option in enumerate(dimension.options)}
    return Distribution(json, lambda value: places[type(value), value])


def _pruning_metric(study: StudyRecord) -> str:
    pruning = study.config.get("pruning")
    metric = pruning.get("metric") if isinstance(pruning, dict) else None
    return metric if isinstance(metric, str) else ""
