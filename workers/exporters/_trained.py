"""Trained network for export: its weights, samples to compare on, and its card."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from search_spaces import families
from search_spaces.candidate import Candidate
from search_spaces.network import Network
from search_spaces.plain_text import shaped
from search_spaces.version import version
from workers import checkpoints
from workers.checkpoints import TrainedState
from workers.datasets.dataset import Dataset, Fold, blaming, prepare, read
from workers.datasets.splits import divide
from workers.errors import CheckpointError, TaskError
from workers.exporters._ensemble import MeanOfNumbers, MeanOfProbabilities
from workers.exporters._exported import MeasuredOn, Member
from workers.layers import _modules
from workers.messages import Checkpoint, TaskInfo, TaskSpec
from workers.metric_names import Kind
from workers.metrics import measure
from workers.tasks.protocol import TableInputs

BATCH, COMPARED = 512, 2048
"""Samples of a batch, and on how many validation samples an export is compared with its original at most."""

Samples = tuple[Dataset, Any]
"""The prepared samples of a task, and those of validation as they were read."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A candidate restored from its checkpoint, or several seeds of it as one network; on the CPU, ready to predict."""

    candidate: Candidate
    """What was trained; of an ensemble, its first member."""
    network: Network
    """Its architecture, which all members of an ensemble share."""
    module: nn.Module
    dataset: Dataset
    raw: Any
    """The validation samples before they were prepared: an array, or columns of cells by name."""
    epoch: int
    metrics: dict[str, float]
    """What the checkpoint recorded; of an ensemble, what it measures now."""
    measured_on: MeasuredOn
    """The samples that the metrics are of, which it was not trained on."""
    seeds: tuple[int, ...]
    """One for each network inside: more than one in an ensemble."""

    @property
    def inputs(self) -> Tensor:
        """Return the prepared validation samples."""
        return torch.from_numpy(self.dataset.validation.inputs)

    def weights(self) -> dict[str, Tensor]:
        """Return the parameters and buffers by their names."""
        return {name: value.detach().clone().contiguous() for name, value in self.module.state_dict().items()}

    def card(self) -> dict[str, Any]:
        """Describe it in JSON values: what it is, how it was trained, on what, how inputs are prepared."""
        info = self.dataset.info
        return {
            "network": self.network.to_json(),
            "parameters": self.network.parameters,
            "flops": self.network.flops,
            "fingerprint": self.network.fingerprint,
            **self.candidate.to_json(),
            "seeds": list(self.seeds),
            "epochs": self.epoch,
            "metrics": self.metrics,
            "measured_on": self.measured_on,
            "task": {"name": info.name, "kind": info.kind, "loss": info.loss, "sha256": info.sha256},
            "inputs": ["batch", *info.inputs],
            "outputs": ["batch", info.outputs],
            "classes": list(info.classes),
            "preprocessing": self.dataset.preprocessing.to_json(),
            "versions": _versions(),
        }


def restore(
    checkpoint: Checkpoint,
    candidate: Candidate,
    task: TaskSpec,
    known: TaskInfo | None = None,
    measured_on: MeasuredOn = "validation",
    samples: Samples | None = None,
) -> Trained:
    """Bring a candidate back from its checkpoint, with the samples of its task, which may have been read before.

    Raises:
        CheckpointError: the file is missing, altered, or holds another network.
        TaskError: the samples cannot be used, or are not those of the task as it is `known`.
    """
    dataset, raw = samples or read_samples(task, known)
    network, module, state = _restored(checkpoint, candidate, dataset.info)
    metrics = {name: value for name, value in state.metrics.items() if name in dataset.info.metrics}  # no train_loss
    return Trained(candidate, network, module, dataset, raw, state.epoch, metrics, measured_on, (candidate.seed,))


def restore_ensemble(
    members: Sequence[Member],
    candidate: Candidate,
    task: TaskSpec,
    known: TaskInfo | None = None,
    samples: Samples | None = None,
) -> Trained:
    """Bring several seeds of a candidate back as one network, measured on the test samples; raises as `restore`."""
    dataset, raw = samples or read_samples(task, known)
    candidates = [replace(candidate, seed=member.seed) for member in members]
    found = [_restored(m.checkpoint, one, dataset.info) for m, one in zip(members, candidates, strict=True)]
    module = average([module for _, module, _ in found], dataset.info.kind).eval()
    outputs = in_batches(module, torch.from_numpy(dataset.test.inputs))
    metrics = measure(dataset.info, outputs, torch.from_numpy(dataset.test.targets))
    network, epoch, seeds = found[0][0], found[0][2].epoch, tuple(member.seed for member in members)
    return Trained(candidates[0], network, module, dataset, raw, epoch, metrics, "test", seeds)


def average(members: Sequence[nn.Module], kind: Kind) -> nn.Module:
    """Return networks as one whose outputs are their average; one alone as it is."""
    if len(members) == 1:
        return members[0]
    return MeanOfProbabilities(members) if kind == "classification" else MeanOfNumbers(members)


def read_samples(task: TaskSpec, known: TaskInfo | None = None) -> Samples:
    """Return the prepared samples of a task, and those of validation as they were read; of many, the first `COMPARED`.

    Raises:
        TaskError: the samples cannot be used, or are not those of the task as it is `known`.
    """
    with blaming(task.task.name):
        samples = read(task)
        dataset = prepare(samples, task)
    if known is not None and dataset.info.sha256 != known.sha256:
        raise TaskError(_changed(known, dataset.info))
    rows = divide(samples, task.split).validation[:COMPARED]
    few = Fold(dataset.validation.inputs[:COMPARED], dataset.validation.targets[:COMPARED])
    dataset = replace(dataset, validation=few)
    if isinstance(samples.inputs, TableInputs):
        return dataset, {name: [cells[row] for row in rows] for name, cells in samples.inputs.columns.items()}
    return dataset, samples.inputs.values[rows]


def _restored(
    checkpoint: Checkpoint, candidate: Candidate, info: TaskInfo
) -> tuple[Network, nn.Sequential, TrainedState]:
    network = families.build(candidate.architecture, info.inputs, info.outputs)
    state = checkpoints.load(checkpoint)
    module = _modules.build(network, candidate.seed).eval()
    try:
        module.load_state_dict(state.named("network."))
    except RuntimeError as error:
        raise CheckpointError(
            f"the checkpoint {checkpoint.path!r} is of another network than {candidate.architecture.family} "
            f"for inputs {shaped(network.inputs)} and {network.outputs} outputs: did the task's samples change?"
        ) from error
    return network, module, state


def _versions() -> dict[str, str]:
    return {"nas": version(), "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}


def _changed(known: TaskInfo, now: TaskInfo) -> str:
    """Return what is different; inputs would be prepared otherwise than the weights were trained on."""
    sizes = ["/".join(map(str, info.samples)) for info in (known, now)]
    if sizes[0] != sizes[1]:
        difference = f"{sizes[0]} in train/validation/test then, {sizes[1]} now"
    elif known.inputs != now.inputs:
        difference = f"inputs of shape {shaped(known.inputs)} then, {shaped(now.inputs)} now"
    elif known.classes != now.classes:
        difference = f"the classes {', '.join(known.classes)} then, {', '.join(now.classes)} now"
    else:
        difference = "as many as then, with other values"
    return f"the samples of task {now.name} have changed since the search ({difference}); put the old ones back"


def in_batches(run: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the outputs of all samples, (samples, outputs), in batches of the same size wherever they are made."""
    with torch.inference_mode():
        return torch.cat([run(batch) for batch in torch.split(inputs, BATCH)])
