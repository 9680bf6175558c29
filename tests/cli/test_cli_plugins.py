"""Plug-ins: imported when a study or a command names them, and blamed by name for whatever they raise."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_runs import SMALL, STUDY, Ran, environment

MENUS = (
    *("families", "ops", "layers", "optimizers", "schedules", "tasks", "samplers", "pruners", "executors"),
    *("exporters", "cli"),
)
NAMED = {
    "optimizers": ("--set", "space.optimizer=guest"),
    "schedules": ("--set", "space.schedule=guest"),
    "samplers": ("--set", "sampler=guest"),
    "pruners": ("--set", "pruner={guest: , metric: accuracy}"),
    "tasks": ("--set", "task=guest"),
    "executors": ("--set", "executor=guest"),
    "families": ("--set", "space={family: guest}"),
}
SAYING = {
    "raise SystemExit('bye')": "it calls exit: bye",
    "import sys; sys.exit(3)": "it calls exit: 3",
    "raise BaseException('odd')": "BaseException: odd",
    "1 / 0": "ZeroDivisionError: division by zero",
    "Guest = 5": "is no class or function, but 5",
    "def Guest(): pass": "has to be a dataclass",
}


def install(folder: Path, code: str) -> None:
    """Put a distribution where Python finds it, with one entry on every menu."""
    about = folder / "site" / "nas_guest-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nas-guest\nVersion: 1\n")
    groups = "".join(f"[nas.{menu}]\nguest = guest_{menu}:Guest\n" for menu in MENUS)
    (about / "entry_points.txt").write_text(groups)
    for menu in MENUS:
        mark = f"open({str(folder / 'loaded')!r}, 'a').write('{menu} ')\n"
        (folder / "site" / f"guest_{menu}.py").write_text(mark + code + "\n")


def run(folder: Path, *arguments: str) -> Ran:
    (folder / "study.yaml").write_text(STUDY)
    known = environment()
    known["PYTHONPATH"] += f":{folder / 'site'}"
    command = [sys.executable, "-P", "-m", "nas", *arguments]
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("ls",),
        ("tasks",),
        ("check", "study.yaml"),
        ("run", "study.yaml", "--executor", "process", "--trials", "2"),
        ("check", "study.yaml", "--set", "sampler=nobody"),
        ("check", "study.yaml", "--set", "space.learning_rat=1"),
    ],
    ids=" ".join,
)
def test_nothing_of_another_distribution_is_imported_unasked(arguments: tuple[str, ...], tmp_path: Path) -> None:
    install(tmp_path, "raise SystemExit('the plug-in says bye')")
    ran = run(tmp_path, *arguments)
    assert not (tmp_path / "loaded").exists()
    assert "bye" not in ran.out + ran.err
    assert ran.code in (0, 3, 4)


@pytest.mark.parametrize("menu", NAMED)
def test_what_a_study_names_is_imported_and_blamed_by_name(menu: str, tmp_path: Path) -> None:
    install(tmp_path, "raise SystemExit('bye')")
    ran = run(tmp_path, "check", "study.yaml", *NAMED[menu])
    assert f"'guest' from nas-guest 1 (guest_{menu}:Guest) does not import: it calls exit: bye" in ran.err
    assert ran.code in (1, 3)
    assert (tmp_path / "loaded").read_text().split() == [menu]


@pytest.mark.parametrize("code", SAYING)
def test_whatever_a_plug_in_raises_is_one_line(code: str, tmp_path: Path) -> None:
    install(tmp_path, code)
    ran = run(tmp_path, "check", "study.yaml", "--set", "sampler=guest")
    assert SAYING[code] in ran.err
    assert "unexpected" not in ran.err
    assert ran.code == 3


def test_a_command_that_does_not_import_spoils_no_other(tmp_path: Path) -> None:
    install(tmp_path, "raise SystemExit('bye')")
    shown = run(tmp_path, "--help")
    assert shown.code == 0
    assert "from nas-guest 1" in shown.out
    asked = run(tmp_path, "guest")
    assert asked.code == 1
    assert "the command 'guest' from nas-guest 1" in asked.err


def test_a_command_of_another_distribution_that_fails_is_blamed_by_name(tmp_path: Path) -> None:
    install(tmp_path, "def Guest(): raise ValueError('not today')")
    asked = run(tmp_path, "guest")
    assert asked.code == 1
    assert asked.err == "error: the command 'guest' from nas-guest 1 (guest_cli:Guest) failed: ValueError: not today\n"


AT_WORK = {
    "samplers": """
import random
from dataclasses import dataclass

@dataclass(frozen=True)
class Guest:
    def sampler(self, *, space, objectives, seed):
        class Sampler:
            def ask(self, numbers):
                if numbers[0] == 2:
                    raise ValueError("no idea")
                return [space.sample(random.Random(number)) for number in numbers]
            def tell(self, trials): pass
        return Sampler()
""",
    "pruners": """
from dataclasses import dataclass

@dataclass(frozen=True)
class Guest:
    def pruner(self, *, epochs, direction, seed):
        class Pruner:
            def report(self, number, epoch, value):
                raise ValueError("no idea")
            def finish(self, number, *, complete): pass
            def remembered(self, epochs, *, complete): return ()
        return Pruner()
""",
    "tasks": """
from dataclasses import dataclass

@dataclass(frozen=True)
class Guest:
    def samples(self):
        raise ValueError("no idea")
""",
    "executors": """
from dataclasses import dataclass
from nas.executors.inline import Inline

@dataclass(frozen=True)
class Guest:
    def start(self):
        started = Inline().start()
        def poll(timeout):
            raise ValueError("no idea")
        started.poll = poll
        return started
""",
    "exporters": """
class Guest:
    def write(self, trained, folder):
        raise ValueError("no idea")
""",
}
BLAMED = {
    "samplers": (
        3,
        "sampler.guest: the sampler 'guest' from nas-guest 1 (guest_samplers:Guest) cannot be used: ask raised",
    ),
    "pruners": (
        3,
        "pruner.guest: the pruner 'guest' from nas-guest 1 (guest_pruners:Guest) cannot be used: report raised",
    ),
    "tasks": (3, "task.guest: the task 'guest' from nas-guest 1 (guest_tasks:Guest) cannot be used:"),
    "executors": (3, "executor.guest: the executor 'guest' from nas-guest 1 (guest_executors:Guest) failed:"),
    "exporters": (1, "the format 'guest' from nas-guest 1 (guest_exporters:Guest) failed:"),
}


@pytest.mark.parametrize("menu", AT_WORK)
def test_one_that_fails_at_work_is_blamed_by_name_in_one_line(menu: str, tmp_path: Path) -> None:
    install(tmp_path, AT_WORK[menu])
    named = ("--set", "artifacts.export=[guest]") if menu == "exporters" else (*SMALL[-2:], *NAMED[menu])
    ran = run(tmp_path, "run", "study.yaml", *SMALL[:-2], "--trials", "4", "--quiet", *named)
    code, told = BLAMED[menu]
    (line,) = ran.err.splitlines()
    assert f"{told} ValueError: no idea" in line
    assert "unexpected" not in line
    assert ran.code == code
