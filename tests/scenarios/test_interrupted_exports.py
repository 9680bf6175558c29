"""Ctrl-C goes to all processes of a terminal: what it interrupts of an export is owed, and made by a resume."""

import os
import signal
from pathlib import Path

import pytest
from outside import Desk, Run, small, wait_for


def made(folder: Path) -> bool:
    """Tell whether an export has begun to be written, or is there."""
    return folder.is_dir() and any(folder.iterdir())


@pytest.mark.parametrize("late", [False, True], ids=["once it is retrained", "while the source is checked"])
def test_ctrl_c_in_an_export_is_130_and_a_resume_makes_it_or_it_is_finished(late: bool, desk: Desk) -> None:
    text = small(trials=2, epochs=2, seeds=1) + "artifacts: {export: [source, safetensors]}\n"
    run: Run = desk.start("run", desk.write(text), "--json", prefix=("setsid",))
    run.wait_event("final.scored")
    best = desk.folder / "runs/s/best"
    if late:
        wait_for(lambda: made(best))
    os.killpg(run.pid, signal.SIGINT)
    code = run.end()
    assert code == 0 or (code == 130 and desk.state() == "STOPPED"), run.stderr
    assert "KeyboardInterrupt" not in run.stderr
    again = desk.nas("resume", "s")
    assert again.end() == 0, again.stderr
    assert desk.state() == "FINISHED"
    assert {path.name for path in best.iterdir()} >= {"network.py", "network.safetensors", "weights.safetensors"}
