"""Only the best keep their weights, and files that nobody refers to are swept away."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from scripted import EPOCHS, Bench, Killed, ScriptedExecutor, asha, killing, reaching

from nas.config import Artifacts, Budget, Objective
from nas.errors import LeaseLost, StudyBusy
from nas.objectives import pareto_front, ranked

FINALS = (0.5, 0.9, 0.1, 0.7, 0.8, 0.3)


def kept(bench: Bench) -> set[int]:
    """Return whose weights are on record; each must be there, and no other file."""
    trials = [trial for trial in bench.trials if trial.checkpoint]
    paths = {Path(trial.checkpoint.path) for trial in trials if trial.checkpoint}
    assert paths == set((bench.folder / "runs/s/checkpoints").iterdir())
    return {trial.number for trial in trials}


def artifacts(bench: Bench, keep: int) -> Artifacts:
    return Artifacts(str(bench.folder / "runs"), keep=keep, export=())


def test_the_best_keep_their_weights(bench: Bench) -> None:
    bench.run(ScriptedExecutor(reaching(*FINALS)), bench.config(artifacts=artifacts(bench, 3)))
    assert kept(bench) == {1, 3, 4}


def test_all_keep_them_where_nothing_is_said_of_how_many(bench: Bench) -> None:
    bench.run(ScriptedExecutor(reaching(*FINALS)), bench.config(artifacts=artifacts(bench, 0)))
    assert kept(bench) == {0, 1, 2, 3, 4, 5}


def test_the_whole_front_keeps_them_with_several_objectives(bench: Bench) -> None:
    objectives = (Objective("accuracy", "maximize"), Objective("parameters", "minimize"))
    config = bench.config(artifacts=artifacts(bench, 1), objectives=objectives)
    bench.run(ScriptedExecutor(reaching(*FINALS)), config)
    front = {trial.number for trial in pareto_front(bench.trials, objectives)}
    assert kept(bench) == front | {ranked(bench.trials, objectives)[0].number}


def test_a_pruned_trial_keeps_none(bench: Bench) -> None:
    config = bench.config(artifacts=artifacts(bench, 0), pruning=asha())
    bench.run(ScriptedExecutor(reaching(0.9, 0.1)), config)
    assert kept(bench) == {trial.number for trial in bench.trials if trial.state == "COMPLETE"}


def test_a_stray_file_is_swept_away_at_the_resume(bench: Bench) -> None:
    config = bench.config(artifacts=artifacts(bench, 2), budget=Budget(3, EPOCHS))
    with suppress(Killed):
        bench.run(ScriptedExecutor(at_poll=killing(15)), config)
    stray = bench.folder / "runs/s/checkpoints/search-000009-attempt-1.safetensors"
    stray.write_bytes(b"nobody's")
    (stray.parent / f".{stray.name}.x.part").write_bytes(b"torn")
    bench.run(ScriptedExecutor())
    assert len(kept(bench)) == 2


def test_a_smaller_shelf_is_cleared_at_the_resume(bench: Bench) -> None:
    bench.run(ScriptedExecutor(reaching(*FINALS)), bench.config(artifacts=artifacts(bench, 4)))
    assert len(kept(bench)) == 4
    bench.run(ScriptedExecutor(reaching(*FINALS)), bench.config(artifacts=artifacts(bench, 2)))
    assert kept(bench) == {1, 4}


def take_over(bench: Bench) -> None:
    """Take the lease as another controller does once it has run out; its owner may renew it in between."""
    while True:
        with closing(sqlite3.connect(bench.folder / "nas.db")) as connection, connection:
            connection.execute("UPDATE nas_lease SET expires_at = 0")
        with suppress(StudyBusy):
            bench.storage.acquire(bench.record.id)
            return


@pytest.mark.parametrize("late", range(8, 20))
def test_a_controller_that_lost_its_lease_removes_no_file(bench: Bench, late: int) -> None:
    folder = bench.folder / "runs/s/checkpoints"
    there: set[Path] = set()

    def steal(poll: int) -> tuple[()]:
        if poll == late:
            take_over(bench)
            there.update(folder.iterdir())
        return ()

    with pytest.raises(LeaseLost):
        bench.run(ScriptedExecutor(reaching(*FINALS), at_poll=steal), bench.config(artifacts=artifacts(bench, 1)))
    assert there
    assert there <= set(folder.iterdir())
