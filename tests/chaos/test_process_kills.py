"""kill -9 of a controller whose worker trains, on both databases; more of them, at random moments, in scenarios."""

from invariants import invariants
from outside import Desk, small


def test_a_killed_controller_leaves_no_process_and_its_study_goes_on(any_desk: Desk) -> None:
    text = small(task="digits", batch_size=8, executor="{process: {workers: 1}}") + "artifacts: {export: []}\n"
    study = any_desk.write(text)
    run = any_desk.start("run", study, "--storage", any_desk.url, "--json")
    run.wait_event("trial.finished")
    run.kill()
    assert not any_desk.no_orphans()
    before = invariants(any_desk.url)
    again = any_desk.nas("resume", "s", "--storage", any_desk.url)
    assert again.end() == 0, again.stderr
    invariants(any_desk.url, before=before, ended=True)
