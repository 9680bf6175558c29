"""Batches: every sample once, in an order of the study's seed and the epoch."""

import pytest
import torch

from workers.batches import Samples, batch_count, shuffled


def samples(count: int) -> Samples:
    numbers = torch.arange(count)
    return Samples(numbers[:, None].float(), numbers)


def sizes(count: int, size: int) -> list[int]:
    return [len(targets) for _, targets in shuffled(samples(count), seed=0, epoch=0).batches(size)]


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (10, 4, [4, 4, 2]),
        (9, 4, [4, 4]),
        (8, 4, [4, 4]),
        (3, 4, [3]),
        (1, 4, [1]),
        (3, 1, [1, 1, 1]),
        (5, 4, [4]),
        (4, 4, [4]),
    ],
)
def test_a_short_last_batch_is_kept_but_for_a_single_sample(count: int, size: int, expected: list[int]) -> None:
    assert sizes(count, size) == expected
    assert batch_count(count, size) == len(expected)


def test_an_epoch_has_every_sample_once_with_its_own_target() -> None:
    batches = list(shuffled(samples(50), seed=3, epoch=1).batches(8))
    targets = torch.cat([batch for _, batch in batches])
    assert torch.equal(targets.sort().values, torch.arange(50))
    assert torch.equal(torch.cat([batch for batch, _ in batches])[:, 0].long(), targets)


def test_the_order_is_that_of_seed_and_epoch_whatever_the_batch_size() -> None:
    def order(seed: int, epoch: int, size: int) -> list[int]:
        return torch.cat([t for _, t in shuffled(samples(60), seed=seed, epoch=epoch).batches(size)]).tolist()

    assert order(1, 2, 4) == order(1, 2, 15)
    assert order(1, 2, 4) != order(1, 3, 4)
    assert order(1, 2, 4) != order(2, 2, 4)


def test_batches_are_views_of_one_shuffled_copy() -> None:
    epoch = shuffled(samples(60), seed=0, epoch=0)
    storages = {inputs.untyped_storage().data_ptr() for inputs, _ in epoch.batches(7)}
    assert storages == {epoch.samples.inputs.untyped_storage().data_ptr()}
