"""Check of an installed wheel, far from its sources: the command, the data files, the native engine and a whole search.

python .ci/check_installed.py      run by a Python that has the wheel, and in a folder of its own
"""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

STUDY = """\
name: installed
task: digits
space: mlp
budget: {trials: 8, epochs: 6}
final: {seeds: 1}
artifacts: {export: [source, safetensors]}
"""


def main() -> None:
    """Run every check in an empty folder, which is on nobody's import path."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY, "utf-8")
        require(nas(folder, "--version").strip() == f"nas {version('nas-service')}", "the version is another")
        engine = json.loads(nas(folder, "doctor", "--json"))["native"]
        require(engine["variant"], f"the native engine is missing: {engine['reason']}")
        tasks = json.loads(nas(folder, "tasks", "--json"))
        require(len(tasks) >= 6, f"tasks are missing: {tasks}")
        nas(folder, "check", "study.yaml")
        nas(folder, "run", "study.yaml", "--quiet")
        top = json.loads(nas(folder, "top", "installed", "--json"))
        require(top, "the search has found nothing")
        require((folder / "runs" / "installed" / "best" / "network.py").is_file(), "nothing was exported")
    sys.stdout.write("the installed wheel works\n")


def nas(folder: Path, *arguments: str) -> str:
    """Run a command of the installed distribution and return its standard output."""
    command = [sys.executable, "-P", "-m", "nas", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    require(done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def require(right: object, otherwise: str) -> None:
    """End with a sentence where a check fails."""
    if not right:
        sys.exit(f"error: {otherwise}")


if __name__ == "__main__":
    main()
