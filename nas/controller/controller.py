"""Controller: create, fork or resume one study, hold its lease, and run it to its end."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace

from nas import executors
from nas.artifacts.recorded_files import trials_here
from nas.artifacts.relocation import recalled
from nas.artifacts.study_folder import own_folder, with_own_folder
from nas.config import StudyConfig
from nas.controller.fork import NOTHING, InheritedTrials, inherited, with_own_files
from nas.controller.lease_heartbeat import LeaseHeartbeat, release
from nas.controller.prepare import Prepared, prepare
from nas.controller.provenance import environment
from nas.controller.run import Run
from nas.controller.run_settings import RunSettings
from nas.errors import StudyBusy, StudyExists
from nas.events import Noticed, StudyEnded
from nas.executors.protocol import Executor
from nas.storage import Lease, Storage, StudyRecord
from nas.storage.records import FORKED
from nas.study_file.load import as_begun, from_json, to_json
from search_spaces.candidate import Named
from workers.messages import TaskInfo


@dataclass(frozen=True, slots=True)
class Controller:
    """Runs one study in one storage."""

    storage: Storage
    settings: RunSettings = field(default_factory=RunSettings)
    start: Callable[[Named], Executor] = executors.start
    """How executors are started; benchmarks and tests hand in their own."""

    def begin_prepared(self, prepared: Prepared, inheritance: InheritedTrials = NOTHING) -> StudyRecord:
        """Create the study and run it to its end; raise StudyExists if there is one of that name."""
        config = prepared.config
        record = self.storage.create(
            config.name,
            to_json(config),
            prepared.task,
            environment(),
            trials=inheritance.trials,
            events=[(FORKED, inheritance.origin)] if inheritance.origin else [],
        )
        with ExitStack() as stack:
            return self._conduct(record, prepared, stack, self._lease(record, stack))

    def fork(self, record: StudyRecord, config: StudyConfig) -> StudyRecord:
        """Create a study that begins with what of another holds under its definition, and run it to its end.

        Nothing of the other study is written, and it may be running.

        Raises:
            StudyExists: there is a study of that name.
            TaskError, SpecError: as `prepare`.
        """
        with ExitStack() as stack:
            prepared = prepare(as_begun(config, from_json(record.config)), stack, self.start)
            prepared = replace(prepared, config=with_own_folder(prepared.config, self.storage))
            config = prepared.config
            theirs = trials_here(
                self.storage.trials(record.id), own_folder(recalled(record, self.storage.database.where))
            )
            found = inherited(record, theirs, config, prepared.task)
            found = with_own_files(found, f"{own_folder(config)}/checkpoints")
            self.settings.watch(Noticed(found.summary))
            return self.begin_prepared(prepared, found)

    def resume(self, record: StudyRecord, config: StudyConfig | None = None) -> StudyRecord:
        """Go on with a study where it stands, with a changed definition if one is given.

        Raises:
            StudyBusy: another controller runs it.
            StudyExists: the samples of its task are no longer those it began with.
        """
        known = recalled(record, self.storage.database.where)
        config = as_begun(config or known, known)
        with ExitStack() as stack:
            lease = self._lease(record, stack)
            prepared = prepare(config, stack, self.start)
            require_same_samples(record, prepared.task)
            return self._conduct(record, prepared, stack, lease)

    def _lease(self, record: StudyRecord, stack: ExitStack) -> Lease:
        try:
            lease = self.storage.acquire(record.id)
        except StudyBusy as error:
            advice = f"see how it stands with: nas show {record.name}; stop it with: nas stop {record.name}"
            raise StudyBusy(f"study {record.name!r} is running: {error}; {advice}") from error
        stack.callback(release, self.storage, lease)
        return lease

    def _conduct(self, record: StudyRecord, prepared: Prepared, stack: ExitStack, lease: Lease) -> StudyRecord:
        heartbeat = LeaseHeartbeat(self.storage, lease)
        stack.enter_context(closing(heartbeat)).start()
        state, reason = Run(self.storage, record, prepared, heartbeat, self.settings).run_to_end()
        self.settings.watch(StudyEnded(state, reason))
        return self.storage.study(record.name)


def require_same_samples(record: StudyRecord, task: TaskInfo) -> None:
    """Raise StudyExists unless a task has the samples that a study began with."""
    if task.sha256 != record.task.sha256:
        raise StudyExists(
            f"study {record.name!r}: the samples of task {task.name!r} have changed since it began; "
            "give the new search another name"
        )
