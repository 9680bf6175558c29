"""A study is searched by a job of Ray: `ray job submit -- nas run …`, on a head that trains too."""

from pathlib import Path

import pytest
from containers import Container, Host, wait_for
from outside import small

OPTIONS = ["--executor", "ray", "--storage", "sqlite:////tmp/nas.db", "--set", "artifacts.folder=/tmp/runs"]
SUBMIT = ["ray", "job", "submit", "--address", "http://127.0.0.1:8265"]


@pytest.fixture(scope="module")
def head(host: Host) -> Container:
    """Start the head of the compose file with a server of jobs, and CPUs."""
    changed = {"--include-dashboard=false": "--include-dashboard=true", "--num-cpus=0": "--num-cpus=2"}
    command = [changed.get(word, word) for word in host.file["services"]["head"]["command"]]
    assert set(changed.values()) <= set(command)
    head = host.start("head", command=command)
    wait_for(head.has_become_healthy, 240)
    check = "import socket; socket.create_connection(('127.0.0.1', 8265), 5)"
    wait_for(lambda: head.run(["python", "-c", check]).code == 0, 120)
    return head


def test_a_job_runs_a_study(head: Container, tmp_path: Path) -> None:
    study = small(trials=4, epochs=2)
    assert head.run(["sh", "-c", f"cat > /tmp/study.yaml <<'E'\n{study}E"]).code == 0
    ran = head.run([*SUBMIT, "--", "nas", "run", "/tmp/study.yaml", *OPTIONS], timeout=240)
    assert ran.code == 0, ran.out + ran.err
    assert "FINISHED" in head.run(["nas", "show", "s", "--storage", "sqlite:////tmp/nas.db"]).out


def test_who_has_not_the_token_submits_no_job(head: Container) -> None:
    stranger = ["env", "RAY_AUTH_MODE=disabled", *SUBMIT, "--", "true"]
    ran = head.run(stranger)
    assert ran.code != 0
    assert "401" in ran.out + ran.err or "nauthorized" in ran.out + ran.err
