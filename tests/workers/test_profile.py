"""What a network costs, and which devices there are."""

import torch

from search_spaces.network import Network
from search_spaces.ops.linear import Linear
from workers.devices import devices, one_thread
from workers.profile import profile


def test_a_profile_has_a_time_for_one_sample_and_for_a_batch() -> None:
    found = profile(Network((64,), 10, (Linear(256), Linear(10))))
    assert set(found.latency) == {1, 64}
    assert all(0 < seconds < 1 for seconds in found.latency.values())


def test_a_profile_has_a_peak_of_memory() -> None:
    assert profile(Network((4,), 2, (Linear(2),))).peak_memory > 1_000_000


def test_the_cpu_is_always_a_device() -> None:
    assert devices()[-1] == "cpu"


def test_one_thread_is_given_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
