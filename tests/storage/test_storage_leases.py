"""The lease: one controller at a time, taken over from the dead at once, and nobody fenced writes anything."""

import multiprocessing
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from nas.errors import LeaseLost, StudyBusy
from nas.storage import Lease, Storage, StudyRecord
from nas.storage.owner import is_dead, this_process
from nas.trials import Trial
from workers.messages import TaskInfo

Script = Callable[..., subprocess.Popen[str]]
TASK = TaskInfo("t", "regression", (1,), 1, (1, 1, 1), ("loss",), "mse", "0" * 64)
ACQUIRE = """
import os, sys
from nas.storage import Storage
lease = Storage.open(sys.argv[1]).acquire(int(sys.argv[2]), seconds=600)
print(lease.epoch, flush=True)
{then}
"""


def expire(storage: Storage) -> None:
    with storage.writing() as connection:
        connection.execute(text("UPDATE nas_lease SET expires_at = expires_at - 1000"))


def test_a_second_controller_is_told_who_holds_the_study(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    with pytest.raises(StudyBusy, match=f"process {os.getpid()} on .* until 20..-..-..T"):
        storage.acquire(study.id)


def test_a_record_says_who_holds_the_study(storage: Storage, lease: Lease) -> None:
    assert storage.study("first").holder == lease.owner


def test_a_released_lease_is_free(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    storage.release(lease)
    assert storage.study("first").holder is None
    assert storage.acquire(study.id).epoch == lease.epoch + 1


def test_an_expired_lease_is_taken_over(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    expire(storage)
    assert storage.acquire(study.id).epoch == lease.epoch + 1


def test_a_renewed_lease_is_not_taken_over(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    expire(storage)
    storage.renew(lease)
    with pytest.raises(StudyBusy):
        storage.acquire(study.id)


def test_a_fenced_controller_writes_nothing(
    storage: Storage, study: StudyRecord, lease: Lease, running: Callable[..., Trial]
) -> None:
    expire(storage)
    storage.acquire(study.id)
    with pytest.raises(LeaseLost, match="taken over"):
        storage.save(lease, trials=[running(0)], events=[("x", {})], state="FAILED", seconds=1.0)
    assert storage.trials(study.id) == []
    assert (storage.study("first").state, storage.study("first").seconds) == ("RUNNING", 0.0)


def test_a_fenced_controller_renews_nothing(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    expire(storage)
    storage.acquire(study.id)
    with pytest.raises(LeaseLost):
        storage.renew(lease)


def test_a_fenced_controller_releases_nothing(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    expire(storage)
    heir = storage.acquire(study.id)
    storage.release(lease)
    assert storage.renew(heir) == ""


def test_a_lease_that_expired_but_nobody_took_still_writes(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    expire(storage)
    storage.save(lease, events=[("late", {})])
    assert len(storage.events(study.id)) == 1


def test_a_lease_is_not_mistaken_for_another_of_the_same_epoch(
    storage: Storage, study: StudyRecord, lease: Lease
) -> None:
    with pytest.raises(LeaseLost):
        storage.save(replace(lease, token="0" * 32))


def test_a_request_reaches_the_controller(storage: Storage, lease: Lease) -> None:
    assert storage.request("first", "stop").holder == lease.owner
    assert storage.renew(lease) == "stop"


def test_a_request_does_not_reach_the_next_controller(storage: Storage, study: StudyRecord, lease: Lease) -> None:
    storage.request("first", "stop")
    storage.release(lease)
    assert storage.renew(storage.acquire(study.id)) == ""


@pytest.mark.parametrize("then", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_lease_of_a_dead_process_is_taken_over_at_once(
    storage: Storage, url: str, study: StudyRecord, script: Script, then: str
) -> None:
    process = script(ACQUIRE.format(then=then), url, study.id)
    assert process.stdout is not None
    assert process.stdout.read() == "1\n"  # read to its end, so it has died; nobody has waited for it: it is a zombie
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert storage.acquire(study.id).epoch == 2
    process.communicate()


def test_a_lease_of_a_living_process_is_not_taken_over(
    storage: Storage, url: str, study: StudyRecord, script: Script
) -> None:
    process = script(ACQUIRE.format(then="sys.stdin.read()"), url, study.id)
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    with pytest.raises(StudyBusy, match=f"process {process.pid} "):
        storage.acquire(study.id)
    process.kill()
    process.communicate()


def test_a_process_that_got_the_number_of_a_dead_one_is_not_its_owner() -> None:
    assert is_dead(replace(this_process(), started="1"))


def test_a_process_of_another_machine_is_not_known_to_be_dead() -> None:
    assert not is_dead(replace(this_process(), pid=2**22 + 1, boot="another"))


def test_this_process_is_alive() -> None:
    assert not is_dead(this_process())


def race(url: str, study_id: int, rounds: int, barrier: Barrier, name: str) -> None:
    """Run for the lease in each round; the winner writes, and the loser tries to with its last one."""
    storage, last = Storage.open(url), None
    for turn in range(rounds):
        barrier.wait()
        try:
            lease = storage.acquire(study_id)
            storage.save(lease, events=[("won", {"by": name, "round": turn})])
        except StudyBusy:
            lease = None
            if last is not None:
                with pytest.raises(LeaseLost):
                    storage.save(last, events=[("fenced", {"by": name})])
        barrier.wait()
        if lease is not None:
            storage.release(lease)
            last = lease


def test_of_two_controllers_exactly_one_wins_each_of_a_hundred_races(
    storage: Storage, url: str, study: StudyRecord
) -> None:
    context, rounds = multiprocessing.get_context("spawn"), 100
    barrier = context.Barrier(2, timeout=60)
    racers = [context.Process(target=race, args=(url, study.id, rounds, barrier, name)) for name in "ab"]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    events = storage.events(study.id)
    assert [racer.exitcode for racer in racers] == [0, 0]
    assert [event.content["round"] for event in events] == list(range(rounds))
    assert {event.kind for event in events} == {"won"}


class Controllers(RuleBasedStateMachine):
    """Two controllers do whatever they like; the model knows who may write, and how much was written."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.storage = Storage.open(url)
        self.study = self.storage.create("s", {}, TASK, {})
        self.leases: dict[str, Lease] = {}
        self.owner = ""
        self.live = False
        self.written = 0
        self.epoch = 0

    def teardown(self) -> None:
        self.storage.close()

    def acquire(self, name: str) -> None:
        if self.live:
            with pytest.raises(StudyBusy):
                self.storage.acquire(self.study.id)
            return
        self.leases[name] = self.storage.acquire(self.study.id)
        self.epoch += 1
        self.owner, self.live = name, True
        assert self.leases[name].epoch == self.epoch

    @rule()
    def acquire_a(self) -> None:
        self.acquire("a")

    @rule()
    def acquire_b(self) -> None:
        self.acquire("b")

    def save(self, name: str) -> None:
        if self.owner == name:
            self.storage.save(self.leases[name], events=[(name, {})])
            self.written += 1
        else:
            with pytest.raises(LeaseLost):
                self.storage.save(self.leases[name], events=[(name, {})])

    @precondition(lambda self: "a" in self.leases)
    @rule()
    def save_a(self) -> None:
        self.save("a")

    @precondition(lambda self: "b" in self.leases)
    @rule()
    def save_b(self) -> None:
        self.save("b")

    @precondition(lambda self: "a" in self.leases)
    @rule()
    def release_a(self) -> None:
        self.storage.release(self.leases["a"])
        if self.owner == "a":
            self.owner, self.live = "", False

    @precondition(lambda self: "b" in self.leases)
    @rule()
    def renew_b(self) -> None:
        if self.owner == "b":
            self.storage.renew(self.leases["b"])
            self.live = True
        else:
            with pytest.raises(LeaseLost):
                self.storage.renew(self.leases["b"])

    @rule()
    def let_it_expire(self) -> None:
        expire(self.storage)
        self.live = False

    @invariant()
    def only_the_owner_has_written(self) -> None:
        assert len(self.storage.events(self.study.id)) == self.written


def test_whatever_two_controllers_do_only_the_owner_writes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    template = request.getfixturevalue("template") if kind == "postgresql" else ""

    def machine() -> Controllers:
        if not template:
            return Controllers(f"sqlite:///{tmp_path}/{uuid4()}.db")
        return Controllers(request.getfixturevalue("postgres").database(template=template))

    examples = 8 if template else 25
    limits = settings(max_examples=examples, stateful_step_count=20, deadline=None, derandomize=True)
    run_state_machine_as_test(machine, settings=limits)  # type: ignore[arg-type]
