"""The ready-made spaces on hard data: next to nothing that they draw diverges."""

import json
from pathlib import Path

import numpy as np
import pytest

import nas
from nas.trials import Trial, TrialState


@pytest.mark.parametrize("space", ["mlp", "mlp-deep"])
def test_outlying_columns_make_at_most_one_of_fifty_networks_diverge(space: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_t(1.5, (300, 4))  # tails so heavy that a sample lies forty deviations out
    y = x[:, 0] * 2 - x[:, 1] + x[:, 2] * x[:, 3]

    assert diverged(trained(space, tmp_path, x, y, epochs=5)) <= 1


@pytest.mark.parametrize("space", ["cnn", "cnn-residual"])
def test_no_convolutional_network_diverges(space: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 16, 16, 1)).astype(np.uint8)

    assert diverged(trained(space, tmp_path, x, np.arange(60) % 3, epochs=1, trials=16)) == 0


def test_at_most_one_of_fifty_recurrent_networks_diverges(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_t(1.5, (150, 10, 3))

    assert diverged(trained("recurrent", tmp_path, x, x.sum(axis=(1, 2)), epochs=2)) <= 1


def trained(
    space: str, folder: Path, x: np.ndarray, y: np.ndarray, *, epochs: int, trials: int = 50
) -> tuple[Trial, ...]:
    """Train random candidates of a space, none of them stopped."""
    np.savez(folder / "data.npz", x=x, y=y)
    study = {
        "name": "hard",
        "task": {"npz": {"path": "data.npz"}},
        "space": space,
        "sampler": "random",
        "pruner": "none",
        "budget": {"trials": trials, "epochs": epochs},
        "final": {"seeds": 0},
        "executor": "inline",
        "storage": f"sqlite:///{folder}/nas.db",
        "artifacts": {"folder": str(folder / "runs"), "export": []},
    }
    (folder / "study.yaml").write_text(json.dumps(study), "utf-8")
    return tuple(nas.search(folder / "study.yaml").trials)


def diverged(trials: tuple[Trial, ...]) -> int:
    """Count the trials whose loss was no number; make sure that most were trained at all."""
    assert sum(trial.state is TrialState.COMPLETE for trial in trials) >= 0.9 * len(trials)
    return sum(trial.reason == "nan" for trial in trials)
