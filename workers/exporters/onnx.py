"""An ONNX file for any batch size, with a JSON card: runs wherever there is an ONNX runtime."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import torch
from torch import Tensor

from workers.errors import ExportError
from workers.exporters._card import write_card
from workers.exporters._trained import Trained, in_batches
from workers.exporters.torch_export import trace


class Onnx:
    """One file, weights included; input "inputs", output "outputs"."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Trace the network, translate it, and write it with its card."""
        _require_extra()
        path = folder / "network.onnx"
        program = trace(trained.module, trained.inputs)
        with _silence():
            try:
                torch.onnx.export(
                    program,
                    (),
                    path,
                    input_names=["inputs"],
                    output_names=["outputs"],
                    dynamo=True,
                    external_data=False,
                )
            except torch.onnx.OnnxExporterError as error:
                raise ExportError(f"this network cannot be written as ONNX: {error}") from error
        return [path, write_card(trained, path)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Run the file with onnxruntime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(paths[0]), options, providers=["CPUExecutionProvider"])
        return in_batches(
            lambda batch: torch.from_numpy(session.run(None, {"inputs": batch.numpy()})[0]), trained.inputs
        )


def _require_extra() -> None:
    try:
        import onnx  # noqa: F401 # all three are needed, none of them here
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(f"the onnx format needs {error.name}: pip install 'nas[onnx]'") from error


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporter's narration from the terminal, which is the command's own."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
