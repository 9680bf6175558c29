"""Tests that need a GPU: skipped, saying so, where there is none."""

import sys
from pathlib import Path

import pytest
import torch

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "workers"), str(TESTS / "executors")]


@pytest.fixture(autouse=True)
def gpus() -> int:
    """Return how many GPUs there are."""
    if not torch.cuda.is_available():
        pytest.skip("no GPU on this machine")
    return torch.cuda.device_count()
