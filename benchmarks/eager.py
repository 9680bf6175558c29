"""Two ways in which people train one network with torch: the loop that everybody writes, and the best eager one."""

import time
from collections.abc import Callable, Iterator
from inspect import signature

import torch
from torch import Tensor, nn, optim
from torch.utils.data import DataLoader, TensorDataset

from search_spaces.candidate import Named
from search_spaces.network import Network
from workers import optimizers
from workers.layers._modules import build

Step = Callable[[], None]


def data_loader_loop(network: Network, optimizer: Named, inputs: Tensor, targets: Tensor, batch: int) -> Step:
    """Return one step of DataLoader + Module + torch.optim, as in every tutorial."""
    module, measure = build(network, 0), nn.CrossEntropyLoss()
    stepper = plain(optimizer, module)
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=batch, shuffle=True, drop_last=True)
    batches = forever(loader)

    def step() -> None:
        images, labels = next(batches)
        stepper.zero_grad()
        loss = measure(module(images), labels)
        loss.backward()
        stepper.step()
        loss.item()

    return step


def careful_loop(network: Network, optimizer: Named, inputs: Tensor, targets: Tensor, batch: int) -> Step:
    """Return one step of the best eager loop: samples in memory, fused optimizer, channels last, no waiting."""
    module = build(network, 0)
    if inputs.ndim == 4:
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        inputs = inputs.to(memory_format=torch.channels_last)
    stepper = optimizers.make(optimizer).build(list(module.parameters()), weight_decay=0.0)  # fused where torch can
    batches = in_memory(inputs, targets, batch)

    def step() -> None:
        images, labels = next(batches)
        loss = nn.functional.cross_entropy(module(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        stepper.step()
        stepper.zero_grad(set_to_none=True)

    return step


def plain(optimizer: Named, module: nn.Module) -> optim.Optimizer:
    """Return torch's optimizer as people make it: without asking for a fused form."""
    made = optimizers.make(optimizer).build(list(module.parameters()), weight_decay=0.0)
    known = signature(type(made)).parameters.keys() - {"fused", "foreach"}
    return type(made)(module.parameters(), **{key: made.defaults[key] for key in known & made.defaults.keys()})


def forever(loader: DataLoader[tuple[Tensor, ...]]) -> Iterator[tuple[Tensor, ...]]:
    """Go through a loader again and again."""
    while True:
        yield from loader


def in_memory(inputs: Tensor, targets: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffle whole tensors once an epoch and cut them."""
    while True:
        order = torch.randperm(len(inputs))
        shuffled, labels = inputs[order], targets[order]
        for start in range(0, len(inputs) - batch + 1, batch):
            yield shuffled[start : start + batch], labels[start : start + batch]


def seconds_of(step: Step, budget: float) -> float:
    """Return the seconds of one step, the mean over as many as fit into the budget."""
    for _ in range(3):
        step()
    count, begin = 0, time.thread_time()
    while (spent := time.thread_time() - begin) < budget or count < 3:
        step()
        count += 1
    return spent / count
