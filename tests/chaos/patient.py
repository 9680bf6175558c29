"""A search that faults are done to while it runs, and how it is seen to go on after each."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariants import Finished, invariants
from outside import Desk, Run, wait_for
from sqlalchemy import func, select

from nas.storage import Storage, tables

PLUGIN = Path(__file__).parent / "plugin"
"""A distribution with the optimizer `trouble`, a user's own code that goes wrong."""

TROUBLED = """\
name: s
task: {task}
space:
  family: mlp
  depth: {depth}
  width: {width}
  optimizer: {{trouble: {{lr: {lr}, pause: {pause}, does: {does}}}}}
  batch_size: [64]
objective: {objective}
sampler: {sampler}
pruner: none
budget: {{trials: {trials}, epochs: {epochs}}}
final: {{seeds: 0}}
training: {{checkpoint_seconds: 0.05}}
artifacts: {{export: []}}
executor: {executor}
"""
"""Epochs of two steps, each of which lasts `pause` seconds at least."""


def troubled(does: str = "nothing", **changes: Any) -> str:
    """Return a study whose trials are trained by the optimizer that makes trouble."""
    usual = {
        "task": "wine",
        "depth": "1..2",
        "width": "[16, 32, 64]",
        "lr": "1e-3..1e-1 log",
        "pause": 0.02,
        "objective": "maximize accuracy",
        "sampler": "random",
        "trials": 100_000,
        "epochs": 6,
        "executor": "{process: {workers: 2}}",
    }
    return TROUBLED.format(**{**usual, "does": does, **changes})


@dataclass(slots=True)
class Patient:
    """A search under way, and what was finished when it was last looked at."""

    desk: Desk
    run: Run
    seen: Finished = field(default_factory=dict)

    @classmethod
    def begin(cls, desk: Desk, text: str) -> "Patient":
        """Start a search and wait until it has recorded a trial."""
        run = desk.start("run", desk.write(text), "--storage", desk.url, "--json")
        run.wait_event("trial.finished")
        return cls(desk, run)

    def resume(self) -> None:
        """Go on with the search after its controller has ended."""
        self.run = self.desk.start("resume", "s", "--storage", self.desk.url, "--json")
        self.run.wait_event("study.started")

    @property
    def epochs(self) -> int:
        """Count the epochs on record."""
        with Storage.open(self.desk.url) as storage, storage.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.epoch)).scalar_one())

    def go_on(self) -> None:
        """Wait until more is recorded, and check all that must hold."""
        before = self.epochs
        wait_for(lambda: self.run.lives() and self.epochs > before + 4)
        self.seen = invariants(self.desk.url, before=self.seen)

    def lost(self) -> list[str]:
        """Return why jobs were lost, of all so far."""
        return [str(event.content["reason"]) for event in events(self.desk) if event.kind == "job.lost"]

    def end(self) -> None:
        """Ask the search to stop, as a user does, and check what it leaves."""
        self.run.process.send_signal(signal.SIGINT)
        assert self.run.end() == 130, self.run.stderr
        assert "Traceback" not in self.run.stderr
        assert not self.desk.no_orphans()
        invariants(self.desk.url, before=self.seen, ended=True)


def events(desk: Desk) -> Sequence[Any]:
    """Return everything that is on record of the study beside its trials."""
    with Storage.open(desk.url, create=False) as storage:
        return storage.events(storage.study("s").id)


def threads_of(pids: Sequence[int]) -> Iterator[str]:
    """Return the state of each process: R, S, T, Z, or nothing for one that is gone."""
    for pid in pids:
        try:
            yield Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            yield ""


def gone(pids: Sequence[int]) -> bool:
    """Tell whether none of these processes lives."""
    return all(state in ("", "Z", "X") for state in threads_of(pids))


def signalled(what: signal.Signals, *pids: int) -> None:
    """Send a signal to processes, by their ids."""
    for pid in pids:
        os.kill(pid, what)
