"""Which GPUs a controller may use, asked of the driver's files: torch is not loaded, and no device is woken."""

from collections.abc import Mapping
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/gpus")
VISIBLE = "CUDA_VISIBLE_DEVICES"


def visible_gpus(environment: Mapping[str, str], driver: Path = DRIVER) -> tuple[str, ...]:
    """Name the GPUs as `CUDA_VISIBLE_DEVICES` does: those it allows, or all that the driver has."""
    if VISIBLE in environment:
        return tuple(name.strip() for name in environment[VISIBLE].split(",") if name.strip() not in ("", "-1"))
    return tuple(str(index) for index, _ in enumerate(driver.iterdir())) if driver.is_dir() else ()
