"""The rivals of `benchmarks.real`: what an engineer would write in an afternoon, on the same samples.

Each takes the data, the seconds it may train and a seed, and returns its test score. Networks are written by hand in
plain torch and use all cores; they hold back a tenth of the training samples and keep the weights that were best on it.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
import torch
from torch import Tensor, nn

from benchmarks.real_data import Array, Data

Rival = Callable[[Data, float, int], float]
Parts = tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Samples to train on and samples held back: inputs and targets of each."""
BATCH, SMALL_BATCH, SMALL = 64, 16, 2000
"""Samples in a step, and in one of data with fewer training samples than `SMALL`."""


def score(data: Data, predicted: Array) -> float:
    """Return accuracy, or the mean squared error of a regression."""
    from sklearn.metrics import accuracy_score, mean_squared_error

    measure = mean_squared_error if data.kind == "regression" else accuracy_score
    return float(measure(data.test[1], predicted))


def linear(data: Data, _seconds: float, _seed: int) -> float:
    """Fit scikit-learn's logistic regression, or linear regression."""
    from sklearn.linear_model import LinearRegression, LogisticRegression

    model: Any = LinearRegression() if data.kind == "regression" else LogisticRegression(max_iter=1000)
    return score(data, model.fit(_flat(data.train[0]), data.train[1]).predict(_flat(data.test[0])))


def boosted_trees(data: Data, _seconds: float, seed: int) -> float:
    """Fit scikit-learn's HistGradientBoosting, with categories as categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingRegressor if data.kind == "regression" else HistGradientBoostingClassifier
    train, test = data.coded or (_flat(data.train[0]), _flat(data.test[0]))
    model = kind(random_state=seed, categorical_features=list(data.categorical) or None)
    return score(data, model.fit(train, data.train[1]).predict(test))


def sklearn_mlp(data: Data, _seconds: float, seed: int) -> float:
    """Fit scikit-learn's MLPClassifier or MLPRegressor with early stopping, else as it comes."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPRegressor if data.kind == "regression" else MLPClassifier
    model = kind(early_stopping=True, max_iter=1000, random_state=seed)
    return score(data, model.fit(_flat(data.train[0]), data.train[1]).predict(_flat(data.test[0])))


def hand_written_cnn(data: Data, seconds: float, seed: int) -> float:
    """Train a small convolutional network of some 25 000 weights for so many seconds."""
    channels, classes = data.train[0].shape[1], int(data.train[1].max()) + 1

    def build() -> nn.Module:
        layers: list[nn.Module] = []
        for before, after in ((channels, 16), (16, 32), (32, 64)):
            convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))

    return _trained(data, build, seconds, seed)


class BiGru(nn.Module):
    """A bidirectional recurrent layer and the mean of its steps."""

    def __init__(self, features: int, classes: int) -> None:
        """Make the layers."""
        super().__init__()
        self.layer = nn.GRU(features, 64, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(128, classes))

    def forward(self, steps: Tensor) -> Tensor:  # (samples, steps, features)
        """Return the outputs."""
        head: Tensor = self.head(self.layer(steps)[0].mean(dim=1))
        return head


def hand_written_bigru(data: Data, seconds: float, seed: int) -> float:
    """Train a bidirectional GRU of 64 units for so many seconds."""
    classes = int(data.train[1].max()) + 1
    return _trained(data, lambda: BiGru(data.train[0].shape[2], classes), seconds, seed)


def optuna_and_torch(data: Data, seconds: float, seed: int) -> float:
    """Search fully connected networks with Optuna's defaults and a pruner, one trial after another."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    parts = _held_back(data, seed)
    width, outputs = _flat(data.train[0]).shape[1], _outputs(data)
    best: tuple[float, nn.Module | None] = (float("inf"), None)
    end = time.perf_counter() + seconds

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        torch.manual_seed(seed * 1000 + trial.number)
        network = _sampled_mlp(trial, width, outputs)
        rate = trial.suggest_float("lr", 1e-4, 1e-2, log=True)
        optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
        batch = trial.suggest_categorical("batch", [32, 64, 128])
        loss = float("inf")
        for epoch in range(20):
            _one_epoch(network, optimizer, parts[0], batch, None, end)
            loss = _loss_of(network, parts[1])
            if loss < best[0]:
                best = loss, _copied(network)
            trial.report(loss, epoch)
            if time.perf_counter() > end or trial.should_prune():
                raise optuna.TrialPruned
        return loss

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=optuna.pruners.MedianPruner())
    study.optimize(objective, timeout=seconds)
    return _tested(data, best[1]) if best[1] else float("nan")


RIVALS: Mapping[str, Rival] = {
    "linear model": linear,
    "HistGradientBoosting": boosted_trees,
    "sklearn's MLP": sklearn_mlp,
    "hand-written CNN": hand_written_cnn,
    "hand-written BiGRU": hand_written_bigru,
    "Optuna + torch": optuna_and_torch,
}


def _sampled_mlp(trial: optuna.Trial, width: int, outputs: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    dropout = trial.suggest_float("dropout", 0.0, 0.5)
    for layer in range(trial.suggest_int("depth", 1, 3)):
        after = trial.suggest_categorical(f"width_{layer}", [32, 64, 128, 256])
        layers += [nn.Linear(width, after), nn.ReLU(), nn.Dropout(dropout)]
        width = after
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def _trained(data: Data, build: Callable[[], nn.Module], seconds: float, seed: int) -> float:
    """Train a network until the time is over, its learning rate falling along a cosine; score its best weights."""
    torch.manual_seed(seed)
    begin = time.perf_counter()
    train, held = _held_back(data, seed)
    network = build()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)

    def rate() -> float:
        done = min(1.0, (time.perf_counter() - begin) / seconds)
        return 3e-3 * (1.0 + float(np.cos(np.pi * done))) / 2.0

    best, kept = float("inf"), network
    batch = BATCH if len(train[0]) >= SMALL else SMALL_BATCH
    while time.perf_counter() - begin < seconds:
        _one_epoch(network, optimizer, train, batch, rate, begin + seconds)
        if (loss := _loss_of(network, held)) <= best:  # of equal ones the last, whose rate is the smallest
            best, kept = loss, _copied(network)
    return _tested(data, kept)


def _one_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    samples: tuple[Tensor, Tensor],
    batch: int,
    rate: Callable[[], float] | None,
    end: float,
) -> None:
    network.train()
    for chosen in torch.split(torch.randperm(len(samples[0])), batch):
        if len(chosen) < 2:  # batch norm needs two
            continue
        if rate is not None:
            optimizer.param_groups[0]["lr"] = rate()
        optimizer.zero_grad()
        _loss(network(samples[0][chosen]), samples[1][chosen]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if time.perf_counter() > end:
            break


def _loss(outputs: Tensor, targets: Tensor) -> Tensor:
    if targets.dtype == torch.int64:
        return nn.functional.cross_entropy(outputs, targets)
    return nn.functional.mse_loss(outputs[:, 0], targets)


def _loss_of(network: nn.Module, samples: tuple[Tensor, Tensor]) -> float:
    """Measure held-back samples: the share of wrong answers, or the mean squared error."""
    outputs = _outputs_of(network, samples[0])
    if samples[1].dtype == torch.int64:
        return 1.0 - float((outputs.argmax(dim=1) == samples[1]).float().mean())
    return float(_loss(outputs, samples[1]))


def _outputs_of(network: nn.Module, inputs: Tensor) -> Tensor:
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(part) for part in torch.split(inputs, 1000)])


def _tested(data: Data, network: nn.Module) -> float:
    outputs = _outputs_of(network, torch.from_numpy(data.test[0])).numpy()
    if data.kind == "classification":
        return score(data, outputs.argmax(axis=1))
    offset, scale = _moments(data)
    return score(data, outputs[:, 0] * scale + offset)


def _held_back(data: Data, seed: int) -> Parts:
    """Hold back a tenth of the training samples; targets of a regression are standardised."""
    order = np.random.default_rng(seed).permutation(len(data.train[0]))
    targets = data.train[1]
    if data.kind == "regression":
        offset, scale = _moments(data)
        targets = ((targets - offset) / scale).astype(np.float32)
    inputs, answers = torch.from_numpy(data.train[0]), torch.from_numpy(targets)
    held, train = np.split(order, [len(order) // 10])
    return (inputs[train], answers[train]), (inputs[held], answers[held])


def _moments(data: Data) -> tuple[float, float]:
    return float(data.train[1].mean()), float(data.train[1].std())


def _outputs(data: Data) -> int:
    return 1 if data.kind == "regression" else int(data.train[1].max()) + 1


def _copied(network: nn.Module) -> nn.Module:
    import copy

    return copy.deepcopy(network)


def _flat(inputs: Array) -> Array:
    return np.asarray(inputs.reshape(len(inputs), -1))
