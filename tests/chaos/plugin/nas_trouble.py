"""A user's own code that goes wrong, as another distribution adds it: an optimizer that makes trouble when it steps."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search_spaces.hyperparameters import number, option

_CHILD = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
open(os.path.join("children", str(os.getpid())), "w").close()
while True:
    time.sleep(1)
"""
_DAEMON = "import os\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n" + _CHILD


@dataclass(frozen=True, slots=True)
class Trouble:
    """Steps along the gradient, after it has done what `does` says; `pause` makes its epochs long."""

    lr: float = number(0.01, "learning rate", above=0)
    pause: float = number(0.0, "seconds that a step takes at least", low=0)
    does: str = option(
        "nothing",
        "what goes wrong",
        ("nothing", "raise", "allocate", "swell", "die", "spawn", "nan", "infinite", "hold", "spin"),
    )

    def build(self, parameters: Sequence[Any], *, weight_decay: float) -> Any:
        """Return plain SGD whose steps make trouble."""
        from torch import optim

        trouble, pause = _TROUBLES[self.does], self.pause

        class Troubled(optim.SGD):
            def step(self, closure: Any = None) -> Any:
                trouble(parameters)
                time.sleep(pause)
                return super().step(closure)

        return Troubled(parameters, lr=self.lr, weight_decay=weight_decay)


def _nothing(_: Sequence[Any]) -> None:
    pass


def _raise(_: Sequence[Any]) -> None:
    raise MemoryError


def _allocate(_: Sequence[Any]) -> None:
    import torch

    torch.empty(1 << 50, dtype=torch.uint8)


def _swell(_: Sequence[Any]) -> None:
    """Take memory, and use it, until there is none."""
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 16) * 256))


def _die(_: Sequence[Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _spawn(_: Sequence[Any]) -> None:
    """Leave children behind that are hard to end: they ignore SIGTERM, or hide in several ways."""
    folder = Path("children")
    if folder.exists():
        return
    folder.mkdir()
    bare = {"PATH": os.environ["PATH"]}
    subprocess.Popen([sys.executable, "-c", _CHILD])
    subprocess.Popen([sys.executable, "-c", _CHILD], start_new_session=True)
    subprocess.Popen([sys.executable, "-c", _DAEMON])
    subprocess.Popen([sys.executable, "-c", _CHILD], env=bare)
    if not os.fork():  # holds everything that the worker has open
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        (folder / str(os.getpid())).touch()
        while True:
            time.sleep(1)
    while len(list(folder.iterdir())) < 5:
        time.sleep(0.01)


def _nan(parameters: Sequence[Any]) -> None:
    parameters[0].data.fill_(float("nan"))


def _infinite(parameters: Sequence[Any]) -> None:
    parameters[-1].data.fill_(float("inf"))


def _hold(_: Sequence[Any]) -> None:
    """Keep every thread of Python from running, and do nothing: a deadlock."""
    ctypes.PyDLL(None).sleep(100_000)


def _spin(_: Sequence[Any]) -> None:
    """Keep every thread of Python from running for some seconds, at work."""
    if Path("spun").exists():
        return
    began = time.monotonic()
    sum(range(50_000_000))
    Path("spun").write_text(str(time.monotonic() - began))


_TROUBLES: dict[str, Callable[[Sequence[Any]], None]] = {
    "nothing": _nothing,
    "raise": _raise,
    "allocate": _allocate,
    "swell": _swell,
    "die": _die,
    "spawn": _spawn,
    "nan": _nan,
    "infinite": _infinite,
    "hold": _hold,
    "spin": _spin,
}
