"""Long-lived worker processes on this machine, one per core: the default."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import TypeVar

from nas.errors import WorkersUnusable
from nas.executors._process.devices import Device, cores, gpus, slots
from nas.executors._process.fork_client import ForkServer
from nas.executors._process.worker_handle import WorkerProcess, end
from nas.executors._shared.job_queue import JobQueue
from nas.executors._shared.messages import Described, Probed
from nas.executors.protocol import Executor
from search_spaces.hyperparameters import integer, number, option
from workers.errors import TaskError
from workers.messages import Event, Job, JobLost, Outcome, Probe, TaskInfo, TaskSpec, Timings

Message = TypeVar("Message", Described, Probed)

_FALSE_STARTS = 3
"""So many workers in a row may die before they are ready; then something is wrong with the machine, not with a job."""
_SILENCE = 10.0
_TURN = 1.0
"""Seconds that count at most, between two polls, as time in which workers were listened to: a controller that was
stopped, or busy with something else, must not blame them."""
_WORTH_KEEPING = 2.0
"""Seconds that a task must take to load for a worker without torch to be worth more than one that has it."""
_LOOK = 0.1
"""Seconds between two looks at all worker processes; a dead one mostly closes its socket, which is noticed at once."""


@dataclass(frozen=True, slots=True)
class Process:
    """Train in worker processes of this machine that die with the controller."""

    workers: int = integer(0, "how many processes; 0 means one per core, or per GPU", low=0, high=1024)

    cohort: int = integer(0, "candidates per job; 0 chooses from what their epochs cost", low=0, high=1024)

    device: str = option("cpu", "what they are pinned to: nothing, a core each or a GPU", ("cpu", "cores", "cuda"))

    slots: int = integer(
        0, "workers per core or GPU; 0 is 1 per core, per GPU as many as its memory holds", low=0, high=64
    )

    silence: float = number(_SILENCE, "seconds after which a frozen worker is replaced; 0 is never", low=0)

    def start(self) -> Executor:
        """Start the workers; they load torch side by side.

        Raises:
            WorkersUnusable: they shall train on GPUs and there is none.
        """
        devices = gpus(os.environ) if self.device == "cuda" else cores()
        if not devices:
            raise WorkersUnusable("executor.process.device is 'cuda', and this machine has no GPU (allowed: 'cpu')")
        count = self.workers or len(devices) * max(1, self.slots)
        if self.device == "cpu":
            devices = (Device(),)
        measured = self.device == "cuda" and not (self.workers or self.slots)
        return ProcessExecutor(count, self.cohort, devices, self.silence, measured=measured)


class ProcessExecutor:
    """Hands each job to a free worker, replaces workers that die or freeze, and says which job was lost with them."""

    def __init__(
        self,
        workers: int,
        cohort: int = 0,
        devices: Sequence[Device] = (Device(),),
        silence: float = _SILENCE,
        *,
        measured: bool = False,
    ) -> None:
        """Start workers, one device after the other; `measured` adds to each what it has memory for."""
        self.cohort, self._silence = cohort, silence
        self._unmeasured = set(devices) if measured else set()
        self._cores = len(os.sched_getaffinity(0)) // len(devices)  # for the workers of one device
        self._queue = JobQueue()
        self._unbegun: list[Outcome] = []
        self._false_starts = 0
        self._servers: dict[frozenset[tuple[str, str]], ForkServer] = {}
        self._scout: WorkerProcess | None = WorkerProcess(self._server(devices[0]), devices[0], silence)
        """Describes the task while torch, which takes a second, is loaded for the others."""
        self._workers = [self._worker(devices[index % len(devices)]) for index in range(workers)]
        self._listened_at = monotonic()

    @property
    def capacity(self) -> int:
        """One job per worker."""
        return len(self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that have begun."""
        for worker in self._workers:
            worker.poll_start()
        return tuple(worker.process.pid for worker in self._workers if worker.process)

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Have every worker load a task, and one without other work describe it.

        Where that takes longer than loading torch, the one goes on as a worker, as it has the task already.
        """
        scout, self._scout = self._scout or self._worker(self._workers[0].device), None
        for worker in (scout, *self._workers):
            worker.send(task)
        asked_at = monotonic()
        message = self._awaited(scout, Described)
        if message is None:  # before it is kept as a worker: its end may not be noticed yet
            why = f": {scout.error}" if scout.error else ""
            end([scout])
            raise WorkersUnusable(f"a worker died while it loaded the task {task.task.name!r}{why}")
        if monotonic() - asked_at > _WORTH_KEEPING and not (scout.dead or self._workers[0].job):
            scout, self._workers[0] = self._workers[0], scout
        end([scout])
        if isinstance(message.found, TaskError):
            raise message.found
        return message.found

    def probe(self, probe: Probe) -> Timings:
        """Have one worker time a few steps; one that dies of it is replaced."""
        worker = self._workers[0]
        worker.send(probe)
        message = self._awaited(worker, Probed)
        if message is None:
            self._replace(worker)
        return message.timings if message else (None,) * len(probe.candidates)

    def submit(self, job: Job) -> None:
        """Give the job to a free worker, or queue it."""
        self._queue.put(job)
        self._feed()

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Collect what the workers have sent, waiting for a first message."""
        for worker in self._workers:
            worker.answer(frozenset())
        happened: list[Event | JobLost] = [*self._unbegun]
        self._unbegun.clear()
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), 0.0 if happened else timeout):
            assert isinstance(ready, Connection)
            happened.extend(self._receive(by_connection[ready]))
        happened.extend(self._look_after_workers())
        self._fill_devices()
        self._feed()
        return happened

    def stop(self, numbers: Collection[int]) -> None:
        """Pass the stops on to the workers that train these trials."""
        for worker in self._workers:
            worker.answer(worker.numbers & frozenset(numbers))
        self._unbegun += self._queue.withdraw(numbers, "PRUNED")

    def end(self, numbers: Collection[int]) -> None:
        """Have the workers that train these trials end them."""
        for worker in self._workers:
            self._unbegun += worker.end(worker.numbers & frozenset(numbers))
        self._unbegun += self._queue.withdraw(numbers, "ENDED")

    def close(self) -> None:
        """Kill every worker: what they had not reported is trained again by whoever resumes."""
        for server in self._servers.values():
            server.close()
        end([*self._workers, *([self._scout] if self._scout else [])])
        self._queue.clear()

    def _worker(self, device: Device) -> WorkerProcess:
        """Ask for a worker that has torch from its first moment on."""
        server = self._server(device)
        server.warm_up()
        return WorkerProcess(server, device, self._silence)

    def _server(self, device: Device) -> ForkServer:
        """Return what forks the workers of a device; it is started where it is missing or dead."""
        environment = frozenset(device.environment.items())
        server = self._servers.get(environment)
        if server is None or server.dead:
            if server is not None:
                server.close()
            server = self._servers[environment] = ForkServer(device)
        return server

    def _feed(self) -> None:
        for worker in self._workers:
            if len(self._queue) and worker.job is None:
                worker.give(self._queue.take())

    def _fill_devices(self) -> None:
        """Start more workers on a device once the first job there has shown what one takes of its memory."""
        for worker in tuple(self._workers if self._unmeasured else ()):
            if worker.memory is not None and worker.device in self._unmeasured:
                self._unmeasured.remove(worker.device)
                more = slots(worker.memory, self._cores) - 1
                self._workers += [self._worker(worker.device) for _ in range(more)]

    def _awaited(self, worker: WorkerProcess, kind: type[Message]) -> Message | None:
        """Wait for a worker's answer to what it was sent; None where it dies or freezes instead."""
        while not (worker.dead or worker.liveness.frozen(self._listened())):
            try:
                while worker.connection.poll(_TURN / 2):
                    message = worker.connection.recv()
                    worker.take(message)
                    if isinstance(message, kind):
                        return message
            except (EOFError, ConnectionError):
                break
        return None

    def _receive(self, worker: WorkerProcess) -> Sequence[Event | JobLost]:
        happened: list[Event | JobLost] = []
        try:
            while worker.connection.poll(0):
                happened.extend(worker.take(worker.connection.recv()))
        except (EOFError, ConnectionError):
            happened.extend(self._replace(worker))
        return happened

    def _look_after_workers(self) -> Sequence[Event | JobLost]:
        """Replace who has died without closing its socket, or gives no sign of life any more."""
        if monotonic() - self._listened_at < _LOOK:
            return ()
        happened: list[Event | JobLost] = []
        listened = self._listened()
        for worker in tuple(self._workers):
            if worker.dead:
                happened.extend(self._receive(worker))
                happened.extend(self._replace(worker) if worker in self._workers else ())
            elif worker.liveness.frozen(listened):
                happened.extend(self._replace(worker, f"gave no sign of life for {self._silence:g} seconds"))
        return happened

    def _listened(self) -> float:
        """Return the seconds since this was last asked, as far as they count."""
        before, self._listened_at = self._listened_at, monotonic()
        return min(self._listened_at - before, _TURN)

    def _replace(self, worker: WorkerProcess, frozen: str = "") -> Sequence[JobLost]:
        ending = worker.kill()
        reason = f"{worker.name} {frozen}" if frozen else ending
        if frozen and worker.process is None:
            worker.server.close()
        self._false_starts = 0 if worker.process else self._false_starts + 1
        if self._false_starts >= _FALSE_STARTS:
            raise WorkersUnusable(f"{_FALSE_STARTS} workers in a row died before they were ready: {reason}")
        self._workers[self._workers.index(worker)] = self._worker(worker.device)
        return [JobLost(worker.job.id, reason)] if worker.job else []
