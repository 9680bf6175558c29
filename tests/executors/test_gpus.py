"""GPUs are found without torch, and each worker is pinned to one."""

from pathlib import Path

import pytest

from nas.errors import WorkersUnusable
from nas.executors._gpus import visible_gpus
from nas.executors._worker_process import environment
from nas.executors.process import Process


def test_all_gpus_of_the_driver_are_visible(tmp_path: Path) -> None:
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / name).mkdir()
    assert visible_gpus({}, tmp_path) == ("0", "1")


@pytest.mark.parametrize(
    ("allowed", "visible"), [("3,1", ("3", "1")), ("", ()), ("-1", ()), ("GPU-8a, 0", ("GPU-8a", "0"))]
)
def test_the_environment_says_which_gpus_may_be_used(allowed: str, visible: tuple[str, ...], tmp_path: Path) -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": allowed}, tmp_path) == visible


def test_a_worker_is_pinned_to_its_gpu_before_it_starts() -> None:
    assert environment("3", "mark")["CUDA_VISIBLE_DEVICES"] == "3"


def test_asking_for_gpus_where_there_are_none_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(WorkersUnusable, match="no GPU"):
        Process(device="cuda").start()
