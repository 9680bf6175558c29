"""Record of a final stage: what earlier runs of the study measured, and what this run adds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nas.artifacts.final_result import KIND
from nas.controller.final_stage.jobs import Purpose, Training
from nas.controller.unit_of_work import UnitOfWork
from nas.events import BaselineScored, FinalScored, Happening, Noticed
from nas.reasons import trial_ended
from nas.storage import Artifact
from nas.storage.records import StudyEvent
from workers.messages import Checkpoint

BROKEN = ("nan", "diverged")
"""How the reason of a training begins that would fail again; of others a resume makes another attempt."""

Metrics = Mapping[str, float]
Key = tuple[Purpose, int, int, int]
"""Purpose, trial, seed and epochs of a training."""


@dataclass(slots=True)
class FinalRecord:
    """Measurements and failures so far; everything new goes to the unit of work and to the listener."""

    unit_of_work: UnitOfWork
    watch: Callable[[Happening], None]
    retrained: list[Artifact] = field(default_factory=list)
    measured: dict[Key, Metrics] = field(default_factory=dict)
    """Metrics of fresh seeds on validation, and of the search's own weights on test."""
    failed: dict[Key, str] = field(default_factory=dict)
    """Why."""
    linear: Metrics | None = None

    def restore(self, artifacts: Sequence[Artifact], events: Sequence[StudyEvent]) -> None:
        """Take over what is on record."""
        self.retrained = [item for item in artifacts if item.kind == KIND]
        for event in events:
            content: Any = event.content
            match event.kind:
                case "final.measured":
                    self.measured[_key(content)] = content["metrics"]
                case "final.failed" if "purpose" in content and content["reason"].startswith(BROKEN):
                    self.failed[_key(content)] = content["reason"]
                case "final.baseline":
                    self.linear = content["metrics"]

    def measure(self, training: Training, metrics: Metrics) -> None:
        """Record what a fresh seed, or the search's own weights, reached."""
        self.measured[key_of(training)] = dict(metrics)
        self.unit_of_work.event("final.measured", **_document(training), metrics=dict(metrics))

    def retrain(self, training: Training, saved: Checkpoint, metrics: Metrics) -> Artifact:
        """Record a retraining that was scored."""
        artifact = Artifact(
            number=training.number,
            kind=KIND,
            path=saved.path,
            sha256=saved.sha256,
            bytes=saved.bytes,
            epoch=saved.epoch,
            metrics=dict(metrics),
            seed=training.seed,
        )
        self.retrained.append(artifact)
        self.unit_of_work.artifact(artifact)
        self.watch(FinalScored(training.number, training.seed, metrics))
        return artifact

    def fail(self, training: Training, reason: str) -> None:
        """Record a training that cannot be used."""
        self.failed[key_of(training)] = reason
        self.unit_of_work.event("final.failed", **_document(training), reason=reason)
        self.watch(Noticed(f"{training.description} failed: {trial_ended(reason)}"))

    def baseline(self, name: str, training: Training, metrics: Metrics) -> None:
        """Record what a baseline scored on the test samples."""
        recipe = training.candidate.recipe.to_json()
        self.linear = metrics
        self.unit_of_work.event(
            "final.baseline", name=name, epochs=training.epochs, recipe=recipe, metrics=dict(metrics)
        )
        self.watch(BaselineScored(name, metrics))


def key_of(training: Training) -> Key:
    """Return what a training is known by."""
    return training.purpose, training.number, training.seed, training.epochs


def _document(training: Training) -> dict[str, Any]:
    return {
        "purpose": training.purpose,
        "number": training.number,
        "seed": training.seed,
        "epochs": training.epochs,
    }


def _key(content: Mapping[str, Any]) -> Key:
    return content["purpose"], content["number"], content["seed"], content["epochs"]
