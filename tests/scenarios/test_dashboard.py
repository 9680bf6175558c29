"""The dashboard shows a study truthfully while it runs, after a kill, and after the resume."""

import json
import signal
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

from invariants import invariants
from outside import Desk, small, wait_for

BUSY = {"task": "digits", "batch_size": 4, "trials": 5000, "epochs": 9, "executor": "{process: {workers: 2}}"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def ask(port: int, path: str) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return json.loads(answer.read())
    except OSError:
        return None  # it does not listen yet


def serve(desk: Desk) -> int:
    """Start optuna-dashboard as anybody would, on the study's database; return the port once it answers."""
    port = free_port()
    program = Path(sys.executable).parent / "optuna-dashboard"
    run = desk.launch(program, desk.url, "--port", port, "--host", "127.0.0.1")
    wait_for(lambda: run.lives() and ask(port, "/api/studies"))
    return port


def shown(port: int) -> list[dict[str, Any]]:
    """Return the trials that the dashboard shows of the study."""
    (study,) = [item for item in ask(port, "/api/studies")["study_summaries"] if item["study_name"] == "s"]
    trials: list[dict[str, Any]] = ask(port, f"/api/studies/{study['study_id']}?after=0")["trials"]
    return trials


def test_optuna_dashboard_shows_a_study_while_it_runs(desk: Desk) -> None:
    run = desk.start("run", desk.write(small(**BUSY)), "--storage", desk.url, "--json")
    run.wait_event("trial.finished", 5)
    port = serve(desk)
    wait_for(lambda: len(shown(port)) > 10)
    states = {trial["state"] for trial in shown(port)}
    assert {"Complete", "Pruned"} <= states <= {"Running", "Waiting", "Complete", "Pruned", "Fail"}
    assert run.process.poll() is None, "the study runs on while it is looked at"
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 130
    _require_as_ours(desk, port)


def test_the_dashboard_agrees_with_the_record_after_a_kill_and_a_resume(desk: Desk) -> None:
    file = desk.write(small(**BUSY))
    for count in (3, 9):
        run = desk.start("run", file, "--storage", desk.url, "--json")
        run.wait_event("trial.finished", count)
        run.kill()
        assert not desk.no_orphans()
    ended = desk.nas("resume", "s", "--storage", desk.url, "--trials", len(desk.trials()) + 2)
    assert ended.end() == 0, ended.stderr
    invariants(desk.url, ended=True)
    _require_as_ours(desk, serve(desk))


def _states(trials: list[dict[str, Any]]) -> dict[int, str]:
    return {trial["number"]: trial["state"].upper() for trial in trials}


def _require_as_ours(desk: Desk, port: int) -> None:
    ours = desk.trials()
    wait_for(lambda: _states(shown(port)) == {trial.number: trial.state for trial in ours})  # it looks every 10 seconds
    theirs = {trial["number"]: trial for trial in shown(port)}
    for trial in ours:
        other = theirs[trial.number]
        values = trial.values if trial.state.finished else ()  # of one that waits Optuna keeps none
        assert [float(value) for value in other.get("values") or ()] == list(values)
        metrics = [(point.epoch, point.metrics["accuracy"]) for point in trial.curve]
        assert [(item["step"], float(item["value"])) for item in other["intermediate_values"]] == metrics
        assert {item["name"] for item in other["params"]} == set(trial.params)
