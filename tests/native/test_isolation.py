"""What a candidate computes is bitwise the same alone, in any cohort, on any threads, and beside one that diverges."""

import pytest
from cohorts import OPTIMIZERS, Task, member, members, mixed, named, native, same, task, timeless, train
from training_jobs import candidate

from search_spaces.candidate import Candidate
from workers.checkpoints import TrainedState

EPOCHS = (0, 1)


def cohort() -> list[Candidate]:
    """One of every fifth kind, with dropout, norms, clipping and other batches among them."""
    extras = [
        candidate(70, width=24, depth=2, dropout=0.3, norm="batch", batch_size=50),
        candidate(71, width=40, depth=2, dropout=0.1, norm="layer", gradient_clipping=0.5, batch_size=32),
        candidate(72, optimizer=OPTIMIZERS["nadam"], width=19, norm="group", label_smoothing=0.1, batch_size=128),
    ]
    return [*mixed()[::5], *extras]


@pytest.fixture(scope="module")
def digits() -> Task:
    return task()


@pytest.fixture(scope="module")
def alone(digits: Task) -> list[TrainedState]:
    return [one(digits, made) for made in cohort()]


def one(digits: Task, made: Candidate) -> TrainedState:
    engine = native(digits, member(digits, 5, made))
    train(engine, digits, *EPOCHS)
    return engine.export(5)


def test_the_cohort_has_twenty_one_candidates() -> None:
    assert len(cohort()) == 21


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_cohort_computes_what_each_computes_alone(digits: Task, alone: list[TrainedState], threads: int) -> None:
    engine = native(digits, *members(digits, *cohort()), threads=threads)
    train(engine, digits, *EPOCHS)
    assert all(same(engine.export(number), state) for number, state in enumerate(alone))


def test_measuring_changes_nothing(digits: Task, alone: list[TrainedState]) -> None:
    engine = native(digits, *members(digits, *cohort()))
    for epoch in EPOCHS:
        train(engine, digits, epoch)
        engine.evaluate(digits.validation)
    assert all(same(engine.export(number), state) for number, state in enumerate(alone))


def test_metrics_do_not_depend_on_the_cohort(digits: Task) -> None:
    together = native(digits, *members(digits, *cohort()), threads=2)
    train(together, digits, 0)
    found = together.evaluate(digits.validation)
    for number, made in enumerate(cohort()):
        engine = native(digits, member(digits, number, made))
        train(engine, digits, 0)
        assert timeless(engine.evaluate(digits.validation)[number]) == timeless(found[number])


def test_a_diverging_neighbour_changes_nothing(digits: Task, alone: list[TrainedState]) -> None:
    bad = [candidate(200 + i, optimizer=named("sgd", lr=1e30), width=77, depth=3, batch_size=32) for i in range(2)]
    cohort_of_all = [bad[0], *cohort(), bad[1]]
    engine = native(digits, *members(digits, *cohort_of_all))
    losses = train(engine, digits, *EPOCHS)
    assert losses[0] != losses[0]  # NaN
    assert all(same(engine.export(number + 1), state) for number, state in enumerate(alone))


def test_dropping_others_changes_nothing(digits: Task, alone: list[TrainedState]) -> None:
    engine = native(digits, *members(digits, *cohort()))
    train(engine, digits, 0)
    left = range(1, len(cohort()), 3)
    engine.drop([number for number in range(len(cohort())) if number not in left])
    train(engine, digits, 1)
    assert all(same(engine.export(number), alone[number]) for number in left)


def test_who_joins_later_computes_what_it_computes_alone(digits: Task, alone: list[TrainedState]) -> None:
    engine = native(digits, *members(digits, *cohort()[:4]))
    train(engine, digits, 0)
    assert engine.add([member(digits, 99, cohort()[9])]) == {}
    engine.drop([0])
    train(engine, digits, *EPOCHS)
    assert same(engine.export(99), alone[9])
