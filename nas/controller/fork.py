"""Fork: begin a study with those trials of another that are valid under the new definition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nas.config import StudyConfig
from nas.controller.outcomes import with_values
from nas.controller.proposals import Proposals, built
from nas.storage import StudyRecord
from nas.storage.records import Json
from nas.study_file.as_json import from_json
from nas.study_file.changes import difference
from nas.trials import Trial, TrialState
from search_spaces.documents.quantities import counted
from search_spaces.errors import BuildError
from workers import file_store
from workers.messages import Checkpoint, TaskInfo, parts_of_a_pass

TASK = frozenset(("task", "split", "loss"))
OBJECTIVE = frozenset(("objective", "objectives"))
"""Sections of a study file that say what is learned, and what is optimised."""


@dataclass(frozen=True, slots=True)
class InheritedTrials:
    """Trials that a study begins with; none, unless it is a fork."""

    trials: Sequence[Trial] = ()
    """Finished ones with their curves, numbered from 0."""
    origin: Mapping[str, Json] = field(default_factory=dict)
    """Which study they are of, how it differs, the numbers they had there, and how many were left out for which
    reason."""

    @property
    def summary(self) -> str:
        """Return in one sentence what was carried over and what was not."""
        left_out = self.origin["left_out"]
        assert isinstance(left_out, dict)
        reasons = "; ".join(f"{count} left out: {reason}" for reason, count in left_out.items())
        return f"forked from study {self.origin['study']!r}: {counted(len(self.trials), 'trial')} carried over" + (
            f"; {reasons}" if reasons else ""
        )


NOTHING = InheritedTrials()


def inherited(record: StudyRecord, trials: Sequence[Trial], config: StudyConfig, task: TaskInfo) -> InheritedTrials:
    """Choose from a study's trials, with their curves, those that `config` would have trained and judged alike.

    They are judged anew: values and constraints are those of the new definition, from the metrics on record.
    """
    test = _Test(from_json(record.config), config, record.task, task)
    tested = [(trial, test.judge(trial)) for trial in trials]
    carried = [(trial.number, judged) for trial, judged in tested if isinstance(judged, Trial)]
    left_out = Counter(judged for _, judged in tested if isinstance(judged, str))
    return InheritedTrials(
        trials=[replace(trial, number=number) for number, (_, trial) in enumerate(carried)],
        origin={
            "study": record.name,
            "created_at": record.created_at.isoformat(),
            "differs_in": list(test.changes),
            "numbers": [number for number, _ in carried],
            "left_out": dict(left_out.most_common()),
        },
    )


def with_own_files(inheritance: InheritedTrials, folder: str) -> InheritedTrials:
    """Copy the weights on record into the folder of the new study: each study removes its own; a lost file is left out.

    The copies have names that no training gives.
    """
    trials = [
        replace(trial, checkpoint=_copied(trial.checkpoint, folder)) if trial.checkpoint else trial
        for trial in inheritance.trials
    ]
    return replace(inheritance, trials=trials)


def _copied(checkpoint: Checkpoint, folder: str) -> Checkpoint | None:
    place = f"{folder}/forked-{checkpoint.sha256[:16]}-{checkpoint.path.rpartition('/')[2]}"
    try:
        file_store.write(place, file_store.read(checkpoint.path))
    except FileNotFoundError:
        return None
    return replace(checkpoint, path=place)


class _Test:
    """Holds trials of one definition against another."""

    def __init__(self, old: StudyConfig, new: StudyConfig, old_task: TaskInfo, task: TaskInfo) -> None:
        self.new, self.task = new, task
        self.changes = [change.path for change in difference(replace(old, name=new.name), new) if not change.safe]
        self.sections = {path.partition(".")[0] for path in self.changes}
        self.same_samples = old_task.sha256 == task.sha256
        self.same_epochs = len({parts_of_a_pass(task.samples[0], of.epoch_samples) for of in (old, new)}) == 1
        self.proposals = Proposals(new, task)

    def judge(self, trial: Trial) -> Trial | str:
        """Return the trial as the new definition judges it, or why it does not hold there."""
        return self._of_all(trial) or self._of_candidate(trial) or self._valued(trial)

    def _of_all(self, trial: Trial) -> str:
        """Return what speaks against a trial whatever it measured."""
        if not self.same_samples or self.sections & TASK:
            return "the task differs"
        if not self.same_epochs:
            return "trained with epochs of other lengths"
        if "budget.epochs" in self.changes:
            return "trained for another number of epochs"
        if not trial.state.finished:
            return "not finished"
        if trial.state is TrialState.FAIL:
            return "failed, and gets another chance"
        if not trial.epochs:
            return "never trained, which costs nothing to find again"
        if trial.state is TrialState.PRUNED and trial.reason != "pruned":
            return "interrupted"
        if trial.state is TrialState.PRUNED and self.sections & (OBJECTIVE | {"pruner"}):
            return "stopped by a comparison that is no longer made"
        return ""

    def _of_candidate(self, trial: Trial) -> str:
        space = self.new.space
        if set(trial.params) - set(space.dimensions) or not space.contains(trial.params):
            return "outside the new space"
        if space.candidate(trial.params, trial.candidate.seed) != trial.candidate:
            return "trained with fixed settings that differ now"
        try:
            network = built(trial.candidate, self.task)
        except BuildError:
            return "its network can no longer be built"
        if network.fingerprint != trial.fingerprint:
            return "its network is built otherwise now"
        excesses = self.proposals.excesses(network)
        return "over the new limits" if any(excess > 0 for excess in excesses.values()) else ""

    def _valued(self, trial: Trial) -> Trial | str:
        same_sampler = not self.sections & (OBJECTIVE | {"sampler", "space", "seed"})
        kept = replace(trial, sampler_state=trial.sampler_state if same_sampler else {}, reused_from=None)
        if trial.state is TrialState.PRUNED or not self.sections & (OBJECTIVE | {"constraints", "space"}):
            return kept
        network = built(trial.candidate, self.task)
        judged = with_values(self.new, replace(kept, constraints=self.proposals.excesses(network)), trial.metrics)
        return judged if judged.state is TrialState.COMPLETE else "without a usable value of the new objective"
