"""Processes that stop and go on: a worker, the controller, both. One search lives through all of it."""

import signal
import time
from collections.abc import Iterator

import pytest
from outside import Desk, wait_for
from patient import PLUGIN, Patient, gone, signalled, troubled

SILENCE = 3.0


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    desk = Desk(tmp_path_factory.mktemp("frozen"), plugins=(PLUGIN,))
    try:
        patient = Patient.begin(desk, troubled(executor=f"{{process: {{workers: 2, silence: {SILENCE}}}}}"))
        yield patient
        patient.end()
    finally:
        desk.close()


def test_a_worker_that_stops_for_a_moment_goes_on(patient: Patient) -> None:
    workers, lost = patient.desk.workers(), patient.lost()
    signalled(signal.SIGSTOP, workers[0])
    time.sleep(SILENCE / 3)
    signalled(signal.SIGCONT, workers[0])
    patient.go_on()
    assert (patient.desk.workers(), patient.lost()) == (workers, lost)


def test_a_frozen_worker_is_replaced_and_its_job_done_by_another(patient: Patient) -> None:
    frozen, lost = patient.desk.workers()[0], len(patient.lost())
    signalled(signal.SIGSTOP, frozen)
    wait_for(lambda: patient.run.lives() and len(patient.lost()) > lost)
    assert patient.lost()[-1] == f"worker {frozen} gave no sign of life for {SILENCE:g} seconds"
    assert gone([frozen])
    patient.go_on()
    assert len(patient.desk.workers()) == 2


def test_a_controller_that_was_stopped_does_not_blame_its_workers(patient: Patient) -> None:
    workers, lost = patient.desk.workers(), patient.lost()
    signalled(signal.SIGSTOP, patient.run.pid)
    time.sleep(SILENCE * 1.5)
    signalled(signal.SIGCONT, patient.run.pid)
    patient.go_on()
    assert (patient.desk.workers(), patient.lost()) == (workers, lost)


def test_a_machine_that_slept_loses_nothing(patient: Patient) -> None:
    workers, lost = patient.desk.workers(), patient.lost()
    signalled(signal.SIGSTOP, patient.run.pid, *workers)
    time.sleep(SILENCE * 1.5)
    signalled(signal.SIGCONT, patient.run.pid, *workers)
    patient.go_on()
    assert (patient.desk.workers(), patient.lost()) == (workers, lost)


@pytest.mark.slow
def test_a_worker_whose_trial_deadlocks_python_is_replaced_until_the_trial_fails(desk: Desk) -> None:
    desk.plugins = (PLUGIN,)
    text = troubled("hold", trials=1, executor="{process: {workers: 1, silence: 1}}")
    run = desk.nas("run", desk.write(text), "--storage", desk.url)
    assert run.end() == 7, run.stderr
    (trial,) = desk.trials()
    assert (trial.state, trial.reason, trial.attempt) == ("FAIL", "lost", 3)


def test_a_trial_that_keeps_python_from_running_but_works_is_left_alone(desk: Desk) -> None:
    desk.plugins = (PLUGIN,)
    text = troubled("spin", trials=1, epochs=1, executor="{process: {workers: 1, silence: 0.2}}")
    run = desk.nas("run", desk.write(text), "--storage", desk.url)
    assert run.end() == 0, run.stderr
    (trial,) = desk.trials()
    assert float((desk.folder / "spun").read_text()) > 0.4
    assert (trial.state, trial.attempt) == ("COMPLETE", 1)
