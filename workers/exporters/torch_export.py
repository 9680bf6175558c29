"""A torch.export program (.pt2) for any batch size, with a JSON card: runs with torch alone, also from C++."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from workers.errors import ExportError
from workers.exporters._card import write_card
from workers.exporters._trained import Trained, in_batches


class TorchExport:
    """The traced graph with its weights."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Trace the network and write program and card."""
        path = folder / "network.pt2"
        torch.export.save(trace(trained.module, trained.inputs), path)
        return [path, write_card(trained, path)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Load the program and run it."""
        return in_batches(torch.export.load(paths[0]).module(), trained.inputs)


def trace(module: nn.Module, inputs: Tensor) -> torch.export.ExportedProgram:
    """Return the program of a network whose batch may have any size."""
    example = inputs[:1].repeat_interleave(2, dim=0)
    try:
        with warnings.catch_warnings():  # torch warns of its own recurrent layers
            warnings.simplefilter("ignore")
            return torch.export.export(module, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    except Exception as error:  # torch raises many kinds, of its own and of Python's
        raise ExportError(f"torch.export cannot trace this network: {error}") from error
