"""Host process of Ray: `python -m nas.executors._ray.host FD` connects to a cluster and keeps workers running there.

Ray ends its driver without an exception when the cluster's head is lost, so the driver must not be the controller.
"""

import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from multiprocessing.connection import Connection
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Any

import ray
from ray.exceptions import ActorDiedError, RayError

from nas.executors._ray.actor import GROUPS, Placed, RayWorker
from nas.executors._ray.messages import Beat, Broken, Cluster, FromWorker, Gone, Leave, Leaving, ToWorker
from nas.executors._ray.nodes import Nodes
from nas.executors._ray.session import end_session
from nas.executors._ray.task_files import Parcels
from nas.executors._shared.messages import Answer, End, Ready
from workers.messages import Blame, Job, Probe, TaskSpec

_FALSE_STARTS = 3
"""So many workers in a row may die before they are ready; then something is wrong with the cluster, not with a job."""
_HEADLESS = 20.0
"""Seconds without an answer from the cluster's head after which it is given up; Ray would wait 60."""
_CONNECTING = 100.0
"""Seconds more than that which connecting, or starting a cluster on a busy machine, may take; Ray tries for minutes."""
_KNOCKING = 10.0
"""Seconds in which somebody has to listen at the address."""
_TICK = 0.5
_INSTALL = "install the same version of it on every node"
_STORE = 100 * 2**20
"""Bytes of the object store of a cluster of our own: nothing large goes through it."""
_HEALTH = {
    "health_check_initial_delay_ms": 2000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 3000,
    "health_check_failure_threshold": 3,
}


def main() -> None:
    """Serve one controller until it goes away or the cluster does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # draining is the controller's task
    connection: Connection = Connection(int(sys.argv[1]))
    cluster: Cluster = connection.recv()
    host = _Host(connection, cluster, folder=connection.recv())
    Thread(target=host.read, daemon=True).start()
    Thread(target=host.beat, daemon=True).start()
    Thread(target=host.watch, daemon=True).start()
    try:
        host.connect()
        host.keep_up()
    except Exception as error:
        host.give_up(f"the Ray cluster {cluster.address or 'of this machine'} cannot be used: {_first_line(error)}")


@dataclass(slots=True)
class _Slot:
    """One worker: its actor, where it was placed, and when it last sent anything."""

    id: int
    actor: Any
    node: str = ""
    ready: bool = False
    leaving: bool = False
    last_sign_at: float = field(default_factory=monotonic)


class _Host:
    """Keeps workers going.

    One thread reads from the controller, one sends heartbeats, one watches the cluster, one follows each worker.
    Whoever finds that a worker is lost takes it out of `_slots`; only who has taken it out tells the controller.
    """

    def __init__(self, connection: Connection, cluster: Cluster, *, folder: str) -> None:
        self._connection, self._cluster, self._folder = connection, cluster, folder
        self._sending, self._ending = Lock(), Lock()
        self._ids = count()
        self._slots: dict[int, _Slot] = {}
        self._nodes = Nodes(cluster.cpus, cluster.gpus)
        self._parcels = Parcels()
        self._false_starts = 0
        self._controller_at = monotonic()
        self._head_at = monotonic() + _CONNECTING

    def connect(self) -> None:
        """Connect to the cluster, or start one."""
        cluster = self._cluster
        if cluster.address:
            _check_address(cluster.address)
            ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        else:
            ray.init(
                address="local",
                num_cpus=ceil(cluster.workers * cluster.cpus) or len(os.sched_getaffinity(0)),
                include_dashboard=False,
                object_store_memory=_STORE,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=f"{self._folder}/ray",
                _system_config=_HEALTH,
            )
        self._head_at = monotonic()

    def read(self) -> None:
        """Pass on what the controller says; its end is the end."""
        try:
            while True:
                self._receive(self._connection.recv())
        except (EOFError, OSError):
            self._end(0)

    def beat(self) -> None:
        """Send a heartbeat to the controller; this waits while it does not receive."""
        while True:
            self._send(Beat())
            sleep(self._cluster.silence / 5)

    def watch(self) -> None:
        """Send heartbeats to the workers, and give up those that are silent."""
        silence = self._cluster.silence
        while True:
            if monotonic() - self._head_at > _HEADLESS:
                self.give_up(f"the head of the Ray cluster has not answered for {_HEADLESS:g} s")
            for slot in list(self._slots.values()):
                if self._alone:
                    self._lose(slot, f"the controller was silent for {silence:g} s", "machine")
                elif slot.ready and monotonic() - slot.last_sign_at > silence:
                    self._lose(slot, f"worker {slot.id} was silent for {silence:g} s", self._blame(slot))
                else:
                    slot.actor.beat.remote()
            sleep(silence / 5)

    def keep_up(self) -> None:
        """Follow the nodes that join and leave, for ever."""
        while True:
            self._look()
            for slot in list(self._slots.values()):
                if slot.node in self._nodes.draining and not slot.leaving:
                    slot.leaving = True
                    self._send(Leaving(slot.id))
            if not self._alone:
                self._fill()
            sleep(_TICK)

    def give_up(self, reason: str, *, hopeless: bool = False) -> None:
        """Report that the cluster is of no use any more, and end."""
        self._end(1, Broken(reason, hopeless))

    @property
    def _alone(self) -> bool:
        return monotonic() - self._controller_at > self._cluster.silence

    def _look(self) -> None:
        """Ask the head; how long it has not answered is what `watch` looks at."""
        try:
            self._nodes.look()
        except Exception:  # Ray raises what it likes while the head is away
            return
        self._head_at = monotonic()

    def _receive(self, message: object) -> None:
        self._controller_at = monotonic()
        match message:
            case ToWorker() if message.worker in self._slots:
                self._pass_on(self._slots[message.worker], message.message)
            case Leave() if message.worker in self._slots:
                self._lose(self._slots[message.worker], "its node is leaving", "machine")

    def _pass_on(self, slot: _Slot, message: Job | TaskSpec | Probe | Answer | End) -> None:
        """Give a worker a message; before a task, the files it is read from, unless ours is the only node."""
        parcels = self._parcels.of(message) if isinstance(message, TaskSpec) and self._cluster.address else ()
        slot.actor.receive.remote((*parcels, message))

    def _fill(self) -> None:
        """Have as many workers as are wanted; those that found no place may go."""
        wanted = self._cluster.workers or self._nodes.room
        staying = [slot for slot in self._slots.values() if not slot.leaving]
        for _ in range(wanted - len(staying)):
            self._start()
        homeless = [slot for slot in staying if not slot.ready and not slot.node]
        for slot in homeless[: max(0, len(staying) - wanted)]:
            self._lose(slot, "there is no place for it", "machine")

    def _start(self) -> None:
        cluster = self._cluster
        remote: Any = ray.remote(concurrency_groups=GROUPS)  # type: ignore[call-overload]  # its stub lacks the groups
        actor = remote(RayWorker).options(
            num_cpus=cluster.cpus,
            num_gpus=cluster.gpus,
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}},
        )
        slot = _Slot(next(self._ids), actor.remote("cuda" if cluster.gpus else "cpu", cluster.silence))
        self._slots[slot.id] = slot
        Thread(target=self._follow, args=(slot,), daemon=True).start()

    def _follow(self, slot: _Slot) -> None:
        """Pass on what one worker says until it is lost."""
        try:
            while True:
                for reference in slot.actor.send.options(num_returns="streaming").remote():
                    self._received(slot, ray.get(reference))
        except RayError as error:
            if slot.id in self._slots:
                self._lose(slot, *self._why(slot, error))

    def _received(self, slot: _Slot, messages: tuple[object, ...]) -> None:
        slot.last_sign_at = monotonic()
        for message in messages:
            if isinstance(message, Placed):
                slot.node = message.node
                if message.language != self._cluster.language:
                    self.give_up(f"the nas of node {slot.node[:8]} is not the controller's: {_INSTALL}", hopeless=True)
            if isinstance(message, Ready):
                slot.ready, self._false_starts = True, 0
        told = tuple(message for message in messages if not isinstance(message, Beat | Placed))
        if told:
            self._send(FromWorker(slot.id, told), of=slot)

    def _why(self, slot: _Slot, error: RayError) -> tuple[str, Blame]:
        """Return how a worker ended, and whether that was its own doing or its node's."""
        deadline = monotonic() + 3.0
        while not isinstance(error, ActorDiedError) and monotonic() < deadline:
            try:
                ray.get(slot.actor.beat.remote(), timeout=1.0)
                sleep(0.1)
            except RayError as later:  # "unavailable" at first, and dead when the cluster knows why
                error = later
        self._look()
        blame: Blame = "machine" if getattr(error, "preempted", False) else self._blame(slot)
        return f"worker {slot.id} died: {_cause(error)}", blame

    def _blame(self, slot: _Slot) -> Blame:
        away = slot.node in self._nodes.draining or (slot.node and slot.node not in self._nodes.alive)
        forsaken = monotonic() - self._controller_at > self._cluster.silence / 2  # nobody has told it to go on
        return "machine" if away or forsaken else "job"

    def _lose(self, slot: _Slot, reason: str, blame: Blame) -> None:
        if self._slots.pop(slot.id, None) is None:
            return
        Thread(target=_kill, args=(slot.actor,), daemon=True).start()  # asks the head, which may be away
        self._send(Gone(slot.id, reason, blame))
        if not slot.ready and blame == "job":
            self._false_starts += 1
            if self._false_starts >= _FALSE_STARTS:
                self.give_up(f"{_FALSE_STARTS} workers in a row died before they were ready: {reason}", hopeless=True)

    def _send(self, message: object, *, of: _Slot | None = None) -> None:
        """Send a message; one of a worker that is lost is not, for the controller has been told."""
        try:
            with self._sending:
                if of is None or of.id in self._slots:
                    self._connection.send(message)
        except OSError:
            self._end(0)

    def _end(self, code: int, *last: object) -> None:
        """Send last messages and exit with the workers, and with the cluster if it is our own.

        The first thread to come ends the process; any other waits for that here.
        """
        self._ending.acquire()
        with suppress(OSError), self._sending:
            for message in last:
                self._connection.send(message)
        if not self._cluster.address:
            end_session(os.getsid(0))
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._cluster.address:
            _within(3.0, ray.shutdown)  # Ray ends this process if a thread calls it meanwhile
        os._exit(code)


def _check_address(address: str) -> None:
    """Raise `OSError` where nobody listens: Ray itself takes minutes to find out."""
    host, _, port = address.rpartition(":")
    deadline = monotonic() + _KNOCKING
    while host and "/" not in host and port.isdecimal():
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCKING).close()
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(_TICK)
        else:
            return


def _within(seconds: float, do: Callable[[], object]) -> None:
    """Do something that may hang."""
    thread = Thread(target=do, daemon=True)
    thread.start()
    thread.join(seconds)


def _kill(actor: Any) -> None:
    ray.kill(actor, no_restart=True)


def _cause(error: Exception) -> str:
    """Find the line that says what happened in Ray's long message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    if any("failed to import" in line or "No module named" in line for line in lines):
        return f"its node cannot import nas: {_INSTALL}"
    telling = [line for line in lines if any(word in line.lower() for word in ("died", "exit", "killed"))]
    line = (lines if getattr(error, "actor_init_failed", False) else telling or lines)[-1]
    return line.rpartition("Worker exit detail: ")[2].partition(" Some common causes")[0][:300]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


if __name__ == "__main__":
    main()
