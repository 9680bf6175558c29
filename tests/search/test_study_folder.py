"""A study's folder belongs to one record: no other study's files are written over, swept away or let go."""

import json
import shutil
from pathlib import Path

import pytest
from scripted import EPOCHS, Bench, ScriptedExecutor, killing
from scripted import Killed as Gone

from nas.artifacts.study_folder import MARK
from nas.config import Artifacts, Budget, Final
from nas.errors import FolderUnusable
from nas.storage import Storage


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def other(bench: Bench, name: str) -> Bench:
    """Return a bench with a database of its own that shares the folder for artifacts."""
    (bench.folder / name).mkdir()
    return Bench(bench.folder / name)


def shared(bench: Bench) -> Artifacts:
    return Artifacts(str(bench.folder / "runs"), export=())


def test_the_folder_says_whose_it_is_and_nothing_secret(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    said = json.loads((bench.folder / "runs/s" / MARK).read_text())
    assert said == {
        "study": "s",
        "born": bench.record.created_at.isoformat(),
        "database": str(bench.folder / "nas.db"),
        "folder": str(bench.folder / "runs/s"),
    }


def test_a_study_of_the_same_name_in_another_database_has_a_folder_of_its_own(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    before = everything(bench.folder / "runs/s")
    second = other(bench, "second")
    config = second.config(artifacts=shared(bench), final=Final(seeds=1))
    second.run(ScriptedExecutor(), config)
    second.run(ScriptedExecutor(), second.config(artifacts=shared(bench), budget=Budget(9, EPOCHS)))
    assert everything(bench.folder / "runs/s") == before
    assert {Path(trial.checkpoint.path).parents[1].name for trial in second.trials if trial.checkpoint} == {"s-2"}
    assert sorted(path.name for path in (bench.folder / "runs").iterdir()) == ["s", "s-2"]


def test_a_copy_of_a_database_leaves_the_files_of_the_original_alone(bench: Bench) -> None:
    with pytest.raises(Gone):
        bench.run(
            ScriptedExecutor(at_poll=killing(20)), bench.config(artifacts=Artifacts(str(bench.folder / "runs"), 2, ()))
        )
    copy = other(bench, "copy")
    bench.storage.backup(copy.folder / "nas.db")
    bench.run(ScriptedExecutor())
    before = everything(bench.folder / "runs/s")
    copy.run(ScriptedExecutor(), copy.config(artifacts=Artifacts(str(bench.folder / "runs"), 1, ())))
    assert everything(bench.folder / "runs/s") == before
    assert copy.record.state == "FINISHED"


def test_a_moved_database_keeps_its_folder(bench: Bench) -> None:
    bench.run(ScriptedExecutor())
    bench.storages.pop().close()
    moved = other(bench, "moved")
    for path in bench.folder.glob("nas.db*"):
        shutil.move(path, moved.folder / path.name)
    moved.run(ScriptedExecutor(), moved.config(artifacts=shared(bench), budget=Budget(9, EPOCHS)))
    assert sorted(path.name for path in (bench.folder / "runs").iterdir()) == ["s"]
    assert json.loads((bench.folder / "runs/s" / MARK).read_text())["database"] == str(moved.folder / "nas.db")


def test_a_folder_that_was_moved_with_its_database_is_still_the_studys_own(bench: Bench) -> None:
    first = other(bench, "first")
    first.run(ScriptedExecutor(), first.config(final=Final(seeds=1)))
    first.storages.pop().close()
    shutil.move(first.folder, bench.folder / "second")
    second = Bench(bench.folder / "second")
    executor = ScriptedExecutor()
    second.run(executor, second.config(final=Final(seeds=1), budget=Budget(7, EPOCHS)))
    assert not first.folder.exists()
    assert [path.name for path in (second.folder / "runs").iterdir()] == ["s"]
    second.storages.pop().close()


def test_files_of_an_unmarked_folder_are_not_taken_for_a_new_studys_own(bench: Bench) -> None:
    theirs = bench.folder / "runs/s/checkpoints/search-000001-attempt-1-epoch-1.safetensors"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"of a study that did not mark its folder")
    bench.run(ScriptedExecutor())
    assert theirs.exists()
    assert (bench.folder / "runs/s-2" / MARK).exists()


def test_a_sweep_takes_what_is_ours_alone_and_follows_no_link(bench: Bench) -> None:
    config = bench.config(final=Final(seeds=2))
    with pytest.raises(Gone):
        bench.run(ScriptedExecutor(at_poll=killing(6 * EPOCHS + EPOCHS + 3)), config)
    folder = bench.folder / "runs/s"
    outside = bench.folder / "outside"
    outside.mkdir()
    kept = [
        folder / "checkpoints/notes.txt",
        folder / "checkpoints/best.safetensors",
        folder / "final-thoughts/search-000001-attempt-1.safetensors",
        outside / "search-000001-attempt-1.safetensors",
        folder / "final-1-ab-1/mine.txt",
    ]
    swept = [
        folder / "final-1-ab-1/final-000001-attempt-1.safetensors",
        folder / "final-1-cd-1/.final-000001-attempt-1.safetensors.x1_.part",
    ]
    for path in (*kept, *swept):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (folder / "final-1-ef-1").symlink_to(outside)
    (folder / "checkpoints/search-000077-attempt-1.safetensors").symlink_to(
        outside / "search-000001-attempt-1.safetensors"
    )
    bench.run(ScriptedExecutor())
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in swept)
    assert not swept[1].parent.exists()
    assert (folder / "final-1-ef-1").is_symlink()


def test_a_folder_of_checkpoints_that_is_a_link_is_written_to_but_not_swept(bench: Bench) -> None:
    elsewhere = bench.folder / "elsewhere"
    elsewhere.mkdir()
    stray = elsewhere / "search-000077-attempt-1.safetensors"
    stray.write_bytes(b"x")
    bench.run(ScriptedExecutor())
    shutil.rmtree(bench.folder / "runs/s/checkpoints")
    (bench.folder / "runs/s/checkpoints").symlink_to(elsewhere)
    bench.run(ScriptedExecutor(), bench.config(budget=Budget(7, EPOCHS)))
    assert stray.exists()


def test_a_folder_that_cannot_be_marked_is_told_before_the_first_trial(bench: Bench) -> None:
    (bench.folder / "runs").write_text("a file")
    executor = ScriptedExecutor()
    with pytest.raises(FolderUnusable, match=r"artifacts.folder: .*runs.* cannot be written"):
        bench.run(executor)
    assert executor.jobs == []


def test_a_retraining_that_is_lost_or_altered_is_made_again(bench: Bench) -> None:
    bench.run(ScriptedExecutor(), bench.config(final=Final(seeds=3)))
    storage: Storage = bench.storage
    first, second, third = (Path(item.path) for item in storage.artifacts(bench.record.id))
    first.unlink()
    second.write_bytes(b"altered")
    executor = ScriptedExecutor()
    record = bench.run(executor)
    assert [job.stage for job in executor.jobs] == ["final", "final"]
    again = storage.artifacts(record.id)
    assert len(again) == len({item.seed for item in again}) == 3
    assert str(third) in {item.path for item in again}
    assert record.result["test"]
