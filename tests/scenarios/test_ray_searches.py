"""Whole searches through a Ray cluster of two nodes with token authentication, from outside and from within."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invariants import invariants
from outside import ROOT, Desk, small
from ray_cluster import RAY, RayCluster, free_port

from nas.storage import Storage

TABLE = "\n".join(["a,b,y", *(f"{i},{i * 7 % 11},{'yes' if i % 3 else 'no'}" for i in range(120))])


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Run a head without workers, whose dashboard takes jobs, and a node with two."""
    cluster = RayCluster(variables={"PYTHONPATH": str(ROOT)}, dashboard=free_port())
    try:
        cluster.head()
        cluster.join(cpus=2)
        yield cluster
    finally:
        cluster.close()


def test_a_search_trains_on_the_nodes_and_is_exported(cluster: RayCluster, desk: Desk) -> None:
    study = desk.write(small(seeds=2, executor=f"{{ray: {{address: '{cluster.address}', token: {cluster.token}}}}}"))
    run = desk.nas("run", study, "--storage", desk.url)
    assert run.end() == 0, run.stderr
    invariants(desk.url, ended=True)
    assert desk.state() == "FINISHED"
    assert {trial.state for trial in desk.trials()} <= {"COMPLETE", "PRUNED"}


def test_the_command_line_says_where(cluster: RayCluster, desk: Desk) -> None:
    desk.variables = {"RAY_AUTH_TOKEN_PATH": str(cluster.token)}
    study = desk.write(small())
    run = desk.nas("run", study, "--executor", "ray", "--address", cluster.address, "--storage", desk.url)
    assert run.end() == 0, run.stderr
    with Storage.open(desk.url) as storage:
        config: Any = storage.study("s").config
    assert config["executor"]["settings"]["address"] == cluster.address


def test_a_file_that_the_nodes_lack_is_sent_to_them(cluster: RayCluster, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    task = "{csv: {path: table.csv, target: y}}"
    study = desk.write(small(task=task, executor=f"{{ray: {{address: '{cluster.address}', token: {cluster.token}}}}}"))
    run = desk.nas("run", study, "--storage", desk.url)
    assert run.end() == 0, run.stderr
    invariants(desk.url, ended=True)


def test_a_wrong_token_is_one_clear_error(cluster: RayCluster, desk: Desk) -> None:
    (desk.folder / "wrong").write_text("0" * 64)
    executor = f"{{ray: {{address: '{cluster.address}', token: {desk.folder / 'wrong'}}}}}"
    run = desk.nas("run", desk.write(small(executor=executor)), "--storage", desk.url)
    assert run.end() == 1
    assert "token" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_job_that_is_submitted_searches_in_the_cluster_it_is_in(cluster: RayCluster, desk: Desk) -> None:
    study = desk.write(small())
    desk.variables = cluster.secret
    command = [sys.executable, "-m", "nas", "run", study, "--executor", "ray", "--storage", desk.url]
    submit = [RAY, "job", "submit", f"--address=http://127.0.0.1:{cluster.dashboard}", "--", *command]
    for _ in range(20):
        run = desk.launch(*submit)
        if not (run.end() and "No available agent" in run.stderr):  # the head answers before it has who starts jobs
            break
    assert run.end() == 0, run.stderr
    invariants(desk.url, ended=True)
    assert desk.state() == "FINISHED"
