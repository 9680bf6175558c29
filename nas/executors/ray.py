"""Long-lived actors in a Ray cluster: on one machine or many, with nodes that join and leave."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from time import monotonic

from nas.errors import WorkersUnusable
from nas.executors._ray.host_client import HostEnded, HostProcess
from nas.executors._ray.messages import Broken, Cluster, FromWorker, Gone, Leave, Leaving, ToWorker
from nas.executors._shared.assigned_job import AssignedJob
from nas.executors._shared.job_queue import JobQueue
from nas.executors._shared.messages import Answer, Described, End, JobDone, Probed, Ready, Report
from nas.executors.protocol import Executor
from search_spaces.hyperparameters import file, integer, number, option
from workers.errors import TaskError
from workers.messages import Blame, Event, Job, JobLost, Probe, Saved, TaskInfo, TaskSpec, Timings

_LEAVING = 20.0
"""Seconds that a worker whose node will be taken away may go on, until it has written its next checkpoint."""


@dataclass(frozen=True, slots=True)
class Ray:
    """Train in actors of a Ray cluster; without an address, in one of this machine's that lives as long as the run."""

    workers: int = integer(0, "how many actors; 0 means as many as the cluster has room for", low=0, high=100_000)

    cohort: int = integer(0, "candidates per job; 0 chooses from what their epochs cost", low=0, high=1024)

    address: str = option("", "host:port of the head, auto or local; empty means RAY_ADDRESS, or local without that")

    cpus: float = number(1.0, "CPUs of each actor", low=0, high=1024)

    gpus: float = number(0.0, "GPUs of each actor, such as 0.25; with any it trains on them", low=0, high=16)

    silence: float = number(15.0, "seconds after which one who says nothing counts as gone", low=1, high=600)

    patience: float = number(300.0, "seconds without any actor after which the run ends, to be resumed", low=1)

    token: str = file("holds the cluster's token; empty means the one that Ray's environment names")

    @property
    def needs(self) -> tuple[float, float]:
        """CPUs and GPUs of a worker: some of either, for something has to limit how many there are."""
        return float(self.cpus or not self.gpus), self.gpus

    def start(self) -> Executor:
        """Start the child process in which Ray lives.

        Raises:
            WorkersUnusable: Ray is not installed.
        """
        if find_spec("ray") is None:
            raise WorkersUnusable("the executor 'ray' needs more than is installed: pip install 'nas-service[ray]'")
        address = self.address or os.environ.get("RAY_ADDRESS", "")
        address = "" if address == "local" else address
        cluster = Cluster(address, self.workers, *self.needs, self.silence)
        return RayExecutor(cluster, cohort=self.cohort, patience=self.patience, token=self.token)


class RayExecutor:
    """Hands each job to a free worker of the cluster, and says which jobs went with a worker, a node or the cluster.

    What a worker sends after it was given up is ignored.
    """

    def __init__(self, cluster: Cluster, *, cohort: int = 0, patience: float = 300.0, token: str = "") -> None:
        self.cohort = cohort
        self._cluster, self._patience, self._token = cluster, patience, token
        self._queue = JobQueue()
        self._happened: list[Event | JobLost] = []
        self._workers: dict[int, _Worker] = {}
        self._spec: TaskSpec | None = None
        self._described: Described | None = None
        self._probed: Probed | None = None
        self._deaths = 0
        self._alone_since = monotonic()
        self._trouble = ""
        self._worked = False
        self._host = HostProcess(cluster, token)

    @property
    def capacity(self) -> int:
        """One job per worker that is there now; the cluster may grow and shrink."""
        return max(1, len(self._workers))

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers, each on its own node."""
        return tuple(worker.pid for worker in self._workers.values())

    @property
    def host(self) -> HostProcess:
        """The process in which Ray lives now."""
        return self._host

    def describe(self, task: TaskSpec) -> TaskInfo:
        """Have every worker load a task, later ones too, and the first describe it."""
        self._spec, self._described = task, None
        deaths = self._deaths
        for worker in self._workers.values():
            self._ask(worker, task)
        while self._described is None:
            self._receive(0.5)
            if self._deaths > deaths:
                raise WorkersUnusable(f"a worker died while it loaded the task {task.task.name!r}: {self._trouble}")
        if isinstance(self._described.found, TaskError):
            raise self._described.found
        return self._described.found

    def probe(self, probe: Probe) -> Timings:
        """Have one worker time a few steps, as soon as there is one."""
        while not self._workers:
            self._receive(0.5)
        id, self._probed = next(iter(self._workers)), None
        self._host.send(ToWorker(id, probe))
        while self._probed is None and id in self._workers:
            self._receive(0.5)
        return self._probed.timings if self._probed else (None,) * len(probe.candidates)

    def submit(self, job: Job) -> None:
        """Give the job to a free worker, or queue it."""
        self._queue.put(job)
        self._feed()

    def poll(self, timeout: float) -> Sequence[Event | JobLost]:
        """Collect what the workers have said, waiting for a first message."""
        for worker in self._workers.values():
            self._answer(worker, frozenset())
        self._receive(0.0 if self._happened else timeout)
        self._drain_workers()
        self._feed()
        happened, self._happened = self._happened, []
        return happened

    def stop(self, numbers: Collection[int]) -> None:
        """Pass the stops on to the workers that train these trials."""
        for worker in self._workers.values():
            self._answer(worker, worker.numbers & frozenset(numbers))
        self._happened += self._queue.withdraw(numbers, "PRUNED")

    def end(self, numbers: Collection[int]) -> None:
        """Have the workers that train these trials end them."""
        for worker in self._workers.values():
            ended = worker.numbers & frozenset(numbers)
            if ended and worker.assigned:
                self._host.send(ToWorker(worker.id, End(ended)))
                self._happened += worker.assigned.end(ended)
        self._happened += self._queue.withdraw(numbers, "ENDED")

    def close(self) -> None:
        """End every worker, and the cluster if it was started for this run."""
        self._host.close()
        self._workers.clear()
        self._queue.clear()

    # ---- to the workers

    def _feed(self) -> None:
        for worker in self._workers.values():
            if len(self._queue) and worker.job is None and not worker.leaving_since:
                worker.assigned, worker.turn, worker.answered = AssignedJob(self._queue.take()), -1, -1
                self._host.send(ToWorker(worker.id, worker.assigned.job))

    def _ask(self, worker: "_Worker", task: TaskSpec) -> None:
        worker.asked += 1
        self._host.send(ToWorker(worker.id, task))

    def _answer(self, worker: "_Worker", stops: frozenset[int]) -> None:
        """Send it the trials to stop; without any, acknowledge its last report, once."""
        if stops or worker.answered < worker.turn:
            worker.answered = worker.turn
            self._host.send(ToWorker(worker.id, Answer(worker.turn, stops)))

    def _drain_workers(self) -> None:
        """Release workers on nodes that will be taken away, once they have saved what they had."""
        for worker in list(self._workers.values()):
            if worker.leaving_since and (
                worker.job is None or worker.saved or monotonic() - worker.leaving_since > _LEAVING
            ):
                self._host.send(Leave(worker.id))
                self._lose(worker, f"the node of worker {worker.id} is leaving", "machine")

    # ---- from the workers

    def _receive(self, timeout: float) -> None:
        try:
            messages = self._host.receive(timeout)
        except HostEnded as ended:
            self._replace_host(str(ended))
            messages = []
        for message in messages:
            self._take(message)
        self._require_workers()

    def _take(self, message: object) -> None:
        match message:
            case FromWorker():
                for said in message.messages:
                    self._received(message.worker, said)
            case Leaving() if message.worker in self._workers:
                self._workers[message.worker].leaving_since = monotonic()
            case Gone():
                self._trouble = message.reason
                if message.worker in self._workers:
                    self._deaths += message.blame == "job"
                    self._lose(self._workers[message.worker], message.reason, message.blame)
            case Broken():
                self._trouble = message.reason
                if message.hopeless or not self._worked:
                    raise WorkersUnusable(message.reason)

    def _received(self, id: int, message: object) -> None:
        if isinstance(message, Ready):
            self._worked = True
            self._workers[id] = _Worker(id, message.pid)
            if self._spec is not None:
                self._ask(self._workers[id], self._spec)
        worker = self._workers.get(id)
        if worker is None:
            return  # it was given up
        match message:
            case JobDone():
                worker.assigned = None
            case Described():
                worker.asked -= 1
                self._described = self._described if worker.asked else message
            case Probed():
                self._probed = message
            case Report():
                worker.turn = message.turn
                worker.saved = bool(worker.leaving_since) and any(isinstance(item, Saved) for item in message.events)
                self._happened += worker.assigned.take(message.events) if worker.assigned else message.events

    def _lose(self, worker: "_Worker", reason: str, blame: Blame) -> None:
        del self._workers[worker.id]
        self._alone_since = monotonic()
        if worker.job is not None:
            self._happened.append(JobLost(worker.job.id, reason, blame))

    def _replace_host(self, reason: str) -> None:
        """Start another child; all that the workers of this one were doing is lost."""
        self._trouble = self._trouble or reason
        if not self._worked:
            raise WorkersUnusable(self._trouble)
        for worker in list(self._workers.values()):
            self._lose(worker, self._trouble, "machine")
        self._host.close()
        self._host = HostProcess(self._cluster, self._token)

    def _require_workers(self) -> None:
        if self._workers:
            self._trouble = ""
        elif monotonic() - self._alone_since > self._patience:
            where = f"the Ray cluster {self._cluster.address}" if self._cluster.address else "Ray on this machine"
            why = self._trouble or f"no room for one of {self._cluster.cpus:g} CPUs and {self._cluster.gpus:g} GPUs"
            raise WorkersUnusable(f"{where} has had no worker for {self._patience:g} s: {why}")


@dataclass(slots=True)
class _Worker:
    """A worker that is ready: the job it has, what it reported last, and how much of that was answered."""

    id: int
    pid: int
    assigned: AssignedJob | None = None
    turn: int = -1
    answered: int = -1
    asked: int = 0
    """Tasks that it was asked to describe and has not described yet."""
    leaving_since: float = 0.0
    saved: bool = False

    @property
    def job(self) -> Job | None:
        """The job that it has."""
        return self.assigned.job if self.assigned else None

    @property
    def numbers(self) -> frozenset[int]:
        """The trials it trains."""
        return self.assigned.numbers if self.assigned else frozenset()
