"""What a user may want to know before a study runs: files that are not shared, GPUs that stay idle."""

import os
import statistics
from collections.abc import Sequence

from nas import executors
from nas.artifacts.folder_checks import unshared
from nas.config import StudyConfig
from nas.trials import Trial

_CORE = 1e11
"""Operations a second of a core, about, in a network large enough for a GPU to matter."""
_GPU = 2e-3
"""Seconds of a training step on a GPU, about, however small the network: its time goes into launching kernels."""
_PASSES = 3
"""A training step's arithmetic, in forward passes."""


def advice(config: StudyConfig, trials: Sequence[Trial]) -> str:
    """Return what is worth saying of a study, given some of its trials; empty where nothing is."""
    return "; ".join(filter(None, (unshared(config), _idle(config, trials))))


def faster_on_gpus(operations: float, *, cores: int, gpus: int) -> bool:
    """Tell whether steps of so many operations are probably done sooner by the GPUs; a guess, not a measurement."""
    return operations / _CORE / cores > _GPU / gpus if gpus else False


def _idle(config: StudyConfig, trials: Sequence[Trial]) -> str:
    gpus = executors.idle_gpus(config.executor)
    operations = [_PASSES * trial.flops * trial.candidate.recipe.batch_size for trial in trials]
    cores = len(os.sched_getaffinity(0))
    if not operations or not faster_on_gpus(statistics.median(operations), cores=cores, gpus=gpus):
        return ""
    told = "its GPU" if gpus == 1 else f"its {gpus} GPUs"
    return f"networks of this size are probably trained faster by {told}: executor: {{process: {{device: cuda}}}}"
