"""Progress for programs: one JSON document a line on standard output, the last one `study.finished`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

from nas.artifacts.final_result import beaten_by
from nas.cli.output.console import print_json
from nas.cli.output.times import times
from nas.cli.standard_streams import OutputLost
from nas.config import Objective, StudyConfig
from nas.events import BaselineScored, FinalScored, Happening, Noticed, StudyStarted, TrialFinished
from nas.redaction import redacted
from nas.snapshot import Snapshot, class_of, tally, valued
from nas.storage.records import Json
from nas.trials import Trial

Document = dict[str, object]


@dataclass(slots=True)
class JsonLines:
    """Prints each happening that programs may want to know of."""

    config: StudyConfig
    lost: OutputLost | None = None
    """Why nobody can be told any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind."""

    def __call__(self, happening: Happening) -> None:
        """Print it, as long as that is possible."""
        if self.lost is None:
            try:
                self._print(happening)
            except OutputLost as error:
                self.lost = error

    def _print(self, happening: Happening) -> None:
        match happening:
            case StudyStarted():
                self.config = happening.config
                print_json({"event": "study.started", **_started(happening)})
            case TrialFinished():
                shown = trial_document(happening.trial, self.config.objectives)
                print_json({"event": "trial.finished", **shown, "incumbent": happening.best})
            case FinalScored():
                print_json({"event": "final.scored", **asdict(happening)})
            case BaselineScored():
                print_json({"event": "baseline.scored", **asdict(happening)})
            case Noticed():
                print_json({"event": "notice", "text": happening.text})

    def say(self, text: str) -> None:
        """Print a notice."""
        self(Noticed(text))


def _started(happening: StudyStarted) -> Document:
    config = happening.config
    return {
        "study": config.name,
        "storage": redacted(config.storage),
        "task": asdict(happening.task),
        "space": {"name": config.space.name, "family": config.space.family, "size": config.space.size},
        "objectives": [asdict(objective) for objective in config.objectives],
        "budget": asdict(config.budget),
        "seed": config.seed,
        "resumed": happening.resumed,
        "finished": happening.finished,
    }


def finished_document(snapshot: Snapshot) -> Document:
    """Sum up a study as the last line of `--json` does."""
    best, result, spent = snapshot.best, snapshot.record.result, times(snapshot.record)
    return {
        "event": "study.finished",
        "study": snapshot.record.name,
        "state": snapshot.record.state,
        "trials": tally(snapshot.standings),
        "epochs": sum(trial.epochs for trial in snapshot.standings),
        "seconds": spent.seconds,
        "best": best_document(best, snapshot.config.objectives) if best else None,
        "test": result.get("test"),
        **final_document(result),
        "reason": result.get("reason", ""),
        "run_seconds": spent.run,
        "time": spent.parts,
        "artifacts": [artifact.path for artifact in snapshot.artifacts],
    }


def final_document(result: Mapping[str, Json]) -> Document:
    """Return what stands beside a test score: baselines, what is to be doubted, whose weights they are."""
    return {
        "ensemble": result.get("ensemble"),
        "baselines": result.get("baselines", {}),
        "beaten_by": beaten_by(result),
        "compared": result.get("compared", []),
        "failed_retrainings": result.get("failed_retrainings", 0),
        "weights": result.get("weights"),
        "warnings": result.get("warnings", []),
    }


def study_document(snapshot: Snapshot) -> Document:
    """Return everything of a study but its trials."""
    record = snapshot.record
    summed_up = finished_document(snapshot)
    del summed_up["event"]
    return {
        **summed_up,
        "recorded_state": record.state,
        "forked_from": snapshot.forked_from or None,
        "state": snapshot.state,
        "states": record.counts,
        "holder": asdict(record.holder) if record.holder else None,
        "definition": record.config,
        "task": asdict(record.task),
        "environment": record.environment,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def best_document(trial: Trial, objectives: tuple[Objective, ...]) -> Document:
    """Return what a trial is and what it reached."""
    return {
        "number": trial.number,
        "values": valued(trial, objectives),
        "architecture": trial.candidate.architecture.to_json(),
        "recipe": trial.candidate.recipe.to_json(),
        "parameters": trial.parameters,
        "flops": trial.flops,
    }


def trial_document(trial: Trial, objectives: tuple[Objective, ...]) -> Document:
    """Return everything of a trial but its curve."""
    metrics: Mapping[str, float] = trial.metrics
    return {
        **best_document(trial, objectives),
        "state": trial.state.value,
        "class": class_of(trial),
        "reason": trial.reason,
        "metrics": metrics,
        "constraints": trial.constraints,
        "feasible": trial.feasible,
        "epochs": trial.epochs,
        "seconds": trial.seconds,
        "attempt": trial.attempt,
        "reused_from": trial.reused_from,
        "fingerprint": trial.fingerprint,
        "started_at": trial.started_at,
        "finished_at": trial.finished_at,
    }


def curve_document(trial: Trial) -> list[Document]:
    """Return what a trial measured after each epoch."""
    return [{"epoch": point.epoch, "seconds": point.seconds, "metrics": point.metrics} for point in trial.curve]
