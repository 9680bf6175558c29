"""Candidates trained for an epoch by the real worker, each once for all tests of exporters."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings
from workers.messages import Assignment, Checkpoint, Job, Outcome, Stage, TaskSpec
from workers.worker import Worker

ARCHITECTURES = {
    "mlp": Architecture("mlp", Settings(depth=2, width=(16, 8), activation="maxout", norm="batch", dropout=0.1)),
    "cnn": Architecture("cnn"),
    "linear": Architecture("linear"),
    "recurrent": Architecture("recurrent", Settings(cell="gru", bidirectional=True)),
}
CELLS = [f"{row},{'uvw'[row % 3] if row % 7 else '?'},{'no' if row % 4 else 'yes'}" for row in range(60)]

TrainedFile = tuple[Checkpoint, Candidate, TaskSpec]
Train = Callable[..., TrainedFile]


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Train:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("trained")
    (folder / "table.csv").write_text("\n".join(["number;letter;target", *CELLS]).replace(",", ";") + "\n")
    table = Settings(path=str(folder / "table.csv"), target="target", delimiter="semicolon")

    @cache
    def trained(family: str = "mlp", task: str = "digits", stage: Stage = "search") -> TrainedFile:
        candidate = Candidate(ARCHITECTURES[family], Recipe(), seed=5)
        spec = TaskSpec(Named(task, table if task == "csv" else Settings()))
        path = Path(folder, family, task, stage)
        job = Job(0, "study", spec, (Assignment(0, candidate),), epochs=1, seed=0, folder=str(path), stage=stage)
        outcome = [event for events in Worker().train(job) for event in events][-1]
        assert isinstance(outcome, Outcome)
        assert outcome.checkpoint, outcome
        return outcome.checkpoint, candidate, spec

    return trained
