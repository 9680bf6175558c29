"""A study is searched by a job of Ray: `ray job submit -- nas run …`, on a head that trains too."""

import json

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
    wait_for(head.has_become_healthy, 400)
    check = "import socket; socket.create_connection(('127.0.0.1', 8265), 5)"
    wait_for(lambda: head.run(["python", "-c", check]).code == 0, 120)
    return head


def test_a_job_runs_a_study(head: Container) -> None:
    study = small(trials=4, epochs=2)
    assert head.run(["sh", "-c", f"cat > /tmp/study.yaml <<'E'\n{study}E"]).code == 0
    ran = head.run([*SUBMIT, "--", "nas", "run", "/tmp/study.yaml", *OPTIONS], timeout=240)
    assert ran.code == 0, ran.out + ran.err
    shown = head.run(["nas", "show", "s", "--json", "--storage", "sqlite:////tmp/nas.db"])
    assert json.loads(shown.out)["state"] == "FINISHED"


def test_who_has_not_the_token_has_no_jobs(head: Container) -> None:
    ask = "from urllib.request import urlopen; urlopen('http://127.0.0.1:8265/api/jobs/', timeout=30)"
    assert "HTTP Error 401: Unauthorized" in head.run(["python", "-c", ask]).err
