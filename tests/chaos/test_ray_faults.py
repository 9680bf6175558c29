"""Faults of a Ray cluster of two nodes and more, under one search that lives through all of them."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from outside import ROOT, Desk, wait_for
from patient import PLUGIN, Patient, gone, signalled, troubled
from ray_cluster import Node, RayCluster, members
from sqlalchemy import select

from nas.storage import Storage, tables

SILENCE = 8.0


@dataclass(slots=True)
class Ward:
    """The search, its cluster, and the node that stays."""

    patient: Patient
    cluster: RayCluster
    home: Node

    def lost_after(self, count: int) -> str:
        """Wait for the next loss and return its reason."""
        wait_for(lambda: self.patient.run.lives() and len(self.patient.lost()) > count)
        return self.patient.lost()[count]

    def child(self) -> int:
        return wait_for(lambda: children(self.patient.desk))[0]

    def at_work(self, count: int) -> list[int]:
        """Wait until so many workers train, on trials that begin from now on; return those of the node that stays."""
        begun = max(self._numbers())
        wait_for(
            lambda: self.patient.run.lives() and sum(number > begun for number in self._numbers("RUNNING")) == count
        )
        return self.home.workers

    def _numbers(self, *states: str) -> list[int]:
        query = select(tables.trial.c.number)
        with Storage.open(self.patient.desk.url) as storage, storage.reading() as connection:
            found = connection.execute(query.where(tables.trial.c.state.in_(states)) if states else query)
            return [row.number for row in found]


def children(desk: Desk) -> list[int]:
    """Return the processes in which Ray lives."""
    return [pid for pid, command in desk.processes().items() if "nas.executors._ray.host" in command]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    cluster = RayCluster(variables={"PYTHONPATH": f"{ROOT}{os.pathsep}{PLUGIN}"})
    desk = Desk(tmp_path_factory.mktemp("ray"), plugins=(PLUGIN,))
    try:
        home = cluster.head(cpus=2)
        executor = f"{{ray: {{address: '{cluster.address}', token: '{cluster.token}', silence: {SILENCE}}}}}"
        patient = Patient.begin(desk, troubled(executor=executor, pause=0.05))
        yield Ward(patient, cluster, home)
        patient.end()
    finally:
        cluster.close()
        desk.close()


def test_a_killed_actor_loses_its_job_within_5_seconds_and_is_replaced(ward: Ward) -> None:
    lost = len(ward.patient.lost())
    killed = ward.at_work(2)[0]
    signalled(signal.SIGKILL, killed)
    began = time.monotonic()
    assert "died" in ward.lost_after(lost)
    assert time.monotonic() - began < 5.0
    ward.patient.go_on()


def test_a_killed_child_takes_no_trial_along(ward: Ward) -> None:
    workers, lost, child = ward.at_work(2), len(ward.patient.lost()), ward.child()
    signalled(signal.SIGKILL, child)
    assert ward.lost_after(lost) == "Ray's child process was killed by signal 9"
    wait_for(lambda: gone(workers))
    ward.patient.go_on()
    assert ward.child() != child


def test_a_controller_that_is_silent_loses_its_workers_and_goes_on_when_it_is_back(ward: Ward) -> None:
    workers = ward.at_work(2)
    signalled(signal.SIGSTOP, ward.patient.run.pid)
    wait_for(lambda: gone(workers))
    signalled(signal.SIGCONT, ward.patient.run.pid)
    ward.patient.go_on()
    assert not set(workers) & set(ward.at_work(2))


def test_a_child_that_is_frozen_loses_its_workers_and_is_replaced(ward: Ward) -> None:
    workers, child, lost = ward.at_work(2), ward.child(), len(ward.patient.lost())
    signalled(signal.SIGSTOP, child)
    assert ward.lost_after(lost) == f"Ray's child process was silent for {SILENCE:g} s"
    wait_for(lambda: gone([child, *workers]))
    ward.patient.go_on()


def test_a_node_that_joins_is_given_workers(ward: Ward) -> None:
    node = ward.cluster.join(cpus=1)
    ward.at_work(3)
    assert len(node.workers) == 1
    ward.patient.go_on()


def test_a_node_that_is_drained_is_left_within_30_seconds_and_nobody_is_blamed(ward: Ward) -> None:
    node, lost = ward.cluster.nodes[-1], len(ward.patient.lost())
    ward.cluster.drain(node)
    began = time.monotonic()
    wait_for(lambda: ward.patient.run.lives() and not node.workers)
    assert time.monotonic() - began < 30.0
    ward.patient.go_on()
    assert all("is leaving" in reason for reason in ward.patient.lost()[lost:])


def test_a_node_that_is_killed_is_noticed_within_20_seconds_and_its_zombie_ends(ward: Ward) -> None:
    node = ward.cluster.join(cpus=1)
    ward.at_work(3)
    zombies, lost = node.workers, len(ward.patient.lost())
    began = time.monotonic()
    node.kill("raylet/raylet")
    ward.lost_after(lost)
    assert time.monotonic() - began < 20.0
    wait_for(lambda: gone(zombies))
    ward.patient.go_on()


def test_a_killed_controller_leaves_no_worker_and_its_study_goes_on(ward: Ward) -> None:
    workers, child = ward.at_work(2), ward.child()
    ward.patient.run.kill()
    wait_for(lambda: gone([child, *workers]))
    assert not members(child)
    ward.patient.run = ward.patient.desk.start("resume", "s", "--storage", ward.patient.desk.url, "--json")
    ward.patient.run.wait_event("trial.finished")
    ward.patient.go_on()


def test_no_loss_was_counted_against_a_trial_but_the_killed_actors(ward: Ward) -> None:
    assert all(trial.reason != "lost" for trial in ward.patient.desk.trials())


@pytest.mark.slow
def test_a_head_that_is_killed_and_started_again_loses_nothing(ward: Ward) -> None:
    lost = len(ward.patient.lost())
    ward.home.end()
    began = time.monotonic()
    ward.lost_after(lost)
    assert time.monotonic() - began < 40.0
    ward.home = ward.cluster.head(cpus=2)
    ward.at_work(2)
    ward.patient.go_on()
