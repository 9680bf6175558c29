"""The page about Ray Tune does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from outside import ROOT

import nas
from nas.study import Study
from nas.trials import TrialState

PAGE = (ROOT / "docs" / "tune.md").read_text("utf-8")


def blocks(language: str) -> str:
    return "\n\n".join(re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def folder(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the page's script beside the page's study."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "study.yaml").write_text(blocks("yaml"))
    (folder / "page.py").write_text(blocks("python"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_ADDRESS": cluster}
    done = subprocess.run(
        [sys.executable, "page.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", ["tuned", "own"])
def test_a_study_of_the_page_is_finished(folder: Path, name: str) -> None:
    study = Study(name, f"sqlite:///{folder}/nas.db")
    assert study.record.state == "FINISHED"
    assert len(study.trials) == 6


def test_a_trial_of_the_pages_own_trainable_is_recorded_with_its_last_report(folder: Path) -> None:
    complete = [t for t in Study("own", f"sqlite:///{folder}/nas.db").trials if t.state is TrialState.COMPLETE]
    assert complete
    for trial in complete:
        expected = 1 - float(trial.params["optimizer.sgd.lr"]) / (5 + int(trial.params["depth"]))
        assert trial.values == pytest.approx((expected,))


def test_resuming_retrains_the_best_and_scores_it_on_the_test_split(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    study = nas.resume("tuned", "sqlite:///nas.db")
    assert study.result["test"] is not None
    assert (folder / "runs" / "tuned" / "best" / "network.py").is_file()
