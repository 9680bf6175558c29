"""One candidate in training: its module, optimizer and schedule, as plain torch on one device."""

from functools import partial
from inspect import unwrap

import torch
from torch import Tensor

from workers import optimizers, schedules
from workers.cancellation import NEVER, Flag
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch
from workers.engines.flat_weights import Weights
from workers.engines.protocol import Member
from workers.engines.torch_startup import spare_the_compiler
from workers.errors import CheckpointError
from workers.layers._modules import build, dropouts
from workers.losses import Loss, make_loss
from workers.messages import TaskInfo

EVALUATION_BYTES = 64 << 20
"""Activations of a batch while measuring."""


class Training:
    """Counts its own steps; nothing in it is shared with another candidate."""

    def __init__(self, member: Member, info: TaskInfo, *, steps: int, device: str) -> None:
        recipe = member.candidate.recipe
        self.member, self.recipe = member, recipe
        self.steps = steps
        self.step, self.epochs = 0, 0
        self.module = build(member.network, member.candidate.seed).to(device)
        self.dropouts = dropouts(self.module)
        for dropout in self.dropouts:
            dropout.place(device)
        self.weights = Weights(self.module)
        spare_the_compiler()
        described = optimizers.make(recipe.optimizer)
        self.lr = described.lr
        self.optimizer = described.build([self.weights.flat], weight_decay=recipe.weight_decay)
        self._update = partial(unwrap(type(self.optimizer).step), self.optimizer)  # without hooks: an eighth of a step
        self.schedule = schedules.make(recipe.schedule)
        self.loss: Loss = make_loss(info.loss, recipe.label_smoothing)

    def epoch(self, epoch: Epoch, ended: Flag = NEVER) -> float | None:
        """Train on every batch once; return the mean loss over the samples, None where it was ended before."""
        self.module.train()
        total = torch.zeros((), dtype=torch.float64, device=epoch.samples.targets.device)
        seen = 0
        for inputs, targets in epoch.batches(self.member.batch_size):
            if ended.value:
                return None
            total.add_(self._train(inputs, targets), alpha=len(targets))
            seen += len(targets)
        self.epochs += 1
        return float(total) / seen  # the one synchronisation with the device in an epoch

    def outputs(self, inputs: Tensor, ended: Flag = NEVER) -> Tensor | None:
        """Return what the network says of these inputs, in a few big batches; None where it was ended before."""
        size = max(64, EVALUATION_BYTES // max(1, self.member.network.memory))
        self.module.eval()
        found: list[Tensor] = []
        with torch.inference_mode():
            for batch in torch.split(inputs, size):
                if ended.value:
                    return None
                found.append(self.module(batch))
            return torch.cat(found)

    def export(self) -> TrainedState:
        """Return a copy of everything that training goes on from."""
        tensors = self.weights.export(self.optimizer)
        fingerprint = self.member.network.fingerprint
        return TrainedState(tensors, fingerprint, self.epochs, self.step, self.member.batch_size, {})

    def restore(self, state: TrainedState) -> None:
        """Go on from a state; raise `CheckpointError` if it is of another network."""
        if state.fingerprint != self.member.network.fingerprint:
            raise CheckpointError(f"the checkpoint is of another network ({state.fingerprint[:12]})")
        self.weights.restore(self.optimizer, state)
        self.step, self.epochs = state.step, state.epoch

    def _train(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Take one step; nothing here waits for the device."""
        for dropout in self.dropouts:
            dropout.begin(self.step)
        self.weights.gradient.zero_()
        loss = self.loss(self.module(inputs), targets)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.gradient_clipping:
            self.weights.clip(self.recipe.gradient_clipping)
        factor = schedules.factor_at(self.schedule, warmup=self.recipe.warmup, step=self.step, steps=self.steps)
        self.optimizer.param_groups[0]["lr"] = self.lr * factor
        with torch.no_grad():
            self._update()
        self.step += 1
        return loss.detach()
