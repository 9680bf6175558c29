"""The command line from outside: real processes in a folder of their own, followed by what they print and record."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import nas
from nas.storage import Storage
from nas.trials import Trial

ROOT = Path(nas.__file__).parents[1]
PATIENCE = 120.0
"""Seconds that a test waits for what must happen; a loaded machine is slow."""
MARK = "NAS_SCENARIO"

SMALL = """\
name: s
task: {task}
space:
  family: mlp
  depth: 1..3
  width: {{each: [16, 32, 64]}}
  optimizer: {{sgd: {{lr: 1e-2..1 log}}, adamw: {{lr: 3e-4..3e-2 log}}}}
  batch_size: [{batch_size}]
objective: maximize accuracy
sampler: {sampler}
budget: {{trials: {trials}, epochs: {epochs}}}
final: {{seeds: {seeds}}}
training: {{checkpoint_seconds: 0.05}}
executor: {executor}
seed: {seed}
"""

T = TypeVar("T")


def small(**changes: Any) -> str:
    """Return a study file; epochs of digits with few samples a batch are long enough to come between."""
    usual = {
        "task": "wine",
        "sampler": "random",
        "batch_size": 16,
        "trials": 6,
        "epochs": 6,
        "seeds": 0,
        "executor": "inline",
        "seed": 0,
    }
    return SMALL.format(**{**usual, **changes})


@dataclass(slots=True)
class Run:
    """One process: its output goes to files, which are read while it runs."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stderr(self) -> str:
        return self.err.read_text()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return what `--json` has printed so far."""
        return [json.loads(line) for line in self.out.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def wait_event(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until an event of this kind was printed so many times; fail where the process ends before."""

        def printed() -> list[dict[str, Any]]:
            ended = self.process.poll() is not None
            found = [event for event in self.events if event["event"] == kind]
            assert len(found) >= count or not ended, self._ending()
            return found if len(found) >= count else []

        return wait_for(printed)

    def lives(self) -> bool:
        """Return True; fail where it has ended, and say how."""
        assert self.process.poll() is None, self._ending()
        return True

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(PATIENCE)

    def _ending(self) -> str:
        return f"ended with {self.process.returncode}: {self.stderr}"

    def kill(self) -> None:
        """Kill it as no process can prevent."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)


@dataclass(slots=True)
class Desk:
    """A folder with a database, and everything that was started there."""

    folder: Path
    logs: Path | None = None
    """Where output goes; into the folder itself if nothing is said."""
    address: str = ""
    """The URL of the database, if it is not a file in the folder."""
    plugins: tuple[Path, ...] = ()
    """Where other distributions are found."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What else is in the environment of all that is started."""
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    runs: list[Run] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.address or f"sqlite:///{self.folder}/nas.db"

    def write(self, text: str, name: str = "study.yaml") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, *arguments: object, prefix: tuple[str, ...] = ()) -> Run:
        """Start `nas …`."""
        return self.launch(*prefix, sys.executable, "-m", "nas", *arguments)

    def launch(self, *command: object) -> Run:
        """Start any program here."""
        out, err = ((self.logs or self.folder) / f"{len(self.runs)}.{kind}" for kind in ("out", "err"))
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, env=self.environment, stdout=stdout, stderr=stderr
            )
        self.runs.append(Run(process, out, err))
        return self.runs[-1]

    def nas(self, *arguments: object) -> Run:
        """Run `nas …` to its end."""
        run = self.start(*arguments)
        run.end()
        return run

    @property
    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NAS_", "PYTEST_"))}
        path = os.pathsep.join(map(str, (ROOT, *self.plugins)))
        return {**kept, "PYTHONPATH": path, MARK: self.mark, "NO_COLOR": "1", **self.variables}

    def processes(self) -> dict[int, str]:
        """Return every living process that was started from here, by any generation, with its command."""
        return dict(_marked(f"{MARK}={self.mark}"))

    def workers(self) -> list[int]:
        """Return the worker processes that live."""
        return [pid for pid, command in self.processes().items() if "nas.executors._process.worker_main" in command]

    def trials(self, study: str = "s") -> list[Trial]:
        with Storage.open(self.url, create=False) as storage:
            return storage.trials(storage.study(study).id)

    def find(self, study: str) -> bool:
        """Tell whether a study is on record."""
        with Storage.open(self.url) as storage:
            return storage.find(study) is not None

    def state(self, study: str = "s") -> str:
        with Storage.open(self.url, create=False) as storage:
            return storage.study(study).state

    def close(self) -> None:
        """End what a failed test has left."""
        for run in self.runs:
            if run.process.poll() is None:
                run.kill()
        left = self.no_orphans()
        assert not left, f"orphans: {left}"

    def no_orphans(self) -> dict[int, str]:
        """Wait until nothing lives any more, and return what does all the same."""
        deadline = time.monotonic() + 20.0
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left


def wait_for(condition: Callable[[], T], patience: float = PATIENCE) -> T:
    """Look again and again until something is true, and return it."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {patience} s"
        time.sleep(0.01)
    return found


def results(trials: list[Trial]) -> list[tuple[object, ...]]:
    """Return what two runs of one study must agree in, bit for bit: everything but times, attempts and files."""
    return [
        (
            trial.number,
            dict(trial.params),
            trial.state,
            trial.reason,
            trial.values,
            [(point.epoch, dict(point.metrics)) for point in trial.curve],
        )
        for trial in trials
    ]


def _marked(mark: str) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_text(errors="replace").split("\0"):
                yield int(folder.name), (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue  # it has ended, or is another user's
