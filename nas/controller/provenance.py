"""Provenance: versions, machine and source revision that a study ran on, kept in its record."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from search_spaces.version import DISTRIBUTION

_PACKAGES = (DISTRIBUTION, "torch", "optuna", "sqlalchemy", "numpy")


def environment() -> dict[str, str | int]:
    """Describe this machine and what is installed on it, without secrets and without importing anything heavy."""
    packages = {f"version.{package}": _version(package) for package in _PACKAGES}
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "revision": _revision(),
        **packages,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _revision() -> str:
    """Return the git revision of the working directory, with a + where files were changed; empty outside git."""
    try:
        command = ["git", "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
