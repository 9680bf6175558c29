"""Profile of a network on a device: the time of a forward pass, and the peak memory of training it.

Parameters and FLOPs need no device: they come from `Network`.
"""

import statistics
import time
from dataclasses import dataclass

import torch
from torch import nn

from search_spaces.network import Network
from workers.devices import one_thread, peak_resident
from workers.layers._modules import build

BATCHES = (1, 64)
TIMES = 20


@dataclass(frozen=True, slots=True)
class Profile:
    """Seconds of a forward pass by batch size (the median of several), and bytes at the peak."""

    latency: dict[int, float]
    peak_memory: int
    """Of the device while passing the largest batch; on a CPU, of the whole process so far."""


def profile(network: Network, *, device: str = "cpu") -> Profile:
    """Measure a network that is not training."""
    module = build(network, seed=0).to(device).eval()
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
    with one_thread(), torch.inference_mode():
        latency = {batch: _median_seconds(module, network, batch, device) for batch in BATCHES}
    return Profile(latency, _peak_memory(device))


def _median_seconds(module: nn.Module, network: Network, batch: int, device: str) -> float:
    inputs = torch.zeros(batch, *network.inputs, device=device)
    module(inputs)  # the first pass allocates
    return statistics.median(_seconds(module, inputs) for _ in range(TIMES))


def _seconds(module: nn.Module, inputs: torch.Tensor) -> float:
    _wait(inputs.device)
    begin = time.perf_counter()
    module(inputs)
    _wait(inputs.device)
    return time.perf_counter() - begin


def _wait(device: torch.device) -> None:
    """Synchronise: a pass on an accelerator ends after its call returns."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_memory(device: str) -> int:
    if device != "cpu":
        return torch.cuda.max_memory_allocated(device)
    return peak_resident()
