"""Verified export: write beside the final place, reload, compare, and only then rename."""

import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from search_spaces.errors import NasError
from search_spaces.plain_text import shaped
from workers import file_store
from workers.errors import ExportError
from workers.exporters._exported import EXPORTERS, Exported
from workers.exporters._trained import Trained, in_batches
from workers.exporters.protocol import Exporter
from workers.metrics import measure
from workers.temporary_folders import Scratch

LONGEST = 300
"""Characters kept of what an error says."""
TOLERANCE = 1e-5
"""The largest allowed difference of an output, as `Exported.max_difference` says it."""


def write_verified(format: str, trained: Trained, folder: Path) -> Exported:
    """Export to a temporary folder, verify, then move the files to their places; on any error leave nothing."""
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Scratch(f".{format}-", folder)
    except OSError as error:
        raise ExportError(f"cannot write to {str(folder)!r}: {error.strerror or error}") from error
    try:
        exported = _write(format, trained, temporary.path, folder)
    except BaseException:
        temporary.close()
        if new:
            with suppress(OSError):
                folder.rmdir()
        raise
    temporary.close()
    return exported


def _write(format: str, trained: Trained, temporary: Path, folder: Path) -> Exported:
    try:
        exporter: Exporter = EXPORTERS.load(format)()
        paths = exporter.write(trained, temporary)
        outputs = exporter.outputs(paths, trained)
        difference, metrics = _compare(format, trained, outputs)
        hashes = tuple(file_store.digest(str(path)) for path in paths)
        for path in reversed(paths):  # the network last: where it is, what belongs to it is too
            os.replace(path, folder / path.name)
    except (OSError, RuntimeError, SafetensorError) as error:  # on a full disk torch raises RuntimeError
        raise ExportError(f"the {format} export cannot be written to {str(folder)!r}: {error}") from error
    except (NasError, KeyboardInterrupt, GeneratorExit, MemoryError):
        raise
    except BaseException as error:  # an exporter of another distribution may raise anything
        said = " ".join(str(error).split())[:LONGEST]
        raise ExportError(f"{EXPORTERS.whose(format)} failed: {type(error).__name__}: {said}") from error
    return Exported(
        format, tuple(str(folder / path.name) for path in paths), hashes, difference, metrics, trained.metrics
    )


def _compare(format: str, trained: Trained, outputs: Tensor) -> tuple[float, Mapping[str, float]]:
    """Return the largest difference and the metrics of the reloaded network; raise ExportError if it is another."""
    original = in_batches(trained.module, trained.inputs)
    if outputs.shape != original.shape:
        raise ExportError(
            f"the {format} export answers with shape {shaped(outputs.shape)}, not {shaped(original.shape)}"
        )
    difference = float((outputs - original).abs().max() / original.abs().max().clamp(min=1.0))
    if not difference < TOLERANCE:
        raise ExportError(f"the {format} export is not the network it was made from: outputs differ by {difference:g}")
    return difference, _compare_metrics(format, trained, original, outputs)


def _compare_metrics(format: str, trained: Trained, original: Tensor, outputs: Tensor) -> Mapping[str, float]:
    """Return the metrics of the reloaded network; outputs closer than the tolerance may tie, which moves ranks."""
    targets = torch.from_numpy(trained.dataset.validation.targets)
    expected, found = (measure(trained.dataset.info, made, targets) for made in (original, outputs))
    rounded, refound = (measure(trained.dataset.info, _round(made), targets) for made in (original, outputs))
    for name, value in expected.items():
        if not _same(value, found[name]) and not _same(rounded[name], refound[name]):
            raise ExportError(f"the {format} export measures {name} {found[name]:g}, the original {value:g}")
    return found


def _round(outputs: Tensor) -> Tensor:
    return (outputs / TOLERANCE).round() * TOLERANCE


def _same(first: float, second: float) -> bool:
    return (math.isnan(first) and math.isnan(second)) or math.isclose(first, second, rel_tol=1e-4, abs_tol=1e-6)
