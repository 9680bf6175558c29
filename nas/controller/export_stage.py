"""Export stage: write the best network in every format asked for; what was lost is written again."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from nas.artifacts.final_result import FinalResult
from nas.artifacts.recorded_files import artifacts_here, is_lost, owed_formats
from nas.artifacts.retention import remove_orphaned_retrainings
from nas.config import StudyConfig
from nas.controller.unit_of_work import UnitOfWork
from nas.events import Noticed, Watcher
from nas.storage import Artifact, Storage, StudyRecord
from nas.storage.records import Json
from nas.trials import Trial
from search_spaces.errors import NasError
from workers.exporters import samples_of

if TYPE_CHECKING:
    from workers.exporters import Samples

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exports:
    """Knows which files the record holds, and which the study still owes."""

    storage: Storage
    record: StudyRecord
    config: StudyConfig
    unit_of_work: UnitOfWork
    watch: Watcher
    folder: str
    interrupted: Callable[[], bool]
    seconds: Callable[[], float]
    """Wall time of the study so far."""
    _samples: "list[Future[Samples]]" = field(default_factory=list)

    def get_ready(self) -> None:
        """Load torch and the task's samples beside the retrainings, which are other processes' work."""
        if self.config.artifacts.export and not self._samples:
            self._samples.append(begun(lambda: samples_of(self.config.task, known=self.record.task)))

    def on_record(self) -> list[Artifact]:
        """Return the files on record that are as they were written; the record forgets the others, to be made again."""
        known = self.storage.artifacts(self.record.id)
        pairs = list(zip(known, artifacts_here(known, self.folder), strict=True))
        lost = whole([then for then, now in pairs if is_lost(now)], known)
        for artifact in lost:
            self.unit_of_work.event("artifact.lost", artifact=artifact.kind, path=artifact.path)
            self.unit_of_work.drop(artifact)
        self.unit_of_work.flush(seconds=self.seconds())
        kept = [now for then, now in pairs if then not in lost]
        remove_orphaned_retrainings(self.folder, kept)
        return kept

    def forget(self, retrained: Collection[int], known: Sequence[Artifact]) -> None:
        """Have the exports of these trials made again, as their weights are others now."""
        for item in known:
            if item.kind.startswith("export.") and item.number in retrained:
                self.unit_of_work.drop(item)
        self.unit_of_work.flush(seconds=self.seconds())

    def owed(self, best: Trial) -> tuple[str, ...]:
        """List the formats in which the best network is not there, or not as it was written."""
        here = artifacts_here(self.storage.artifacts(self.record.id), self.folder)
        return owed_formats(self.config, best.number, here)

    def ensemble(self, finals: FinalResult) -> dict[str, Json]:
        """Score the average of the retrainings, if it was asked for; say why where there is none."""
        from nas.artifacts.export import score_ensemble

        if not self.config.final.ensemble:
            return {}
        try:
            metrics = score_ensemble(self.record, finals.best, finals.retrained, self._read())
        except NasError as error:
            self.unit_of_work.event("ensemble.failed", reason=str(error))
            self.watch(Noticed(f"no ensemble: {error}"))
            return {"ensemble": None}
        return {"ensemble": {"seeds": len(finals.retrained), "metrics": dict(metrics)}}

    def write(self, best: Trial, retrained: Sequence[Artifact]) -> list[NasError]:
        """Write the best network in every format owed; what one fails with keeps no other from its turn."""
        from nas.artifacts.export import export_best

        failures: list[NasError] = []
        for format in self.owed(best):
            if self.interrupted():
                break
            self._replace(format)
            try:
                folder, final = f"{self.folder}/best", self.config.final
                artifacts = export_best(self.record, best, retrained, format, folder, final, self._read())
            except NasError as error:
                failures.append(error)
                self.unit_of_work.event("export.failed", format=format, reason=str(error))
            else:
                for artifact in artifacts:
                    self.unit_of_work.artifact(artifact)
        self.unit_of_work.flush(seconds=self.seconds())
        return failures

    def _replace(self, format: str) -> None:
        """Have the record forget what is written anew, such as one network where the average is asked for now."""
        for item in self.storage.artifacts(self.record.id):
            if item.kind == f"export.{format}":
                self.unit_of_work.drop(item)
        self.unit_of_work.flush(seconds=self.seconds())

    def _read(self) -> "Samples | None":
        """Return the samples that were got ready; what is wrong with them is told by the export itself."""
        with suppress(NasError):
            return self._samples[0].result() if self._samples else None
        return None


def whole(lost: Sequence[Artifact], known: Sequence[Artifact]) -> list[Artifact]:
    """Return files that are lost with those that are an export together with them: a format is written as a whole."""
    broken = {(item.kind, item.number) for item in lost if item.kind.startswith("export.")}
    return [item for item in known if item in lost or (item.kind, item.number) in broken]


def begun(work: Callable[[], T]) -> "Future[T]":
    """Do something in a thread that keeps nobody from ending; return what will hold its result."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future
