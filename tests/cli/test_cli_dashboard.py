"""`nas dashboard` serves the study to a browser on this machine, and ends with Ctrl-C."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from command_runs import Ran, environment, run_in


def test_the_dashboard_shows_the_study_until_it_is_interrupted(searched: tuple[Path, Ran], tmp_path: Path) -> None:
    run_in(searched[0], "db", "backup", str(tmp_path / "nas.db"))
    command = [sys.executable, "-m", "nas", "dashboard", "--port", "0", "--rebuild"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment())
    try:
        assert process.stderr is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}api/studies", timeout=30) as answer:
            names = [study["study_name"] for study in json.load(answer)["study_summaries"]]
        process.send_signal(signal.SIGINT)
        assert (names, process.wait(30)) == (["first"], 0)
    finally:
        process.kill()
        process.communicate()


def test_there_is_no_dashboard_of_nothing(tmp_path: Path) -> None:
    assert run_in(tmp_path, "dashboard").code == 4
