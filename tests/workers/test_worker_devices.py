"""Devices: which there are, and how many threads compute on one."""

import torch

from workers.devices import devices, one_thread


def test_the_cpu_is_always_a_device() -> None:
    assert devices()[-1] == "cpu"


def test_one_thread_is_given_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
