"""An ONNX file for any batch size, with its card inside and beside it: runs wherever there is an ONNX runtime."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workers import file_store
from workers.errors import ExportError
from workers.exporters._card import metadata, write_card
from workers.exporters._companion import prepared, write_companion
from workers.exporters._trained import Trained, in_batches
from workers.exporters.torch_export import trace


class Onnx:
    """One file, weights included; input "inputs", output "outputs", both with "batch" as their first axis."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Trace the network, translate it, and write it with its card and companion."""
        _require_extra()
        path = folder / "network.onnx"
        model = _translated(trace(trained.module, trained.inputs))
        _name_batch(model.graph)
        model.producer_name, model.producer_version = "nas", trained.card()["versions"]["nas"]
        for key, text in metadata(trained).items():
            model.metadata_props.add(key=key, value=text)
        file_store.write(str(path), model.SerializeToString())
        return [path, write_card(trained, path), write_companion(trained, folder)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Run the file with onnxruntime."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(paths[0]), options, providers=["CPUExecutionProvider"])
        return in_batches(
            lambda batch: torch.from_numpy(session.run(None, {"inputs": batch.numpy()})[0]),
            prepared(paths[2], trained),
        )


def _translated(program: torch.export.ExportedProgram) -> Any:
    """Return a program as an ONNX model."""
    with _silence():
        try:
            found = torch.onnx.export(
                program, (), input_names=["inputs"], output_names=["outputs"], dynamo=True, external_data=False
            )
        except torch.onnx.OnnxExporterError as error:
            raise ExportError(f"this network cannot be written as ONNX: {error}") from error
    assert found is not None
    return found.model_proto


def _name_batch(graph: Any) -> None:
    """Call the axis that is free "batch", which torch calls s31 or the like, wherever it occurs."""
    free = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.value_info, *graph.output):
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_param == free:
                axis.dim_param = "batch"


def _require_extra() -> None:
    try:
        import onnx  # noqa: F401 # all three are needed, none of them here
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ExportError(f"the onnx format needs {error.name}: pip install 'nas-service[onnx]'") from error


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
