"""Convolutions and pooling in the native engine: exact gradients, ties as in torch, the same in any company."""

from statistics import median

import pytest
import torch
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
from search_spaces.ops.activation import ACTIVATIONS, Activation
from search_spaces.ops.conv2d import Conv2d
from search_spaces.ops.flatten import Flatten
from search_spaces.ops.global_pool import GlobalPool
from search_spaces.ops.linear import Linear
from search_spaces.ops.norm import Norm
from search_spaces.ops.pool import Pool
from search_spaces.ops.residual import Residual
from workers.datasets.batches import Epoch, Samples
from workers.engines.protocol import Member
from workers.optimizers import OPTIMIZERS

pytestmark = needs_native

LIMIT = 1e-5


def cnn(**settings: Value | tuple[Value, ...]) -> Network:
    return build(Architecture("cnn", Settings(settings)), (1, 8, 8), 10)  # type: ignore[arg-type]


def members(**recipe: object) -> list[Member]:
    shapes = [
        {"stages": 1, "channels": 8},
        {"stages": 2, "channels": (5, 16), "kernel": (3, 5), "residual": True, "norm": "batch"},
        {"stages": 2, "channels": 12, "pooling": ("average", "none"), "activation": "gelu", "head": "max"},
        {"stages": 1, "blocks": 2, "channels": 9, "activation": "maxout", "norm": "group", "head": "flatten"},
        {"stages": 2, "channels": 8, "activation": ("tanh", "elu"), "norm": "layer", "dense": 20, "dropout": 0.2},
    ]
    assert len(shapes) == 5
    return [member(cnn(**shape), number, **recipe) for number, shape in enumerate(shapes)]  # type: ignore[arg-type]


@every_variant
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 7, 9])
def test_the_gradients_of_a_convolution_are_exact(kernel: int, stride: int, variant: str) -> None:
    for channels in (2, 3, 8, 13):
        body = (Conv2d(channels, kernel, stride), Conv2d(9, kernel, bias=False))
        made = network((2, 8, 11), *body, Flatten(), Linear(3))
        samples = drawn(made, 20)
        assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_the_gradients_through_an_activation_of_images_are_exact(kind: str, variant: str) -> None:
    wide = 12 if kind == "maxout" else 6
    body = (Conv2d(wide, 3), Activation(kind))
    made = network((2, 5, 4), *body, Residual(body), Flatten(), Linear(3))
    samples = drawn(made, 21)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
def test_a_kernel_may_be_larger_than_the_image(variant: str) -> None:
    made = network((3, 2, 3), Conv2d(5, 7), Conv2d(6, 5), Flatten(), Linear(3))
    samples = drawn(made, 40)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
def test_the_gradients_of_images_larger_than_the_cache_are_exact(variant: str) -> None:
    made = network((6, 40, 41), Conv2d(5, 3), Conv2d(6, 5, 2), GlobalPool("average"))
    samples = drawn(made, 70)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_the_gradients_through_pooling_are_exact(kind: str, size: int, variant: str) -> None:
    for whole in ("max", "average"):
        made = network((2, 8, 7), Conv2d(5, 3), Pool(kind, size), Conv2d(3, 3), GlobalPool(whole))
        samples = drawn(made, 20)
        assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
@pytest.mark.parametrize("kind", ["batch", "layer", "group"])
def test_the_gradients_through_a_norm_of_images_are_exact(kind: str, variant: str) -> None:
    norm = Norm(kind, 2 if kind == "group" else 1)
    made = network((2, 5, 4), Conv2d(6, 3, bias=False), norm, Conv2d(3, 3), Flatten(), Linear(3))
    samples = drawn(made, 21)
    assert worst(native_gradients(made, samples, variant), exact_gradients(made, samples)) < LIMIT


@every_variant
@pytest.mark.parametrize("pool", [Pool("max"), Pool("max", 3), GlobalPool("max")])
def test_equal_maxima_are_treated_as_in_torch(pool: Pool | GlobalPool, variant: str) -> None:
    head = (Flatten(), Linear(2)) if isinstance(pool, Pool) else (Linear(2),)
    made = network((1, 6, 6), Conv2d(3, 1), pool, *head)
    samples = drawn(made, 16)
    for inputs in (samples.inputs.round(), torch.ones_like(samples.inputs)):  # many of a window are equal, or all
        given = Samples(inputs, samples.targets)
        assert worst(native_gradients(made, given, variant), exact_gradients(made, given)) < LIMIT


@every_variant
def test_a_short_last_batch_counts_its_real_samples_alone(variant: str) -> None:
    info, samples = digits(101)
    for made in members(optimizer=Named("sgd", Settings(lr=1e-2)), batch_size=50)[:3]:
        mine = train(native(info, samples, variant=variant), [made], [Epoch(samples, 0)])
        theirs = train(solo(info, samples), [made], [Epoch(samples, 0)])
        assert apart(mine[0], theirs[0]) < 1e-6


@every_variant
def test_a_candidate_is_the_same_alone_and_in_any_company(variant: str) -> None:
    info, samples = digits(200)
    epochs = [Epoch(samples, 0)] * 2
    crowd = members(optimizer=Named("adam", Settings(lr=1e-2)))
    together = train(native(info, samples, threads=2, variant=variant), crowd, epochs)
    for made, state in zip(crowd, together, strict=True):
        alone = native(info, samples, variant=variant)
        assert same(train(alone, [made], epochs)[0], state)
        beside = native(info, samples, threads=2, variant=variant)
        assert same(train(beside, [diverging(made, 99), made], epochs)[1], state)


def test_after_an_epoch_the_median_network_is_as_in_solo() -> None:
    info, samples = digits()
    names = OPTIMIZERS.names()
    assert len(names) == 7
    differences = []
    for name in names:
        crowd = [made for made in members(optimizer=Named(name, Settings())) if made.number != 4]  # that one drops out
        mine = train(native(info, samples), crowd, [Epoch(samples, 0)])
        theirs = train(solo(info, samples), crowd, [Epoch(samples, 0)])
        differences += [apart(one, other) for one, other in zip(mine, theirs, strict=True)]
    assert median(differences) < 1e-5


def test_a_checkpoint_goes_on_in_the_other_engine_and_back() -> None:
    info, samples = digits(200)
    epoch = Epoch(samples, 0)
    for made in members(optimizer=Named("adam", Settings(lr=1e-3)))[:4]:
        straight = train(native(info, samples, epochs=3), [made], [epoch] * 3)[0]
        state = train(native(info, samples, epochs=3), [made], [epoch])[0]
        for engine in (solo(info, samples, epochs=3), native(info, samples, epochs=3)):
            assert engine.add([made]) == {}
            engine.restore(made.number, state)
            engine.epoch(epoch)
            state = engine.export(made.number)
        assert (state.epoch, state.step) == (straight.epoch, straight.step)
        assert apart(state, straight) < 1e-3
