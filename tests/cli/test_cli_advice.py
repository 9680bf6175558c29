"""`nas check` says where GPUs would stay idle that are probably faster, and nothing where there are none."""

import pytest
from command_runs import Nas

from nas.estimate import faster_on_gpus

LARGE = (
    "--set",
    "space.depth=2",
    "--set",
    "space.width=1024",
    "--set",
    "space.batch_size=4096",
    "--set",
    "space.limits={parameters: 100M}",
)


@pytest.mark.parametrize(
    ("operations", "cores", "gpus", "faster"),
    [(1e6, 1, 1, False), (1e9, 1, 1, True), (1e9, 64, 1, False), (1e9, 64, 0, False), (1e10, 64, 4, True)],
)
def test_a_gpu_is_for_steps_that_take_its_cores_longer_than_its_launches(
    operations: float, cores: int, gpus: int, faster: bool
) -> None:
    assert faster_on_gpus(operations, cores=cores, gpus=gpus) is faster


@pytest.mark.parametrize(
    ("gpus", "options", "device", "told"),
    [("0,1", LARGE, "cpu", True), ("", LARGE, "cpu", False), ("0,1", (), "cpu", False), ("0,1", LARGE, "cuda", False)],
)
def test_idle_gpus_are_told_of_where_they_matter(
    fresh: Nas, monkeypatch: pytest.MonkeyPatch, gpus: str, options: tuple[str, ...], device: str, told: bool
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
    ran = fresh("check", "study.yaml", *options, "--set", f"executor={{process: {{device: {device}}}}}")
    assert ran.code == 0, ran.err
    assert ("probably trained faster by its 2 GPUs" in ran.out) is told
