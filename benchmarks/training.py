"""Candidates per minute of the solo engine against the DataLoader loop that everybody writes.

    python -m benchmarks.training [--epochs 10] [--pairs 7]

Same networks, samples, epochs, batch size, optimizer and one thread each, in alternating runs; medians of the pairs.
Both validate after every epoch (ours all metrics of the task, the loop accuracy alone).
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.machine import describe_machine
from search_spaces.candidate import Architecture, Candidate, Named, Recipe, Settings, Value
from search_spaces.families import build
from workers.datasets.dataset import Dataset, load
from workers.layers._modules import build as build_module
from workers.messages import Assignment, Job, Outcome, TaskSpec
from workers.worker import Worker

TASK = TaskSpec(Named("digits"))
RECIPE = Recipe(optimizer=Named("adam", Settings(lr=1e-3)), batch_size=32)


@dataclass(frozen=True, slots=True)
class Row:
    """One network to be trained by both."""

    name: str
    family: str
    settings: dict[str, Value]


ROWS = (
    Row("mlp 2 × 16", "mlp", {"depth": 2, "width": (16, 16)}),
    Row("mlp 2 × 64", "mlp", {"depth": 2, "width": (64, 64)}),
    Row("mlp 2 × 256", "mlp", {"depth": 2, "width": (256, 256)}),
    Row("cnn 2 × 8", "cnn", {"stages": 2, "channels": (8, 8)}),
    Row("cnn 2 × 16", "cnn", {"stages": 2, "channels": (16, 16)}),
)


def ours(worker: Worker, candidate: Candidate, epochs: int, folder: str) -> float:
    """Train one candidate as a worker does, its checkpoint written; return the seconds."""
    job = Job(0, "benchmark", TASK, (Assignment(0, candidate),), epochs, seed=0, folder=folder)
    start = time.perf_counter()
    outcomes = [event for events in worker.train(job) for event in events if isinstance(event, Outcome)]
    assert outcomes[0].state == "COMPLETE", outcomes[0].reason
    return time.perf_counter() - start


def the_loop(dataset: Dataset, candidate: Candidate, epochs: int, path: str) -> float:
    """Train the same network with Module, DataLoader and torch.optim, and save it; return the seconds."""
    start = time.perf_counter()
    info = dataset.info
    network = build_module(build(candidate.architecture, info.inputs, info.outputs), candidate.seed)
    train, validation = (
        TensorDataset(torch.from_numpy(fold.inputs), torch.from_numpy(fold.targets))
        for fold in (dataset.train, dataset.validation)
    )
    batches = DataLoader(train, batch_size=candidate.recipe.batch_size, shuffle=True)
    check = DataLoader(validation, batch_size=256)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    measure = nn.CrossEntropyLoss()
    for _ in range(epochs):
        network.train()
        total = 0.0
        for inputs, targets in batches:
            optimizer.zero_grad()
            loss = measure(network(inputs), targets)
            loss.backward()
            optimizer.step()
            total += loss.item()
        network.eval()
        with torch.no_grad():
            sum((network(inputs).argmax(1) == targets).sum().item() for inputs, targets in check)
    torch.save(network.state_dict(), path)
    return time.perf_counter() - start


def main() -> None:
    """Print candidates per minute of both and the median ratio of the pairs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=10, help="epochs of each training")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of runs per network")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_machine())
    print(f"digits, batch {RECIPE.batch_size}, Adam, {options.epochs} epochs, one thread; candidates per minute")
    worker, dataset = Worker(), load(TASK)
    for row in ROWS:
        candidate = Candidate(Architecture(row.family, Settings(row.settings)), RECIPE, seed=0)
        with tempfile.TemporaryDirectory() as folder:
            pairs = [
                (
                    ours(worker, candidate, options.epochs, folder),
                    the_loop(dataset, candidate, options.epochs, f"{folder}/loop.pt"),
                )
                for _ in range(options.pairs + 1)
            ][1:]  # the first pair warms caches
        mine, theirs = (60 / statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(loop / own for own, loop in pairs)
        print(f"{row.name:12} ours {mine:8.1f}   DataLoader loop {theirs:8.1f}   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
