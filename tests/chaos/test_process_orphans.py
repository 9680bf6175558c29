"""A user's own code that starts processes which ignore SIGTERM, hide and hold what is open: none of them is left."""

import signal
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, wait_for
from patient import PLUGIN, gone, signalled, troubled

CHILDREN = 5


def children_of(folder: Path) -> list[int]:
    """Wait until all children live, and return them."""
    wait_for(lambda: (folder / "children").exists() and len(list((folder / "children").iterdir())) == CHILDREN)
    pids = [int(path.name) for path in (folder / "children").iterdir()]
    assert not gone(pids[:1])
    return pids


@pytest.mark.parametrize("end", ["controller killed", "worker killed", "drained"])
def test_no_process_of_a_trial_outlives_its_worker(desk: Desk, end: str) -> None:
    desk.plugins = (PLUGIN,)
    text = troubled("spawn", trials=2, epochs=10, pause=0.1, executor="{process: {workers: 1}}")
    run = desk.start("run", desk.write(text), "--storage", desk.url)
    children = children_of(desk.folder)
    if end == "worker killed":
        signalled(signal.SIGKILL, *desk.workers())
        wait_for(lambda: gone(children))
        assert run.end() == 0, run.stderr
    else:
        run.process.send_signal(signal.SIGKILL if end == "controller killed" else signal.SIGTERM)
        run.end()
        wait_for(lambda: gone(children))
    assert not desk.no_orphans()
    invariants(desk.url, ended=end != "controller killed")
