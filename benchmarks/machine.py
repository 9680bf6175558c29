"""On what a benchmark ran, in one line, so that a figure can be read later."""

import os
import platform
from importlib.metadata import version


def describe_machine() -> str:
    """Name processor, cores, load and the versions that matter."""
    cores = len(os.sched_getaffinity(0))
    packages = " ".join(f"{name} {version(name)}" for name in ("torch", "optuna", "sqlalchemy"))
    load = os.getloadavg()[0]
    return f"{_processor()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}, {packages}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
