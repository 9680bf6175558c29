"""After an epoch the native engine's weights, losses and metrics are those of plain torch, to rounding."""

import statistics
from dataclasses import replace

import pytest
import torch
from cohorts import OPTIMIZERS, Task, away, member, members, mixed, native, solo, task, train
from training_jobs import candidate

from search_spaces.candidate import Candidate, Named, Settings
from workers.checkpoints import TrainedState
from workers.datasets.batches import Epoch, Samples
from workers.engines.protocol import Engine, Measured, Member
from workers.errors import CheckpointError
from workers.metric_names import LOSSES

CLOSE = {"sgd": 1e-6, "adadelta": 1e-6}
"""How far weights may be apart after an epoch, by optimizer; 1e-4 for those that divide by small roots."""


@pytest.fixture(scope="module")
def digits() -> Task:
    return task()


def after_an_epoch(on: Task, *cohort: Member) -> list[tuple[TrainedState, TrainedState]]:
    engines = native(on, *cohort), solo(on, *cohort)
    for engine in engines:
        train(engine, on, 0)
    return [(engines[0].export(of.number), engines[1].export(of.number)) for of in cohort]


def noisy(digits: Task) -> Task:
    """Digits with a little noise: pixels that are always 0 would let Adam and others divide nothing by nothing."""
    generator = torch.Generator().manual_seed(5)
    noise = torch.randn(digits.train.inputs.shape, generator=generator) * 1e-2
    return replace(digits, train=Samples(digits.train.inputs + noise, digits.train.targets))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_weights_are_solos_after_an_epoch(digits: Task, optimizer: str) -> None:
    chosen = [made for made in mixed() if made.recipe.optimizer == OPTIMIZERS[optimizer]]
    pairs = after_an_epoch(noisy(digits), *members(digits, *chosen))
    assert len(pairs) == 9
    assert max(away(*pair) for pair in pairs) <= CLOSE.get(OPTIMIZERS[optimizer].name, 1e-4)


def test_weights_differ_by_rounding_alone_in_the_median(digits: Task) -> None:
    pairs = after_an_epoch(digits, *members(digits, *mixed()))
    assert statistics.median(away(*pair) for pair in pairs) < 5e-7


def everything(**changes: object) -> Candidate:
    rest = {"warmup": 0.1, "gradient_clipping": 0.5, "label_smoothing": 0.1, "weight_decay": 1e-3, "batch_size": 50}
    made = candidate(4, depth=2, width=(48, 32), activation="gelu", optimizer=OPTIMIZERS["momentum"], **rest, **changes)  # type: ignore[arg-type]
    return replace(made, recipe=replace(made.recipe, schedule=Named("one_cycle")))


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group"])
def test_norms_schedules_clipping_and_smoothing_are_solos(digits: Task, norm: str) -> None:
    ((mine, theirs),) = after_an_epoch(noisy(digits), member(digits, 0, everything(norm=norm)))
    assert away(mine, theirs) <= 5e-6
    assert away(mine, theirs, "optimizer.") <= 5e-6


@pytest.mark.parametrize("name", ["constant", "step", "cosine", "one_cycle"])
def test_every_schedule_is_solos_over_a_whole_training(digits: Task, name: str) -> None:
    made = candidate(4, width=24, activation="tanh", optimizer=OPTIMIZERS["momentum"], warmup=0.2, batch_size=200)
    made = replace(made, recipe=replace(made.recipe, schedule=Named(name)))
    engines = [make(digits, member(digits, 0, made), epochs=3) for make in (native, solo)]
    for engine in engines:
        train(engine, digits, 0, 1, 2)
    assert away(engines[0].export(0), engines[1].export(0)) <= 2e-6


@pytest.mark.parametrize("loss", LOSSES["regression"])
def test_a_regression_is_solos(loss: str) -> None:
    on = task("diabetes", loss)
    cohort = members(on, *(candidate(i, width=20, optimizer=OPTIMIZERS["sgd"], batch_size=33) for i in range(3)))
    engines = native(on, *cohort), solo(on, *cohort)
    losses = [train(engine, on, 0) for engine in engines]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert max(away(engines[0].export(i), engines[1].export(i)) for i in range(3)) <= 1e-6
    close(engines[0].evaluate(on.validation)[0], engines[1].evaluate(on.validation)[0], 1e-5)


def close(mine: object, theirs: object, tolerance: float) -> None:
    assert isinstance(mine, Measured)
    assert isinstance(theirs, Measured)
    assert list(mine.metrics) == list(theirs.metrics)
    assert mine.metrics == pytest.approx(theirs.metrics, rel=tolerance)


@pytest.mark.parametrize(("name", "classes"), [("digits", 10), ("breast_cancer", 2), ("wine", 3)])
def test_metrics_are_solos_for_the_same_weights(name: str, classes: int) -> None:
    on = task(name)
    assert on.info.outputs == classes
    of = member(on, 0, candidate(3, width=30, batch_size=32))
    engines = native(on, of), solo(on, of)
    train(engines[1], on, 0)
    engines[0].restore(0, engines[1].export(0))
    mine, theirs = (engine.evaluate(on.validation)[0] for engine in engines)
    assert isinstance(mine, Measured)
    assert isinstance(theirs, Measured)
    assert mine.metrics["loss"] == pytest.approx(theirs.metrics["loss"], rel=1e-6)
    assert {**mine.metrics, "loss": 0} == pytest.approx({**theirs.metrics, "loss": 0}, rel=1e-9)


def test_the_area_under_the_curve_of_many_samples_is_solos(digits: Task) -> None:
    generator = torch.Generator().manual_seed(1)
    inputs, targets = (
        torch.randn(7001, 1, 8, 8, generator=generator),
        torch.randint(0, 10, (7001,), generator=generator),
    )
    many = Samples(inputs.round(), torch.where(targets < 5, 0, targets))  # tied scores, and classes that never occur
    of = member(digits, 0, candidate(3, width=16))
    mine, theirs = (engine.evaluate(many)[0] for engine in (native(digits, of), solo(digits, of)))
    close(mine, theirs, 1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_checkpoint_moves_to_native_and_back_and_goes_on(digits: Task, optimizer: str) -> None:
    on = noisy(digits)
    made = everything(norm="batch")
    made = replace(made, recipe=replace(made.recipe, optimizer=OPTIMIZERS[optimizer], batch_size=100))
    of = member(on, 0, made)
    through: list[Engine] = [native(on, of), solo(on, of), native(on, of)]
    whole, state = solo(on, of), None
    for epoch, engine in enumerate(through):
        if state:
            engine.restore(0, state)
        train(engine, on, epoch)
        state = engine.export(0)
    train(whole, on, 0, 1, 2)
    expected = whole.export(0)
    assert state
    assert (state.step, state.epoch) == (expected.step, expected.epoch) == (33, 3)
    assert away(state, expected) <= 1e-4
    assert state.tensors.keys() == expected.tensors.keys()


def test_a_checkpoint_is_bitwise_what_was_saved(digits: Task) -> None:
    of = member(digits, 0, everything(norm="batch"))
    first, second = native(digits, of), native(digits, of)
    train(first, digits, 0)
    second.restore(0, first.export(0))
    train(first, digits, 1)
    train(second, digits, 1)
    states = first.export(0), second.export(0)
    assert all(torch.equal(value, states[1].tensors[key]) for key, value in states[0].tensors.items())


def test_an_untrained_checkpoint_moves_too(digits: Task) -> None:
    for optimizer in OPTIMIZERS.values():
        of = member(digits, 0, candidate(1, optimizer=optimizer))
        engines = native(digits, of), solo(digits, of)
        assert engines[0].export(0).tensors.keys() == engines[1].export(0).tensors.keys()
        engines[1].restore(0, engines[0].export(0))
        train(engines[1], digits, 0)


def test_a_checkpoint_of_another_network_is_refused(digits: Task) -> None:
    one, other = (member(digits, 0, candidate(0, width=width)) for width in (16, 17))
    with pytest.raises(CheckpointError, match="of another network"):
        native(digits, one).restore(0, native(digits, other).export(0))


def test_a_single_left_over_sample_is_left_out(digits: Task) -> None:
    few = replace(digits, train=Samples(digits.train.inputs[:65], digits.train.targets[:65]))
    made = candidate(1, batch_size=32, optimizer=OPTIMIZERS["sgd"])
    ((mine, theirs),) = after_an_epoch(few, member(few, 0, made))
    assert mine.step == theirs.step == 2
    assert away(mine, theirs) <= 1e-6


@pytest.mark.parametrize("size", [1, 7, 16, 17, 100])
def test_every_size_of_batch_is_solos(digits: Task, size: int) -> None:
    few = replace(digits, train=Samples(digits.train.inputs[:110], digits.train.targets[:110]))
    made = candidate(1, width=21, batch_size=size, optimizer=OPTIMIZERS["sgd"], activation="tanh")
    ((mine, theirs),) = after_an_epoch(few, member(few, 0, made))
    assert away(mine, theirs) <= 2e-6


def test_a_loss_that_is_no_number_is_told(digits: Task) -> None:
    of = member(digits, 0, candidate(1, optimizer=Named("sgd", Settings(lr=1e30)), depth=3))
    engine = native(digits, of)
    trained = engine.epoch(Epoch(digits.train, 0))[0]
    assert isinstance(trained, Measured)
    assert not trained.finite


def test_accuracy_after_ten_epochs_is_solos_but_for_one_sample(digits: Task) -> None:
    cohort = members(digits, *mixed()[::2])
    engines = native(digits, *cohort), solo(digits, *cohort)
    found = []
    for engine in engines:
        train(engine, digits, *range(10))
        measured = engine.evaluate(digits.validation)
        found.append([each.metrics["accuracy"] for each in measured.values() if isinstance(each, Measured)])
    one = 1 / len(digits.validation) + 1e-9
    close_enough = [abs(mine - theirs) <= one for mine, theirs in zip(*found, strict=True)]
    assert len(close_enough) == 45
    assert sum(close_enough) >= 0.95 * 45
