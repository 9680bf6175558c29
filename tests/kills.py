"""A study whose processes are killed by kill -9 at random moments, and what must hold after each."""

import os
import random
import signal
import time
from dataclasses import dataclass, field

from invariants import Finished, invariants
from outside import Desk, Run, results, wait_for
from sqlalchemy import func, select

from nas.errors import StudyNotFound
from nas.storage import Storage, tables

KILLS = int(os.environ.get("NAS_KILLS", "100"))
"""How many kills there are in all."""
BLOCKS = 4
STARTING = 0.15
"""Share of the kills of controllers that come while they still start."""


def share(block: int) -> int:
    """Return how many of the kills are this block's."""
    return KILLS // BLOCKS + (block < KILLS % BLOCKS)


def moments(block: int) -> random.Random:
    """Return the random moments of a block, and say how to have them again."""
    seed = int(os.environ.get("NAS_KILL_SEED", "0")) + block
    print(f"NAS_KILL_SEED={seed - block}: block {block} with seed {seed}")  # noqa: T201  # shown where a test fails
    return random.Random(seed)


@dataclass(slots=True)
class Victim:
    """One study that is begun, killed and gone on with; the next of its kind when it is finished."""

    desk: Desk
    text: str
    round: int = 0
    seen: Finished = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"s{self.round}"

    def begin(self) -> Run:
        """Run the file; the same command goes on with the study when it is on record."""
        return self.desk.start(
            "run", self.desk.write(self.text), "--name", self.name, "--storage", self.desk.url, "--json"
        )

    def live_and_die(self, moments: random.Random) -> int:
        """Give the study one more controller and kill it; return 0 where the study was finished first."""
        run = self.begin()
        if moments.random() < STARTING:
            time.sleep(moments.uniform(0.0, 1.5))  # while it is still starting
        else:
            run.wait_event("study.started")
            time.sleep(moments.uniform(0.0, 0.6))
        if run.process.poll() is not None:
            assert run.end() == 0, run.stderr
            self.check(ended=True)
            self.round, self.seen = self.round + 1, {}
            return 0
        run.kill()
        assert not self.desk.no_orphans()
        self.check()
        return 1

    def kill_a_worker(self, moments: random.Random, run: Run) -> None:
        """Kill one worker at some moment after the last was replaced and something was trained again."""
        done = self._progress()
        wait_for(lambda: run.lives() and self._progress() > done and len(self.desk.workers()) == 2)
        time.sleep(moments.uniform(0.0, 0.8))
        os.kill(moments.choice(self.desk.workers()), signal.SIGKILL)
        self.check()

    def finish(self) -> None:
        """Let it come to its end."""
        run = self.begin()
        assert run.end() == 0, run.stderr
        self.check(ended=True)

    def check(self, *, ended: bool = False) -> None:
        if ended or self._is_on_record():
            self.seen = invariants(self.desk.url, study=self.name, before=self.seen, ended=ended)

    def require_as_undisturbed(self) -> None:
        """Compare with a study of the same file that nobody has killed."""
        run = self.desk.nas("run", self.desk.write(self.text), "--name", "undisturbed", "--storage", self.desk.url)
        assert run.end() == 0, run.stderr
        assert results(self.desk.trials(self.name)) == results(self.desk.trials("undisturbed"))

    def _is_on_record(self) -> bool:
        """Tell whether there is a study yet; looking creates nothing."""
        try:
            with Storage.open(self.desk.url, create=False) as storage:
                return storage.find(self.name) is not None
        except StudyNotFound:
            return False

    def _progress(self) -> int:
        """Count the epochs on record."""
        if not self._is_on_record():
            return -1
        with Storage.open(self.desk.url) as storage, storage.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.epoch)).scalar_one())
