"""Batches: every sample once, in an order of the study's seed and the epoch."""

import pytest
import torch

from workers.datasets.batches import Samples, batch_count, shuffled, step_count
from workers.messages import parts_of_a_pass


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


@pytest.mark.parametrize(
    ("count", "most", "parts"),
    [
        (10, 0, 1),
        (10, 10, 1),
        (10, 20, 1),
        (11, 10, 2),
        (20, 10, 2),
        (21, 10, 3),
        (60_000, 20_000, 3),
        (5, 1, 2),
        (1, 1, 1),
    ],
)
def test_a_pass_has_as_few_epochs_as_their_size_allows(count: int, most: int, parts: int) -> None:
    assert parts_of_a_pass(count, most) == parts


@pytest.mark.parametrize(("count", "parts"), [(50, 1), (50, 3), (52, 3), (60, 7)])
def test_a_pass_has_every_sample_once_in_parts_of_equal_size(count: int, parts: int) -> None:
    epochs = [shuffled(samples(count), seed=3, epoch=2 * parts + part, parts=parts).samples for part in range(parts)]
    assert torch.equal(torch.cat([epoch.targets for epoch in epochs]).sort().values, torch.arange(count))
    assert max(map(len, epochs)) - min(map(len, epochs)) <= 1


def test_each_pass_has_an_order_of_its_own() -> None:
    first, second = (shuffled(samples(60), seed=0, epoch=epoch, parts=3).samples.targets for epoch in (1, 4))
    assert sorted(first.tolist()) != sorted(second.tolist())


def test_a_pass_of_one_part_is_the_epoch_it_always_was() -> None:
    whole, one = shuffled(samples(60), seed=1, epoch=4), shuffled(samples(60), seed=1, epoch=4, parts=1)
    assert torch.equal(whole.samples.targets, one.samples.targets)


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("size", [4, 5, 6, 17, 100])
def test_steps_are_counted_as_batches_come(epochs: int, size: int) -> None:
    batches = [len(list(shuffled(samples(50), seed=0, epoch=i, parts=3).batches(size))) for i in range(epochs)]
    assert step_count(50, 3, size=size, epochs=epochs) == sum(batches)
