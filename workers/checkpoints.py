"""Checkpoints: one candidate in one file, saved atomically, loaded only if it is whole. No pickle anywhere."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from torch import Tensor

from workers import file_store
from workers.errors import CheckpointError
from workers.messages import Checkpoint

FORMAT = 1

DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64", torch.int32: "I32", torch.bool: "BOOL"}
"""What a state's tensors may be of, by the names of the safetensors format."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedState:
    """Everything a candidate needs to go on training, on the CPU, whatever engine wrote it.

    Tensors are named `network.<parameter or buffer>` and `optimizer.<parameter>.<state>`.
    """

    tensors: Mapping[str, Tensor]
    fingerprint: str
    """Of the network the tensors belong to."""
    epoch: int
    step: int
    batch_size: int
    metrics: Mapping[str, float]
    """What was measured after the last epoch."""

    def named(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors under a prefix, without it."""
        return {name.removeprefix(prefix): value for name, value in self.tensors.items() if name.startswith(prefix)}


def save(folder: str, name: str, state: TrainedState) -> Checkpoint:
    """Write a candidate to a file that is there in whole or not at all; raise `OSError` where the disk does.

    Part of the content's hash is in the file's name: whoever writes that name writes those bytes, so that no late
    writer, nor one that trains the same epoch again otherwise, can alter a checkpoint that is on record.
    """
    content = _serialise(state)
    sha256 = hash_of(content)
    place = f"{folder}/{name}-{sha256[:8]}.safetensors"
    file_store.write(place, content)
    return Checkpoint(place, sha256, len(content), state.epoch)


def load(checkpoint: Checkpoint) -> TrainedState:
    """Read a candidate back; raise `CheckpointError` if the file is missing, torn or altered."""
    try:
        content = file_store.read(checkpoint.path)
    except OSError as error:
        raise CheckpointError(
            f"the checkpoint {checkpoint.path!r} cannot be read: {error.strerror or error}"
        ) from error
    if hash_of(content) != checkpoint.sha256:
        raise CheckpointError(
            f"the checkpoint {checkpoint.path!r} is torn or altered: its sha256 is not the recorded one"
        )
    return _parse(content, checkpoint.path)


def file_name(stage: str, number: int, attempt: int, epoch: int, seed: int) -> str:
    """Name a checkpoint so that no other life of a trial, however late it writes, has the same name."""
    return f"{stage}-{number:06d}-attempt-{attempt}-epoch-{epoch:04d}-seed-{seed & 0xFFFFFFFF:08x}"


def hash_of(content: bytes | bytearray) -> str:
    """Return the sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _describe(state: TrainedState) -> dict[str, str]:
    described = {
        "format": FORMAT,
        "fingerprint": state.fingerprint,
        "epoch": state.epoch,
        "step": state.step,
        "batch_size": state.batch_size,
        "metrics": dict(state.metrics),
    }
    return {"nas": json.dumps(described)}


def _serialise(state: TrainedState) -> bytearray:
    """Lay a state out as a safetensors file, with one copy of it.

    The format's own library makes three and, where memory runs out, ends the process: a Python error is wanted.
    """
    header: dict[str, object] = {"__metadata__": _describe(state)}
    tensors = sorted(state.tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))  # each aligned
    end = 0
    for name, value in tensors:
        begin, end = end, end + value.numel() * value.element_size()
        header[name] = {"dtype": DTYPES[value.dtype], "shape": list(value.shape), "data_offsets": [begin, end]}
    described = json.dumps(header, separators=(",", ":")).encode()
    described += b" " * (-len(described) % 8)
    content = bytearray(8 + len(described) + end)
    content[: 8 + len(described)] = len(described).to_bytes(8, "little") + described
    at = 8 + len(described)
    for _, value in tensors:
        if count := value.numel():
            torch.frombuffer(content, dtype=value.dtype, count=count, offset=at).view(value.shape).copy_(value)
        at += count * value.element_size()
    return content


def _parse(content: bytes, path: str) -> TrainedState:
    bytearray(2 * len(content))  # what the library takes: if it is not there, this is the better place to fail
    try:
        length = int.from_bytes(content[:8], "little")
        described = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["nas"])
        tensors = parse(content)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"the file {path!r} is not a checkpoint: {error}") from error
    if described.pop("format", None) != FORMAT:
        raise CheckpointError(f"the checkpoint {path!r} is of another format than {FORMAT}")
    return TrainedState(tensors, **described)
