"""A torch.export program (.pt2) for any batch size, its card inside and beside it: runs with torch alone, or from C++.

torch names the axes of a program by itself; which one is the batch says the card.
"""

import io
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from workers import file_store
from workers.errors import ExportError
from workers.exporters._card import metadata, write_card
from workers.exporters._companion import prepared, write_companion
from workers.exporters._trained import Trained, in_batches


class TorchExport:
    """The traced graph with its weights."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Trace the network and write program, card and companion."""
        path, content = folder / "network.pt2", io.BytesIO()
        torch.export.save(trace(trained.module, trained.inputs), content, extra_files=metadata(trained))
        file_store.write(str(path), content.getvalue())
        return [path, write_card(trained, path), write_companion(trained, folder)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Load the program and run it."""
        return in_batches(torch.export.load(paths[0]).module(), prepared(paths[2], trained))


def trace(module: nn.Module, inputs: Tensor) -> torch.export.ExportedProgram:
    """Return the program of a network whose batch may have any size."""
    example = inputs[:1].repeat_interleave(2, dim=0)
    try:
        with warnings.catch_warnings():  # torch warns of its own recurrent layers
            warnings.simplefilter("ignore")
            return torch.export.export(module, (example,), dynamic_shapes=({0: torch.export.Dim("batch", min=1)},))
    except Exception as error:  # torch raises many kinds, of its own and of Python's
        raise ExportError(f"torch.export cannot trace this network: {error}") from error
