"""Exporter protocol: write a trained network, and run what was written."""

from pathlib import Path
from typing import Protocol

from torch import Tensor

from workers.exporters._trained import Trained


class Exporter(Protocol):
    """One format; both calls may raise `ExportError`."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Write the network to a folder, the file that is the network first."""
        ...

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Reload what was written and return its outputs for the validation samples, (samples, outputs)."""
        ...
