"""The parts of source that an exported network and the companion of a traced one share: preparing and answering."""

import ast
import inspect
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from workers.datasets import transforms
from workers.exporters import _raw
from workers.exporters._literals import literal
from workers.exporters._trained import Trained
from workers.tables import cells, reader

IMPORTS: Mapping[str, str] = {
    **dict.fromkeys(("bz2", "csv", "gzip", "io", "lzma", "math", "re", "sys", "warnings", "zlib"), ""),
    "Counter": "collections",
    **dict.fromkeys(("Callable", "Collection", "Iterable", "Iterator", "Mapping", "Sequence"), "collections.abc"),
    **dict.fromkeys(("UTC", "datetime"), "datetime"),
    "Path": "pathlib",
    **dict.fromkeys(("Any", "Literal"), "typing"),
}
"""Where each name of the standard library comes from that source may use; modules come from nowhere."""
THIRD_PARTY: Mapping[str, str] = {"load_file": "safetensors.torch", "Tensor": "torch", "nn": "torch"}
MODULES: Mapping[str, str] = {"np": "import numpy as np", "torch": "import torch"}
"""The same of the packages that an export needs."""
ALIASES: Mapping[str, str] = {"Settings": "Mapping[str, Any]", "Floats": "np.ndarray"}
"""Names of types that the functions which are carried along use."""


def _functions_of(*modules: ModuleType) -> list[Callable[..., Any]]:
    """List the functions that modules define, in their order: source that stands on its own."""
    return [
        function
        for module in modules
        for function in vars(module).values()
        if isinstance(function, FunctionType) and function.__module__ == module.__name__
    ]


_OF_ARRAYS: list[Callable[..., Any]] = [_raw.array_of, transforms.prepare_array]
ARRAY = [*_OF_ARRAYS, transforms.bent]
TABLE = [function for function in _functions_of(_raw, transforms, cells) if function not in _OF_ARRAYS]
"""What preparing raw samples takes, by the kind of samples."""
READER = _functions_of(reader)

PREPARE_ARRAY = '''SHAPE = {shape}
PREPROCESSING: Settings = {settings}


def prepare(samples: Any) -> Floats:
    """Return what the network takes, (samples, {inputs}), for raw samples, (samples, *SHAPE)."""
    return prepare_array(array_of(samples, SHAPE, PREPROCESSING), PREPROCESSING)
'''

PREPARE_TABLE = '''PREPROCESSING: Settings = {settings}


def prepare(samples: Any) -> Floats:
    """Return what the network takes, (samples, {inputs}), for a frame, columns by name, rows, or one row by name."""
    return prepare_table(table_of(samples, PREPROCESSING), PREPROCESSING)
'''

LABELS = '''def labels(outputs: Floats) -> np.ndarray:
    """Return the class of each row of outputs, one of CLASSES."""
    return np.array(CLASSES)[np.asarray(outputs).argmax(axis=1)]


def probabilities(outputs: Floats) -> Floats:
    """Return the softmax of each row of outputs: the probabilities of CLASSES, in their order."""
    outputs = np.asarray(outputs, np.float64)
    odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
'''

NUMBERS = '''def numbers(outputs: Floats) -> Floats:
    """Return what rows of outputs, which are standardised, predict in the unit of the targets: {shape}."""
    return {expression}
'''


def constants(trained: Trained) -> str:
    """Write what outputs stand for: the classes, with other names if they have any, or the unit of the targets."""
    dataset = trained.dataset
    if dataset.info.kind == "regression":
        scaling = dataset.preprocessing
        return f"OFFSET, SCALE = {list(scaling.target_offset)}, {list(scaling.target_scale)}\n"
    written = [f"CLASSES = {literal(list(dataset.labels))}"]
    if names(trained) == "NAMES":
        written.append(f"NAMES = {literal(list(dataset.info.classes))}")
    return "\n".join(written) + "\n"


def names(trained: Trained) -> str:
    """Return which constant holds the classes as text: the labels themselves may be numbers that have names."""
    dataset = trained.dataset
    return "CLASSES" if tuple(map(str, dataset.labels)) == dataset.info.classes else "NAMES"


def to_prepare(trained: Trained) -> list[str]:
    """Write the function `prepare` and what it takes."""
    table, settings = is_table(trained), literal(dict(trained.dataset.preprocessing.inputs))
    inputs = ", ".join(map(str, trained.network.inputs))
    if table:
        head = PREPARE_TABLE.format(settings=settings, inputs=inputs)
    else:
        head = PREPARE_ARRAY.format(shape=tuple(trained.raw.shape[1:]), settings=settings, inputs=inputs)
    return [head, *(inspect.getsource(function) for function in (TABLE if table else ARRAY))]


def to_answer(trained: Trained) -> str:
    """Write what makes predictions of outputs."""
    if trained.dataset.info.kind == "classification":
        return LABELS
    several = is_two_dimensional(trained)
    expression = "np.asarray(outputs) * np.array(SCALE) + np.array(OFFSET)"
    return NUMBERS.format(
        shape=f"(samples, {trained.network.outputs})" if several else "(samples,)",
        expression=expression if several else f"({expression})[:, 0]",
    )


def is_table(trained: Trained) -> bool:
    """Return whether samples are rows of a table."""
    return trained.dataset.preprocessing.kind == "table"


def is_two_dimensional(trained: Trained) -> bool:
    """Return whether the numbers to predict came as (samples, outputs)."""
    return trained.network.outputs > 1 or trained.dataset.target_axes == 2


def put_together(docstring: str, *parts: str) -> str:
    """Return source: the docstring, the imports and names of types that the parts use, and the parts."""
    body = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    gap = "\n\n\n" if body.startswith(("class ", "def ")) else "\n\n"
    aliases = "\n".join(f"{name} = {meaning}" for name, meaning in ALIASES.items() if name in _used(body))
    head = [
        docstring.strip("\n"),
        "from __future__ import annotations",
        *_imports(_used(f"{aliases}\n{body}")),
        aliases,
    ]
    return "\n\n".join(part for part in head if part) + gap + body


def _used(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _imports(used: set[str]) -> list[str]:
    """Write the import statements of what is used: those of the standard library, then the others."""
    standard = [
        *(f"import {name}" for name, home in IMPORTS.items() if not home and name in used),
        *_froms(IMPORTS, used),
    ]
    packages = [*(line for name, line in MODULES.items() if name in used), *_froms(THIRD_PARTY, used)]
    return ["\n".join(standard), "\n".join(packages)]


def _froms(homes: Mapping[str, str], used: set[str]) -> list[str]:
    """Write a line for each module that names are imported from."""
    found = {home: [name for name in homes if homes[name] == home and name in used] for home in homes.values() if home}
    return [f"from {home} import {', '.join(names)}" for home, names in found.items() if names]
