"""What people write today: Optuna, SQLite, a pruner, a DataLoader; one file, run as a program of its own.

    python -m benchmarks.optuna_loop FOLDER SEED TRIALS EPOCHS [WORKER]

Uses nothing of this project. FOLDER holds train.npz and validation.npz, and gets the best weights; the
last line printed is the best validation accuracy.
"""

import os
import sys

import numpy as np
import optuna
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "elu": nn.ELU}


def load(folder: str) -> tuple[TensorDataset, TensorDataset]:
    """Read the samples: the same split and scaling for both sides."""
    train, valid = (np.load(os.path.join(folder, f"{part}.npz")) for part in ("train", "validation"))
    return _dataset(train), _dataset(valid)


def _dataset(arrays: np.lib.npyio.NpzFile) -> TensorDataset:
    return TensorDataset(torch.from_numpy(arrays["inputs"]).flatten(1), torch.from_numpy(arrays["targets"]))


def build(trial: optuna.Trial) -> tuple[nn.Module, torch.optim.Optimizer, int, bool]:
    """Sample a network and its optimizer from the space of `benchmarks/search.yaml`."""
    layers: list[nn.Module] = []
    activation = ACTIVATIONS[trial.suggest_categorical("activation", list(ACTIVATIONS))]
    dropout, width = trial.suggest_float("dropout", 0.0, 0.4), 64
    for i in range(trial.suggest_int("depth", 1, 4)):
        features = trial.suggest_categorical(f"width_{i}", [32, 64, 128, 256])
        layers += [nn.Linear(width, features), activation(), nn.Dropout(dropout)]
        width = features
    network = nn.Sequential(*layers, nn.Linear(width, 10))
    if trial.suggest_categorical("optimizer", ["sgd", "adamw"]) == "sgd":
        rate = trial.suggest_float("sgd_lr", 1e-2, 1.0, log=True)
        momentum = trial.suggest_float("momentum", 0.0, 0.95)
        optimizer: torch.optim.Optimizer = torch.optim.SGD(network.parameters(), lr=rate, momentum=momentum)
    else:
        rate = trial.suggest_float("adamw_lr", 3e-4, 3e-2, log=True)
        optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    cosine = trial.suggest_categorical("schedule", ["constant", "cosine"]) == "cosine"
    return network, optimizer, trial.suggest_categorical("batch_size", [16, 32, 64]), cosine


def main() -> None:
    """Search, and say what the best network reached."""
    folder, seed, trials, epochs = sys.argv[1], *map(int, sys.argv[2:5])
    worker = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    torch.manual_seed(seed * 1000 + worker)
    train, valid = load(folder)
    best = 0.0

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        network, optimizer, batch, cosine = build(trial)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs) if cosine else None
        batches = DataLoader(train, batch_size=batch, shuffle=True)
        accuracy = 0.0
        for epoch in range(1, epochs + 1):
            network.train()
            for inputs, targets in batches:
                optimizer.zero_grad()
                nn.functional.cross_entropy(network(inputs), targets).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            if scheduler is not None:
                scheduler.step()
            network.eval()
            with torch.no_grad():
                hits = sum((network(x).argmax(1) == y).sum().item() for x, y in DataLoader(valid, batch_size=256))
            accuracy = hits / len(valid)
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned
        if accuracy > best:
            best = accuracy
            torch.save(network.state_dict(), os.path.join(folder, f"best-{worker}.pt"))
        return accuracy

    study = optuna.create_study(
        study_name="digits",
        storage=f"sqlite:///{folder}/optuna.db",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed * 1000 + worker),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=3),
        load_if_exists=True,
    )
    study.optimize(objective, n_trials=trials)
    print(study.best_value)


if __name__ == "__main__":
    main()
