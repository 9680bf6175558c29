"""Recurrent layers in the native engine: exact gradients, the weights of solo, the same in any company."""

from itertools import product
from typing import Any

import pytest
from one_step import (
    apart,
    digits,
    diverging,
    drawn,
    every_variant,
    exact_gradients,
    member,
    native,
    native_gradients,
    needs_native,
    network,
    same,
    solo,
    train,
    worst,
)

from search_spaces.candidate import Architecture, Named, Settings, Value
from search_spaces.families import build
from search_spaces.network import Network
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.linear import Linear
from search_spaces.ops.recurrent import GATES, Recurrent
from search_spaces.ops.rows import Rows
from search_spaces.ops.sequence_pool import SequencePool
from workers.datasets.batches import Epoch
from workers.engines.protocol import Member
from workers.optimizers import OPTIMIZERS

pytestmark = needs_native

LIMIT = 1e-5
STEADY = {"sgd": 1e-6, "adadelta": 1e-6}
"""How far weights may be from solo's after an epoch; 1e-4 for optimizers that divide by the gradient's size."""

every_cell = pytest.mark.parametrize("cell", GATES)


def recurrent(**settings: Value) -> Network:
    return build(Architecture("recurrent", Settings(settings)), (1, 8, 8), 10)


def members(**recipe: object) -> list[Member]:
    shapes: list[dict[str, Any]] = [
        {"cell": cell, "hidden": hidden, "bidirectional": both, "layers": layers, "pooling": pooling, "dense": dense}
        for cell, (hidden, both, layers, pooling, dense) in product(
            GATES, [(16, False, 1, "last", 0), (9, True, 2, "mean", 12)]
        )
    ]
    assert len(shapes) == 6
    return [member(recurrent(**shape), number, **recipe) for number, shape in enumerate(shapes)]


@every_variant
@every_cell
@pytest.mark.parametrize("both", [False, True])
def test_the_gradients_of_a_recurrent_layer_are_exact(cell: str, both: bool, variant: str) -> None:
    for hidden, (time, features), pooling in product((3, 16, 33), ((8, 3), (1, 4), (5, 1)), ("last", "mean")):
        layers = (Recurrent(cell, hidden, both), Recurrent(cell, 7, both), SequencePool(pooling))
        made = network((time, features), *layers, Linear(4))
        samples = drawn(made, 24)
        assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
@every_cell
def test_the_rows_of_an_image_with_channels_are_a_sequence(cell: str, variant: str) -> None:
    made = network((2, 5, 4), Conv2d(3, 3), Rows(), Recurrent(cell, 6), SequencePool("last"))
    samples = drawn(made, 17)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
def test_the_numbers_of_a_vector_are_a_sequence(variant: str) -> None:
    made = network((6,), Rows(), Recurrent("gru", 6), SequencePool("mean"))
    samples = drawn(made, 17)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@pytest.mark.parametrize("optimizer", OPTIMIZERS.names())
def test_after_an_epoch_the_weights_are_those_of_solo(optimizer: str) -> None:
    info, samples = digits(330)
    crowd = members(optimizer=Named(optimizer, Settings()))
    mine = train(native(info, samples), crowd, [Epoch(samples, 0)])
    theirs = train(solo(info, samples), crowd, [Epoch(samples, 0)])
    limit = STEADY.get(optimizer, 1e-4)
    assert max(apart(one, other) for one, other in zip(mine, theirs, strict=True)) < limit


@every_variant
def test_a_candidate_is_the_same_alone_and_in_any_company(variant: str) -> None:
    info, samples = digits(200)
    epochs = [Epoch(samples, 0)] * 2
    crowd = members(optimizer=Named("adam", Settings(lr=1e-2)))
    together = train(native(info, samples, threads=2, variant=variant), crowd, epochs)
    for made, state in zip(crowd, together, strict=True):
        assert same(train(native(info, samples, variant=variant), [made], epochs)[0], state)
        beside = native(info, samples, threads=2, variant=variant)
        assert same(train(beside, [diverging(made, 99), made], epochs)[1], state)


def test_a_checkpoint_goes_on_in_the_other_engine_and_back() -> None:
    info, samples = digits(200)
    epoch = Epoch(samples, 0)
    for made in members(optimizer=Named("adam", Settings(lr=1e-3))):
        straight = train(native(info, samples, epochs=3), [made], [epoch] * 3)[0]
        state = train(native(info, samples, epochs=3), [made], [epoch])[0]
        for engine in (solo(info, samples, epochs=3), native(info, samples, epochs=3)):
            assert engine.add([made]) == {}
            engine.restore(made.number, state)
            engine.epoch(epoch)
            state = engine.export(made.number)
        assert (state.epoch, state.step) == (straight.epoch, straight.step)
        assert apart(state, straight) < 1e-4
