"""A candidate's curve is bitwise the same alone, in any cohort, while others are pruned, and across stop and resume."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_jobs import candidate, curve, job, of, outcome, run

from search_spaces.candidate import Candidate, Named, Settings
from workers import checkpoints
from workers.engines.planner import SWITCH
from workers.messages import Assignment, Checkpoint, Outcome, Saved
from workers.optimizers import OPTIMIZERS

EPOCHS = 5
Make = Callable[[int], Candidate]


def cnn(seed: int) -> Candidate:
    shape = {"stages": 1, "channels": 4, "norm": "batch", "dropout": 0.2, "residual": True, "batch_size": 128}
    return candidate(seed, family="cnn", **shape)  # type: ignore[arg-type]


def recurrent(seed: int) -> Candidate:
    return candidate(seed, family="recurrent", cell="lstm", hidden=6, layers=1, batch_size=128)


def dropped(seed: int) -> Candidate:
    schedule = Named("one_cycle")
    rest = {"warmup": 0.1, "gradient_clipping": 1.0, "label_smoothing": 0.1, "weight_decay": 1e-3, "batch_size": 50}
    made = candidate(seed, depth=2, width=(12, 20), dropout=0.3, norm="batch", activation="gelu", **rest)  # type: ignore[arg-type]
    return replace(made, recipe=replace(made.recipe, schedule=schedule))


def trained_by(optimizer: str) -> Make:
    return lambda seed: candidate(seed, optimizer=Named(optimizer, Settings()), dropout=0.2)


KINDS: dict[str, Make] = {"cnn": cnn, "recurrent": recurrent, "dropout, norm, schedule": dropped}
KINDS |= {name: trained_by(name) for name in OPTIMIZERS.names()}
every_kind = pytest.mark.parametrize("kind", KINDS)


def weights(ended: Outcome) -> dict[str, torch.Tensor]:
    assert ended.checkpoint, ended.reason
    return dict(checkpoints.load(ended.checkpoint).tensors)


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(value, second[key]) for key, value in first.items())


def test_there_are_ten_kinds() -> None:
    assert len(KINDS) == 10


@every_kind
def test_a_curve_is_the_same_alone_and_in_a_cohort(kind: str, tmp_path: Path) -> None:
    make = KINDS[kind]
    alone = run(job(tmp_path / "alone", Assignment(1, make(1)), epochs=EPOCHS))
    together = run(job(tmp_path / "together", make(0), make(1), dropped(2), epochs=EPOCHS))
    assert curve(alone, 1) == curve(together, 1)
    assert same(weights(outcome(alone, 1)), weights(outcome(together, 1)))


@every_kind
def test_a_curve_is_the_same_while_others_are_pruned(kind: str, tmp_path: Path) -> None:
    make = KINDS[kind]
    together = run(job(tmp_path / "a", dropped(0), make(1), cnn(2), epochs=EPOCHS))
    pruned = run(job(tmp_path / "b", dropped(0), make(1), cnn(2), epochs=EPOCHS), stops={1: [0], 3: [2]})
    assert curve(together, 1) == curve(pruned, 1)
    assert same(weights(outcome(together, 1)), weights(outcome(pruned, 1)))


@every_kind
def test_a_curve_is_the_same_across_stop_and_resume(kind: str, tmp_path: Path) -> None:
    make = KINDS[kind]
    whole = run(job(tmp_path / "whole", make(0), epochs=EPOCHS, checkpoint_seconds=0))
    saved = of(whole, Saved)[1].checkpoint
    rest = Assignment(0, make(0), attempt=2, start_epoch=2, checkpoint=saved)
    resumed = run(job(tmp_path / "resumed", rest, epochs=EPOCHS))
    assert curve(resumed) == curve(whole)[2:]
    assert same(weights(outcome(whole)), weights(outcome(resumed)))


def test_a_resumed_candidate_trains_beside_new_ones(tmp_path: Path) -> None:
    whole = run(job(tmp_path / "whole", dropped(0), epochs=EPOCHS, checkpoint_seconds=0))
    rest = Assignment(7, dropped(0), attempt=2, start_epoch=3, checkpoint=of(whole, Saved)[2].checkpoint)
    mixed = run(job(tmp_path / "mixed", Assignment(1, cnn(1)), rest, epochs=EPOCHS))
    assert curve(mixed, 7) == curve(whole)[3:]
    assert [epoch for epoch, _ in curve(mixed, 1)] == [1, 2, 3, 4, 5]


def test_a_lost_checkpoint_costs_time_and_not_the_curve(tmp_path: Path) -> None:
    whole = run(job(tmp_path / "whole", dropped(0), epochs=EPOCHS))
    gone = Checkpoint(str(tmp_path / "gone"), "0" * 64, 1, 3)
    again = run(job(tmp_path / "again", Assignment(0, dropped(0), 2, 3, gone), epochs=EPOCHS))
    assert curve(again) == curve(whole)[3:]
    assert same(weights(outcome(whole)), weights(outcome(again)))
    assert "cannot be read" in outcome(again).reason


def test_a_checkpoint_of_another_network_is_not_gone_on_from(tmp_path: Path) -> None:
    other = run(job(tmp_path / "other", candidate(0, width=8, batch_size=9), epochs=3, checkpoint_seconds=0))
    wrong = Assignment(0, candidate(0, width=16), 2, 2, of(other, Saved)[1].checkpoint)
    again = run(job(tmp_path / "again", wrong, epochs=3))
    assert curve(again) == curve(run(job(tmp_path / "whole", candidate(0, width=16), epochs=3)))[2:]
    assert "of another network" in outcome(again).reason


def test_a_trial_whose_last_epoch_was_saved_is_complete_at_once(tmp_path: Path) -> None:
    whole = outcome(run(job(tmp_path / "whole", dropped(0), epochs=2)))
    again = run(job(tmp_path / "again", Assignment(0, dropped(0), 2, 2, whole.checkpoint), epochs=2))
    assert curve(again) == []
    assert (outcome(again).state, outcome(again).metrics) == ("COMPLETE", whole.metrics)


@pytest.mark.parametrize("engine", ["solo", "native"])
def test_epochs_that_are_parts_of_a_pass_are_the_same_together_and_across_a_resume_within_the_pass(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, engine)
    whole = run(job(tmp_path / "whole", dropped(0), epochs=EPOCHS, checkpoint_seconds=0, epoch_samples=400))
    for saved in of(whole, Saved):
        epoch = saved.checkpoint.epoch
        rest = Assignment(0, dropped(0), 2, epoch, saved.checkpoint)
        cohort = (rest, Assignment(1, cnn(1)))
        resumed = run(job(tmp_path / f"resumed-{epoch}", *cohort, epochs=EPOCHS, epoch_samples=400))
        assert curve(resumed) == curve(whole)[epoch:]
        assert same(weights(outcome(whole)), weights(outcome(resumed)))


def test_engines_agree_on_parts_that_differ_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, values = [], []
    made = candidate(0, depth=2, norm="batch", warmup=0.1)
    made = replace(made, recipe=replace(made.recipe, schedule=Named("one_cycle")))
    made = replace(made, recipe=replace(made.recipe, batch_size=179))  # of 359 samples one is left over, of 360 two
    for engine in ("solo", "native"):
        monkeypatch.setenv(SWITCH, engine)
        events = run(job(tmp_path / engine, made, epochs=EPOCHS, epoch_samples=400))
        ended = outcome(events)
        assert ended.engine == engine
        assert ended.checkpoint
        steps.append(checkpoints.load(ended.checkpoint).step)
        values.append([metrics["train_loss"] for _, metrics in curve(events)])
    assert steps == [2 + 3 + 3 + 2 + 3] * 2
    assert values[0] == pytest.approx(values[1], rel=1e-3)


def test_the_final_stage_cuts_its_passes_as_the_search_does(tmp_path: Path) -> None:
    made = candidate(0, batch_size=32)
    ended = [
        outcome(run(job(tmp_path, made, epochs=3, epoch_samples=400, stage=stage))) for stage in ("search", "final")
    ]
    search, final = (checkpoints.load(item.checkpoint).step for item in ended if item.checkpoint)
    assert (search, final) == (3 * 12, 3 * 15)  # 1 079 samples, and 1 438, in three parts


def test_another_study_seed_is_another_order(tmp_path: Path) -> None:
    first, second = (run(job(tmp_path / str(seed), candidate(0), epochs=1, seed=seed)) for seed in (1, 2))
    assert curve(first) != curve(second)


def test_curves_do_not_depend_on_the_number_of_threads_or_the_global_generator(tmp_path: Path) -> None:
    first = run(job(tmp_path / "a", dropped(0), epochs=2))
    torch.manual_seed(99)
    torch.set_num_threads(2)
    second = run(job(tmp_path / "b", dropped(0), epochs=2))
    torch.set_num_threads(1)
    assert curve(first) == curve(second)
