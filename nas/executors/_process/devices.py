"""Devices that workers are pinned to, and how many workers share one; found without loading torch."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workers.messages import Memory

DRIVER = Path("/proc/driver/nvidia/gpus")
VISIBLE = "CUDA_VISIBLE_DEVICES"
MOST = 4
"""Workers that share a GPU at most where their number is measured: more only wait for each other."""
HEADROOM = 2
"""A worker is given room for so many times what the first job took at its peak: later networks may be larger."""


@dataclass(frozen=True, slots=True)
class Device:
    """Device that a worker trains on: a GPU by its name in `CUDA_VISIBLE_DEVICES`, one core, or, unnamed, all cores."""

    kind: Literal["cpu", "cuda"] = "cpu"
    name: str = ""

    @property
    def core(self) -> str:
        """The core that its workers are kept on, if it is one."""
        return self.name if self.kind == "cpu" else ""

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables set before torch is loaded, so that a worker cannot touch another's GPU."""
        return {VISIBLE: self.name} if self.kind == "cuda" else {}


def gpus(environment: Mapping[str, str], driver: Path = DRIVER) -> tuple[Device, ...]:
    """List the GPUs that the environment allows, or all that the driver has."""
    if VISIBLE in environment:
        names = [name.strip() for name in environment[VISIBLE].split(",")]
        return tuple(Device("cuda", name) for name in names if name not in ("", "-1"))
    count = len(list(driver.iterdir())) if driver.is_dir() else 0
    return tuple(Device("cuda", str(index)) for index in range(count))


def cores() -> tuple[Device, ...]:
    """List the cores that this process may use, each as a device."""
    return tuple(Device("cpu", str(core)) for core in sorted(os.sched_getaffinity(0)))


def slots(memory: Memory, cores: int) -> int:
    """Return how many workers may share a device of which one took this: at least that one, at most a core each."""
    fitting = memory.room // max(1, HEADROOM * memory.peak)
    return max(1, min(fitting, MOST, cores))
