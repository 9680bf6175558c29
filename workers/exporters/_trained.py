"""A trained candidate with everything an export tells of it: weights, samples to compare on, and its card."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from search_spaces import families
from search_spaces.candidate import Candidate
from search_spaces.network import Network
from workers import checkpoints, modules
from workers.dataset import Dataset, prepare, read
from workers.errors import CheckpointError, TaskError
from workers.messages import Checkpoint, TaskInfo, TaskSpec
from workers.splits import divide
from workers.tasks.protocol import TableInputs

BATCH = 512


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A candidate restored from its checkpoint, on the CPU, ready to predict."""

    candidate: Candidate
    network: Network
    module: nn.Sequential
    dataset: Dataset
    raw: Any
    """The validation samples before they were prepared: an array, or columns of cells by name."""
    epoch: int
    metrics: dict[str, float]
    """What the checkpoint recorded; of the test split if this is the final stage's."""

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
            "epochs": self.epoch,
            "metrics": self.metrics,
            "task": {"name": info.name, "kind": info.kind, "loss": info.loss, "sha256": info.sha256},
            "classes": list(info.classes),
            "preprocessing": self.dataset.preprocessing.to_json(),
            "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        }


def restore(checkpoint: Checkpoint, candidate: Candidate, task: TaskSpec, known: TaskInfo | None = None) -> Trained:
    """Bring a candidate back from its checkpoint, with the samples of its task.

    Raises:
        CheckpointError: the file is missing, altered, or holds another network.
        TaskError: the samples cannot be used, or are not those of the task as it is `known`.
    """
    samples = read(task)
    dataset = prepare(samples, task)
    if known is not None and dataset.info.sha256 != known.sha256:
        raise TaskError(_changed(known, dataset.info))
    network = families.build(candidate.architecture, dataset.info.inputs, dataset.info.outputs)
    state = checkpoints.load(checkpoint)
    module = modules.build(network, candidate.seed).eval()
    try:
        module.load_state_dict(state.named("network."))
    except RuntimeError as error:
        raise CheckpointError(
            f"the checkpoint {checkpoint.path!r} is of another network than {candidate.architecture.family} "
            f"for inputs {network.inputs} and {network.outputs} outputs: did the task's samples change?"
        ) from error
    rows = divide(samples, task.split).validation
    inputs = samples.inputs
    raw: Any
    if isinstance(inputs, TableInputs):
        raw = {name: [cells[row] for row in rows] for name, cells in inputs.columns.items()}
    else:
        raw = inputs.values[rows]
    return Trained(candidate, network, module, dataset, raw, state.epoch, dict(state.metrics))


def _changed(known: TaskInfo, now: TaskInfo) -> str:
    """Say what is different; inputs would be prepared otherwise than the weights were trained on."""
    sizes = ["/".join(map(str, info.samples)) for info in (known, now)]
    if sizes[0] != sizes[1]:
        difference = f"{sizes[0]} in train/validation/test then, {sizes[1]} now"
    elif known.inputs != now.inputs:
        difference = f"inputs of shape {known.inputs} then, {now.inputs} now"
    elif known.classes != now.classes:
        difference = f"the classes {', '.join(known.classes)} then, {', '.join(now.classes)} now"
    else:
        difference = "as many as then, with other values"
    return f"the samples of task {now.name} have changed since the search ({difference}); put the old ones back"


def in_batches(run: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the outputs of all samples, (samples, outputs), in batches of the same size wherever they are made."""
    with torch.inference_mode():
        return torch.cat([run(batch) for batch in torch.split(inputs, BATCH)])
