"""Networks as torch modules, initialised from a candidate's seed alone."""

import torch
from torch import nn

from search_spaces.network import Network
from workers.layers.dropout import StreamDropout
from workers.layers.residual import sequence
from workers.seeds import mix

WEIGHTS, DROPOUT = 1, 2
"""Which of a candidate's streams a seed is for."""


def build(network: Network, seed: int) -> nn.Sequential:
    """Return the module of a network on the CPU; its parameters are named such as `3.body.0.weight`."""
    generator = torch.Generator().manual_seed(mix(seed, WEIGHTS))
    with torch.random.fork_rng(devices=[]):  # torch's own constructors draw weights too, from the global generator
        module = sequence(network.ops, network.inputs, generator)
    for layer, dropout in enumerate(dropouts(module)):
        dropout.key = mix(seed, DROPOUT, layer)
    return module


def dropouts(module: nn.Module) -> list[StreamDropout]:
    """Return the dropouts of a module, in order."""
    return [part for part in module.modules() if isinstance(part, StreamDropout)]
