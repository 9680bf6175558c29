"""Random faults, one after another, to a search with two workers.

They last NAS_SOAK_SECONDS (1200), half of them on each kind of database; NAS_SOAK_SEED draws them. `make soak` runs
this alone.
"""

import os
import random
import signal
import time
from collections.abc import Callable

import pytest
from invariants import invariants
from outside import Desk, wait_for
from patient import PLUGIN, Patient, gone, signalled, troubled

SECONDS = float(os.environ.get("NAS_SOAK_SECONDS", "1200"))
SEED = int(os.environ.get("NAS_SOAK_SEED") or random.SystemRandom().randrange(10**6))
SILENCE = 3.0


def kill_a_worker(patient: Patient, moments: random.Random) -> None:
    victim = moments.choice(patient.desk.workers())
    signalled(signal.SIGKILL, victim)
    wait_for(lambda: patient.run.lives() and gone([victim]))


def freeze_a_worker(patient: Patient, moments: random.Random) -> None:
    victim, lost = moments.choice(patient.desk.workers()), len(patient.lost())
    signalled(signal.SIGSTOP, victim)
    wait_for(lambda: patient.run.lives() and (gone([victim]) or len(patient.lost()) > lost))


def freeze_the_controller(patient: Patient, moments: random.Random) -> None:
    signalled(signal.SIGSTOP, patient.run.pid)
    time.sleep(moments.uniform(0, 2 * SILENCE))
    signalled(signal.SIGCONT, patient.run.pid)


def freeze_everything(patient: Patient, moments: random.Random) -> None:
    everybody = (patient.run.pid, *patient.desk.workers())
    signalled(signal.SIGSTOP, *everybody)
    time.sleep(moments.uniform(0, 2 * SILENCE))
    signalled(signal.SIGCONT, *everybody)


def kill_the_controller(patient: Patient, moments: random.Random) -> None:
    patient.run.kill()
    assert not patient.desk.no_orphans()
    patient.seen = invariants(patient.desk.url, before=patient.seen)
    patient.resume()


def kill_the_controller_while_it_starts(patient: Patient, moments: random.Random) -> None:
    patient.run.kill()
    patient.run = patient.desk.start("resume", "s", "--storage", patient.desk.url, "--json")
    time.sleep(moments.uniform(0, 3))
    kill_the_controller(patient, moments)


def damage_checkpoints(patient: Patient, moments: random.Random) -> None:
    """Damage those of trials under way, which then start again; weights of finished trials are the user's to guard."""
    patient.run.kill()
    damaged = [trial.checkpoint for trial in patient.desk.trials() if not trial.state.finished and trial.checkpoint]
    for checkpoint in damaged:
        with open(checkpoint.path, "r+b") as file:
            file.truncate(moments.randrange(checkpoint.bytes))
    patient.resume()
    wait_for(lambda: patient.run.lives() and not {trial.checkpoint for trial in patient.desk.trials()} & {*damaged})


def drain(patient: Patient, moments: random.Random) -> None:
    patient.run.process.send_signal(moments.choice((signal.SIGINT, signal.SIGTERM)))
    assert patient.run.end() in (130, 143), patient.run.stderr
    patient.seen = invariants(patient.desk.url, before=patient.seen, ended=True)
    patient.resume()


def start_another_controller(patient: Patient, moments: random.Random) -> None:
    second = patient.desk.nas("resume", "s", "--storage", patient.desk.url)
    assert second.end() == 5, second.stderr


FAULTS: tuple[Callable[[Patient, random.Random], None], ...] = (
    kill_a_worker,
    freeze_a_worker,
    freeze_the_controller,
    freeze_everything,
    kill_the_controller,
    kill_the_controller_while_it_starts,
    damage_checkpoints,
    drain,
    start_another_controller,
)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 900)
def test_a_search_lives_through_random_faults(any_desk: Desk) -> None:
    print(f"NAS_SOAK_SEED={SEED}")  # noqa: T201  # shown where it fails
    any_desk.plugins = (PLUGIN,)
    executor = f"{{process: {{workers: 2, silence: {SILENCE}}}}}"
    moments, until = random.Random(SEED), time.monotonic() + SECONDS / 2  # each kind of database has its half
    patient = Patient.begin(any_desk, troubled("[nothing, nan, raise]", pause=0.05, executor=executor))
    faults = 0
    while time.monotonic() < until:
        fault = moments.choice(FAULTS)
        print(f"{until - time.monotonic():.0f} s left: {fault.__name__}", flush=True)  # noqa: T201  # as above
        fault(patient, moments)
        patient.go_on()
        faults += 1
    patient.end()
    print(f"{faults} faults, {len(patient.seen)} trials finished")  # noqa: T201  # as above
    assert faults > 0
