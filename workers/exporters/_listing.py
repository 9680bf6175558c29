"""The text of a network's standalone source, put together from its layers' own source."""

import inspect
import textwrap
from collections.abc import Iterator, Sequence
from pprint import pformat
from types import FunctionType
from typing import Literal

from torch import nn

from search_spaces.network import Op
from search_spaces.ops.residual import Residual
from workers import cells, preparing, table_reader
from workers.exporters._trained import Trained
from workers.layers.protocol import layer_of
from workers.messages import Shape

HEAD = '''"""{title}

Plain torch and numpy; the weights are in {weights} beside this file. Use it from Python,

    network = load()
    print(predict(network, samples))

or from a terminal: python network.py {argument}
"""

from __future__ import annotations

import {imports}
from collections.abc import {abstract}
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import {torch}

Settings = Mapping[str, Any]
Floats = np.ndarray

WEIGHTS = Path(__file__).with_name({weights!r})

PREPROCESSING: Settings = {settings}
'''

TABLE_IMPORTS = """bz2
import csv
import gzip
import io
import lzma
import math
import re
import sys
import zlib
from collections import Counter
from datetime import UTC, datetime"""
"""What the reader of tables needs, behind the first `import`."""

NETWORK = '''class Network(nn.Sequential):
    """{family}: {parameters:,} parameters, (batch, {inputs}) to (batch, {outputs})."""

    def __init__(self) -> None:
        super().__init__(
{layers}
        )


def load(path: str | Path = WEIGHTS) -> Network:
    """Return the trained network, ready to predict."""
    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval()


def run(network: Network, samples: Any) -> np.ndarray:
    """Return the outputs for raw samples: {samples}."""
    with torch.inference_mode():
        return network(torch.from_numpy({prepare}(samples, PREPROCESSING))).numpy()
'''

CLASSIFY = '''CLASSES = {classes}


def predict(network: Network, samples: Any) -> list[str]:
    """Return the class of each raw sample."""
    return [CLASSES[number] for number in run(network, samples).argmax(axis=1)]
'''

REGRESS = '''OFFSET, SCALE = {offset}, {scale}


def predict(network: Network, samples: Any) -> np.ndarray:
    """Return the predicted numbers for each raw sample, in the unit of the targets."""
    return run(network, samples) * np.array(SCALE) + np.array(OFFSET)
'''

MAIN_ARRAY = """if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} samples.npy")
    for prediction in predict(load(), np.load(sys.argv[1], allow_pickle=False)):
        print(prediction)
"""

MAIN_TABLE = """if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} samples.csv")
    try:
        table = read_table(sys.argv[1], PREPROCESSING["reading"])[0]
        predictions = predict(load(), table)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    for prediction in predictions:
        print(prediction)
"""


def listing(trained: Trained) -> str:
    """Return the source of a trained network, from imports to `__main__`."""
    table = trained.dataset.preprocessing.kind == "table"
    prepare = preparing.prepare_table if table else preparing.prepare_array
    parts = [
        _head(trained, table=table),
        *(inspect.getsource(function) for function in preparing_functions("table" if table else "array")),
        *(inspect.getsource(module) for module in _modules(trained)),
        _network(trained, prepare.__name__, table=table),
        _predict(trained),
        MAIN_TABLE if table else MAIN_ARRAY,
    ]
    return "\n\n".join(part.strip("\n") + "\n" for part in parts)


def preparing_functions(kind: Literal["array", "table"]) -> list[FunctionType]:
    """List the functions that read and prepare samples, as the search did: they stand on their own."""
    if kind == "array":
        return [preparing.prepare_array, preparing.bent]  # type: ignore[list-item]
    return [
        function
        for module in (table_reader, cells, preparing)
        for function in vars(module).values()
        if isinstance(function, FunctionType)
        and function.__module__ == module.__name__
        and function is not preparing.prepare_array
    ]


def _head(trained: Trained, *, table: bool) -> str:
    info = trained.dataset.info
    return HEAD.format(
        title=f"A network found for the task {info.name}, trained for {trained.epoch} epochs.",
        weights="network.safetensors",
        argument="samples.csv" if table else "samples.npy",
        imports=TABLE_IMPORTS if table else "sys",
        abstract="Iterator, Mapping, Sequence" if table else "Mapping",
        torch="Tensor, nn" if _modules(trained) else "nn",
        settings=_value(dict(trained.dataset.preprocessing.inputs)),
    )


def _network(trained: Trained, prepare: str, *, table: bool) -> str:
    network = trained.network
    shape = ", ".join(map(str, trained.raw.shape[1:])) if not table else ""
    return NETWORK.format(
        family=trained.candidate.architecture.family,
        parameters=network.parameters,
        inputs=", ".join(map(str, network.inputs)),
        outputs=network.outputs,
        layers="\n".join(_layers(network.ops, network.inputs)),
        samples="a table, as the cells of each column by its name" if table else f"an array (samples, {shape})",
        prepare=prepare,
    )


def _layers(ops: Sequence[Op], shape: Shape) -> Iterator[str]:
    """Write a layer a line, with the shape that comes out of it."""
    for op in ops:
        expression = layer_of(op).source(op, shape)
        shape = op.output(shape)
        yield f"            {expression},  # {' × '.join(map(str, shape))}"


def _modules(trained: Trained) -> list[type[nn.Module]]:
    """List the module classes of ours that the layers name, each once."""
    found = [module for op in _walk(trained.network.ops) for module in layer_of(op).modules]
    used = {type(module) for module in trained.module.modules()}
    return [module for module in dict.fromkeys(found) if module in used]


def _walk(ops: Sequence[Op]) -> Iterator[Op]:
    for op in ops:
        yield op
        if isinstance(op, Residual):
            yield from _walk((*op.body, *op.shortcut))


def _predict(trained: Trained) -> str:
    info = trained.dataset.info
    if info.kind == "classification":
        return CLASSIFY.format(classes=_value(list(info.classes)))
    targets = trained.dataset.preprocessing
    return REGRESS.format(offset=list(targets.target_offset), scale=list(targets.target_scale))


def _value(value: object) -> str:
    """Write a literal over as many lines as it needs."""
    return textwrap.dedent(pformat(value, width=116, compact=True, sort_dicts=False))
