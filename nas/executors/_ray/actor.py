"""Ray actor of a worker: messages come in, training is a thread, and its events go out as one long stream.

It ends itself when its controller is silent: its node may be cut off, and its trials be trained elsewhere by now.
"""

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep

import ray

from nas.executors._ray.messages import Beat, language
from nas.executors._ray.task_files import Arrived, Parcel
from nas.executors._shared.serve import Inbox, serve

GROUPS = {"beat": 1, "receive": 1, "send": 1}
"""Threads of each concurrency group: messages are received in order, and no group waits for another."""
STREAM = 2000
"""Items of one stream: Ray keeps account of each until its stream ends."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The worker runs on this node, and speaks this language."""

    node: str
    language: str


class RayWorker:
    """Trains for one controller; `silence` is how many seconds without a sign of it are the end."""

    def __init__(self, device: str, silence: float) -> None:
        self._inbox = Inbox()
        self._out = _Out()
        self._files = Arrived()
        self._silence = silence
        self._last_sign_at = monotonic()
        self._out.send(Placed(ray.get_runtime_context().get_node_id(), language()))
        Thread(target=self._watch, daemon=True).start()
        Thread(target=self._serve, args=(device,), daemon=True).start()

    @ray.method(concurrency_group="beat")
    def beat(self) -> None:
        """Receive a heartbeat of the controller."""
        self._last_sign_at = monotonic()

    @ray.method(concurrency_group="receive")
    def receive(self, messages: Sequence[object]) -> None:
        """Take messages, in order."""
        for message in messages:
            if isinstance(message, Parcel):
                self._files.take(message)
            else:
                self._inbox.put(self._files.local(message))  # type: ignore[arg-type]  # nothing else is passed on

    @ray.method(concurrency_group="send")
    def send(self) -> Iterator[tuple[object, ...]]:
        """Yield what happens, all that has gathered at a time, and a `Beat` where nothing does."""
        for _ in range(STREAM):
            yield self._out.take(self._silence / 5)

    def _watch(self) -> None:
        while monotonic() - self._last_sign_at < self._silence:
            sleep(self._silence / 20)
        os._exit(1)

    def _serve(self, device: str) -> None:
        try:
            serve(self._out, self._inbox, device=device)
        except BaseException:
            traceback.print_exc()
            os._exit(1)


class _Out:
    """Gathers messages until the stream takes them."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[object] = SimpleQueue()

    def send(self, message: object, /) -> None:
        self._queue.put(message)

    def take(self, patience: float) -> tuple[object, ...]:
        try:
            taken = [self._queue.get(timeout=patience)]
        except Empty:
            return (Beat(),)
        with suppress(Empty):
            while True:
                taken.append(self._queue.get_nowait())
        return tuple(taken)
