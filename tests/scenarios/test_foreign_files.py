"""Files of the user, of whatever name, beside the study or the script: none runs in place of a module of ours."""

import subprocess
import sys
from pathlib import Path

import pytest
from invariants import invariants
from outside import Desk, small

NAMES = ("nas", "workers", "search_spaces", "torch", "numpy", "ray", "optuna", "safetensors", "multiprocessing")
RAN = "import pathlib\npathlib.Path(__file__).with_name('RAN').write_text(__name__)\nTEAM = ['Ann']\n"
RAY = "{ray: {workers: 1, silence: 5}}"
SCRIPT = """\
{first}
import nas
{last}

if __name__ == "__main__":
    study = nas.search("study.yaml")
    print("SEARCHED", study.incumbent.values, {name}.TEAM)
"""


def write_all(folder: Path, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        (folder / f"{name}.py").write_text(RAN)


@pytest.mark.parametrize("executor", ["{process: {workers: 1}}", "inline", RAY])
def test_no_file_of_the_working_folder_is_run(executor: str, desk: Desk) -> None:
    write_all(desk.folder)
    study = desk.write(small(trials=2, epochs=2, seeds=1, executor=executor))
    run = desk.launch(sys.executable, "-P", "-m", "nas", "run", study, "--storage", desk.url)
    assert run.end() == 0, run.stderr
    assert not (desk.folder / "RAN").exists()
    assert (desk.folder / "runs/s/best/network.py").exists()
    invariants(desk.url, ended=True)


def test_python_dash_m_nas_takes_no_module_from_the_working_folder(desk: Desk) -> None:
    write_all(desk.folder, ("torch", "optuna", "workers", "typer", "numpy"))
    run = desk.nas("run", desk.write(small(trials=1, epochs=1)), "--storage", desk.url)
    assert run.end() == 0, run.stderr
    assert not (desk.folder / "RAN").exists()


@pytest.mark.parametrize(
    ("name", "order", "kind"),
    [("workers", "before", "file"), ("search_spaces", "after", "file"), ("workers", "before", "package")],
)
def test_a_script_may_have_a_module_of_its_own_that_is_called_like_ours(
    name: str, order: str, kind: str, desk: Desk
) -> None:
    if kind == "file":
        (desk.folder / f"{name}.py").write_text("TEAM = ['Ann']\n")
    else:
        (desk.folder / name).mkdir()
        (desk.folder / name / "__init__.py").write_text(f"from {name}.errors import TEAM\n")
        (desk.folder / name / "errors.py").write_text("TEAM = ['Ann']\n")
    first, last = (f"import {name}", "") if order == "before" else ("", f"import {name}")
    desk.write(small(trials=2, epochs=1, executor="{process: {workers: 1}}"))
    script = desk.write(SCRIPT.format(first=first, last=last, name=name), "main.py")
    run = desk.launch(sys.executable, script)
    assert run.end() == 0, run.stderr
    assert "['Ann']" in run.out.read_text()


def test_what_a_module_of_the_user_lacks_is_an_attribute_error(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "workers.py").write_text("TEAM = 1\n")
    script = tmp_path / "main.py"
    script.write_text("import nas, workers\nprint(workers.TEAM, hasattr(workers, 'files'), hasattr(workers, 'NO'))")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=dict(desk.environment))
    assert done.stdout == "1 False False\n", done.stderr
