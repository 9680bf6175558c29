"""Training loop of a job: train, measure, stop, save and report its candidates, epoch by epoch."""

import errno
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from search_spaces import families
from search_spaces.network import Network
from workers import checkpoints
from workers.cancellation import CancellationRequests, Flags
from workers.checkpoints import TrainedState
from workers.cohorts import COHORT_BYTES, AssignmentState, gather, group, halves, held_bytes
from workers.datasets.batches import Epoch, Samples, shuffled
from workers.devices import one_thread, release
from workers.engines.failures import failure, out_of_memory
from workers.engines.mixed import MixedEngine
from workers.engines.protocol import Failure, Interrupted, Measured, Member, Result
from workers.errors import CheckpointError
from workers.messages import Checkpoint, Event, Job, Saved, TaskInfo, parts_of_a_pass

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

LENGTHY = 0.5
"""Seconds of an epoch from which on the next one may be cut short: what was measured before it is kept for that."""

Results = Mapping[int, Result]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Samples of a job, for training and for measuring, on the device; the final stage measures once, at the end."""

    info: TaskInfo
    train: Samples
    measured: Samples


class TrainingLoop:
    """One job under way. Nothing that goes wrong with one candidate touches another."""

    def __init__(self, job: Job, material: Material, device: str, cancellations: CancellationRequests) -> None:
        self._job, self._material, self._device, self._cancellations = job, material, device, cancellations
        self._stopped: set[int] = set()
        self._parts = parts_of_a_pass(material.info.samples[0], job.epoch_samples)
        self._cohorts = deque(group(gather(job, samples=len(material.train) // self._parts)))
        self._live: dict[int, AssignmentState] = {}
        self._engine = self._new_engine()
        self._unsaved = self._spent = 0.0

    def events(self) -> Generator[list[Event], Collection[int], None]:
        """Train one cohort after another; a candidate that has to start again becomes one of its own."""
        while self._cohorts:
            self._live = {assigned.number: assigned for assigned in self._cohorts.popleft()}
            self._engine, self._unsaved, self._spent = self._new_engine(), 0.0, 0.0
            yield from self._cohort()

    def _new_engine(self) -> MixedEngine:
        samples, epochs = len(self._material.train), self._job.epochs
        return MixedEngine(self._material.info, samples=samples, epochs=epochs, device=self._device, parts=self._parts)

    def _cohort(self) -> Generator[list[Event], Collection[int], None]:
        """Train one cohort to the last epoch; the first list, which may be empty, says that it has begun."""
        events = self._stop() + self._begin() + self._end()
        self._stopped.update((yield events) or ())
        events = self._stop() + self._end()
        while any(assigned.epochs < self._job.epochs for assigned in self._live.values()):
            events += self._epoch()
            self._stopped.update((yield events) or ())
            events = self._stop() + self._end() + self._save()
            self._keep()
        events += self._complete()
        if events:
            yield events

    def _begin(self) -> list[Event]:
        """Build every candidate of the cohort and bring it to where it goes on from."""
        failures: dict[int, Failure] = {}
        late: list[AssignmentState] = []
        held = 0
        for assigned in list(self._live.values()):
            try:
                network = self._network(assigned)
                held += held_bytes(network)
                if held > COHORT_BYTES and assigned.number != next(iter(self._live)):
                    late.append(assigned)
                else:
                    failures |= self._enter(assigned, network)
            except CheckpointError as error:
                assigned.note, assigned.saved = f"checkpoint: {error}", None
                self._again([assigned])
            except BaseException as error:  # a family's own code may raise anything
                failures[assigned.number] = failure(error)
        self._forget(late)
        self._cohorts.extend([late] if late else [])
        return self._fail(failures)

    def _network(self, assigned: AssignmentState) -> Network:
        return families.build(
            assigned.assignment.candidate.architecture, self._material.info.inputs, self._material.info.outputs
        )

    def _enter(self, assigned: AssignmentState, network: Network) -> Mapping[int, Failure]:
        state = checkpoints.load(assigned.saved) if assigned.saved else None
        size = state.batch_size if state else assigned.batch_size
        failures = self._engine.add([Member(assigned.number, assigned.assignment.candidate, network, size)])
        assigned.engine = self._engine.engine_of(assigned.number)
        if state and not failures:
            self._engine.restore(assigned.number, state)
            assigned.halved = assigned.halved or size != assigned.batch_size
            assigned.batch_size, assigned.metrics = size, state.metrics
        return failures

    def _epoch(self) -> list[Event]:
        """Train every live candidate for one epoch and, in the search, measure it."""
        begin = time.perf_counter()
        epoch = next(iter(self._live.values())).epochs
        with one_thread():
            flags = self._flags()
            trained = self._together(lambda: self._engine.epoch(self._samples(epoch), flags))
            events = self._leave(trained)
            measured = self._measure() if self._job.stage == "search" else {}
            events += self._leave(measured)
        self._spent = time.perf_counter() - begin
        self._unsaved += self._spent
        for assigned in self._live.values():
            assigned.cohort_seconds += self._spent
        return events + self._report(trained, measured)

    def _samples(self, epoch: int) -> Epoch:
        return shuffled(self._material.train, seed=self._job.seed, epoch=epoch, parts=self._parts)

    def _measure(self) -> Results:
        flags = self._flags()
        return self._together(lambda: self._engine.evaluate(self._material.measured, flags))

    def _flags(self) -> Flags:
        """Return the flags of those who may be cut short now; for all others the end of the epoch is near."""
        final = self._job.stage == "final"
        return {
            number: self._cancellations.flag(number)
            for number, assigned in self._live.items()
            if final or assigned.recoverable
        }

    def _together(self, work: Callable[[], Results]) -> Results:
        """Do one thing to the whole cohort; memory that runs out in what its candidates share fails all of them."""
        try:
            return work()
        except Exception as error:  # each library has its own
            if not out_of_memory(error):
                raise
            return dict.fromkeys(self._live, Failure("oom"))

    def _report(self, *results: Results) -> list[Event]:
        """Put together what was measured of each candidate, in training and after it."""
        events: list[Event] = []
        for number, assigned in self._live.items():
            parts = [found[number] for found in results if number in found]
            good = [part for part in parts if isinstance(part, Measured)]
            metrics = {name: value for part in good for name, value in part.metrics.items()}
            if news := assigned.advance(metrics, sum(part.seconds for part in good)):
                events.append(news)
        return events

    def _stop(self) -> list[Event]:
        """End the candidates that the controller has given up."""
        stopped = [assigned for number, assigned in self._live.items() if number in self._stopped]
        self._forget(stopped)
        return [assigned.prune() for assigned in stopped]

    def _end(self) -> list[Event]:
        """End the candidates that are to end before their last epoch, also those whose cohort is yet to come."""
        going = [assigned for assigned in self._live.values() if assigned.epochs < self._job.epochs]
        ended = [assigned for assigned in going if assigned.number in self._cancellations]
        for assigned in ended:
            self._copy(assigned)
        events = self._ended(ended)
        self._forget(ended)
        return events + self._withdraw()

    def _withdraw(self) -> list[Event]:
        """Take the candidates that are to end out of the cohorts that wait."""
        waiting = [
            assigned for cohort in self._cohorts for assigned in cohort if assigned.number in self._cancellations
        ]
        staying = [[assigned for assigned in cohort if assigned not in waiting] for cohort in self._cohorts if waiting]
        self._cohorts = deque(filter(None, staying)) if waiting else self._cohorts
        return self._ended(waiting)

    def _leave(self, results: Results) -> list[Event]:
        """End what failed and what was cut short."""
        cut = [self._live[number] for number, result in results.items() if isinstance(result, Interrupted)]
        events = self._ended(cut)
        self._forget(cut)
        return events + self._fail(_failures(results))

    def _ended(self, all_assigned: Sequence[AssignmentState]) -> list[Event]:
        """End candidates with the weights that were last measured, if any were."""
        events: list[Event] = []
        for assigned in all_assigned:
            final, state = self._job.stage == "final", assigned.kept
            found = (
                None
                if final or not assigned.epochs
                else assigned.saved
                if assigned.stored
                else self._write(assigned, state)
            )
            events.append(assigned.end(None, found) if isinstance(found, str) else assigned.end(found))
        return events

    def _keep(self) -> None:
        """Copy what was measured where the next epoch is a long one."""
        for assigned in self._live.values() if self._job.stage == "search" else ():
            assigned.kept = None
            if self._spent >= LENGTHY and assigned.epochs < self._job.epochs:
                self._copy(assigned)

    def _copy(self, assigned: AssignmentState) -> None:
        """Copy a candidate's state unless it is on disk; without room for that its epochs are not cut short."""
        try:
            assigned.kept = None
            if not assigned.stored:
                assigned.kept = replace(self._engine.export(assigned.number), metrics=assigned.metrics)
        except Exception as error:  # each library has its own
            if not out_of_memory(error):
                raise

    def _fail(self, failures: Mapping[int, Failure]) -> list[Event]:
        """End what failed; who ran out of memory gets more room, and a candidate alone a smaller batch, once."""
        short = [self._live[number] for number in failures if failures[number].reason == "oom"]
        alone = len(self._live) == 1
        if short and not alone:
            self._again(short)
        elif short and short[0].batch_size > 1 and not short[0].halved:
            short[0].halve()
            self._again(short)
        ended = [self._live[number] for number in failures if number in self._live]
        self._forget(ended)
        if short:
            release()
        return [assigned.fail(failures[assigned.number].reason) for assigned in ended]

    def _again(self, all_assigned: Sequence[AssignmentState]) -> None:
        """Requeue candidates from their last checkpoints after the others, in cohorts of half their number."""
        self._forget(all_assigned)
        for assigned in all_assigned:
            assigned.begin_again()
        self._cohorts.extend(halves(all_assigned))

    def _forget(self, all_assigned: Collection[AssignmentState]) -> None:
        self._engine.drop([assigned.number for assigned in all_assigned])
        for assigned in all_assigned:
            del self._live[assigned.number]

    def _save(self) -> list[Event]:
        """Write a checkpoint of every candidate that goes on, when enough has been trained since the last."""
        if self._unsaved < self._job.checkpoint_seconds:
            return []
        self._unsaved = 0.0
        events: list[Event] = []
        for assigned in self._live.values():
            written = self._export(assigned) if assigned.epochs < self._job.epochs else None
            if isinstance(written, Checkpoint):
                assigned.saved = written
                events.append(Saved(assigned.number, assigned.assignment.attempt, written))
        return events

    def _complete(self) -> list[Event]:
        """Measure the final stage on the test split, and keep every candidate that came to the end."""
        events: list[Event] = []
        if self._job.stage == "final":
            with one_thread():
                measured = self._measure()
            events += self._leave(measured)
            for number, metrics in _metrics(measured).items():
                self._live[number].metrics = metrics
        for assigned in self._live.values():
            written = self._export(assigned)
            if isinstance(written, str):
                assigned.note = written
            events.append(assigned.complete(written if isinstance(written, Checkpoint) else None))
        return events

    def _export(self, assigned: AssignmentState) -> Checkpoint | str:
        """Write what the engine holds of a candidate, or say why it could not be."""
        try:
            state = replace(self._engine.export(assigned.number), metrics=assigned.metrics)
        except Exception as error:  # each library has its own
            if not out_of_memory(error):
                raise
            state = None
        return self._write(assigned, state)

    def _write(self, assigned: AssignmentState, state: TrainedState | None) -> Checkpoint | str:
        """Write a candidate's checkpoint, or say why it could not be."""
        if state is None:
            return "checkpoint: out of memory"
        assignment = assigned.assignment
        name = checkpoints.file_name(
            self._job.stage, assigned.number, assignment.attempt, assigned.epochs, assignment.candidate.seed
        )
        try:
            return checkpoints.save(self._job.folder, name, state)
        except OSError as error:  # training is worth more than a checkpoint of it
            return "checkpoint: disk full" if error.errno in DISK_FULL else f"checkpoint: {error.strerror or error}"
        except Exception as error:
            if not out_of_memory(error):
                raise
            return "checkpoint: out of memory"


def _failures(results: Results) -> dict[int, Failure]:
    """Return what failed, a loss that is no number included."""
    failed: dict[int, Failure] = {}
    for number, result in results.items():
        if isinstance(result, Failure):
            failed[number] = result
        elif isinstance(result, Measured) and not result.finite:
            failed[number] = Failure("nan")
    return failed


def _metrics(results: Results) -> dict[int, Mapping[str, float]]:
    return {
        number: result.metrics for number, result in results.items() if isinstance(result, Measured) and result.finite
    }
