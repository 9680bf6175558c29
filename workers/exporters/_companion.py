"""Companion file of an exported network that is not Python: NumPy code between raw samples and its outputs."""

from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor

from workers.exporters import _parts
from workers.exporters._trained import Trained

NAME = "prepare.py"

DOCSTRING = '''"""What stands between raw samples and a network found for the task {task}: plain numpy.

    import onnxruntime
    from prepare import {answer}, prepare

    session = onnxruntime.InferenceSession("network.onnx")
    outputs = session.run(None, {{"inputs": prepare(samples)}})[0]
    print({answer}(outputs))

With network.pt2, outputs = torch.export.load("network.pt2").module()(torch.from_numpy(prepare(samples))).detach().
"""'''


def companion(trained: Trained) -> str:
    """Return the source of the companion: it is the same for all networks of a study."""
    info = trained.dataset.info
    answer = "labels" if info.kind == "classification" else "numbers"
    return _parts.put_together(
        DOCSTRING.format(task=info.name, answer=answer),
        _parts.constants(trained),
        *_parts.to_prepare(trained),
        _parts.to_answer(trained),
    )


def write_companion(trained: Trained, folder: Path) -> Path:
    """Write the companion to the folder of a network and return where."""
    path = folder / NAME
    path.write_text(companion(trained), "utf-8")
    return path


def prepared(path: Path, trained: Trained) -> Tensor:
    """Return the validation samples, from raw ones on, as the companion that was written prepares them."""
    module = ModuleType("prepare")
    exec(compile(path.read_text("utf-8"), str(path), "exec"), module.__dict__)
    return torch.from_numpy(module.prepare(trained.raw))
