"""All parameters of a module as one flat tensor: one optimizer step, one gradient norm, one zeroing for all of them.

Optimizers here work element by element, so a flat tensor gives what one tensor per parameter gives, in a half to
two thirds of the time for the optimizers that torch has not fused.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn, optim

from workers.checkpoints import TrainedState


class Weights:
    """Owns the memory of a module's parameters and of their gradients."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.parameters = dict(module.named_parameters())
        self.flat = nn.Parameter(torch.cat([value.detach().reshape(-1) for value in self.parameters.values()]))
        self.gradient = torch.zeros_like(self.flat)
        self.flat.grad = self.gradient
        values, gradients = self._cut(self.flat.detach()), self._cut(self.gradient)
        for name, parameter in self.parameters.items():
            parameter.data, parameter.grad = values[name], gradients[name]

    def clip(self, largest: float) -> None:
        """Shrink the gradient to a norm of at most `largest`, as torch's clip_grad_norm_ does."""
        self.gradient.mul_((largest / (self.gradient.norm() + 1e-6)).clamp_(max=1.0))

    def export(self, optimizer: optim.Optimizer) -> dict[str, Tensor]:
        """Copy parameters, buffers and the optimizer's state to the CPU, under their names in a checkpoint."""
        tensors = {f"network.{name}": value for name, value in self.module.state_dict().items()}
        for key, value in optimizer.state.get(self.flat, {}).items():
            if isinstance(value, Tensor):
                parts = self._cut(value) if value.ndim else dict.fromkeys(self.parameters, value)
                tensors |= {f"optimizer.{name}.{key}": part for name, part in parts.items()}
        return {name: value.detach().cpu().clone() for name, value in tensors.items()}

    def restore(self, optimizer: optim.Optimizer, state: TrainedState) -> None:
        """Copy parameters, buffers and the optimizer's state back."""
        self.module.load_state_dict(state.named("network."))
        first, kept = next(iter(self.parameters)), state.named("optimizer.")
        keys = [name.removeprefix(f"{first}.") for name in kept if name.startswith(f"{first}.")]
        joined = {key: self._join(kept, key) for key in keys}
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": {0: joined} if joined else {}, "param_groups": groups})

    def _join(self, kept: Mapping[str, Tensor], key: str) -> Tensor:
        parts = [kept[f"{name}.{key}"] for name in self.parameters]
        return torch.cat([part.reshape(-1) for part in parts]) if parts[0].ndim else parts[0]

    def _cut(self, flat: Tensor) -> dict[str, Tensor]:
        """Return views of a flat tensor in the shapes of the parameters."""
        sizes = [parameter.numel() for parameter in self.parameters.values()]
        pieces = zip(self.parameters.items(), torch.split(flat, sizes), strict=True)
        return {name: piece.view(parameter.shape) for (name, parameter), piece in pieces}
