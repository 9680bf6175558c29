"""The services of docker-compose.yml work together: each one's very command, with its user, rights, mounts, networks.

They are started in namespaces of this machine, as there may be no Docker; see `containers`.
"""

import json
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from compose_file import ROOT
from containers import Container, Host, wait_for
from outside import small

FEW = small(trials=8, epochs=3, executor="ray")
MANY = small(task="digits", batch_size=4, trials=5000, epochs=9, executor="ray").replace("name: s", "name: many")
ASK = """
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen
url, name, token = sys.argv[1:]
try:
    print(urlopen(Request(url, headers={"Host": name, "Authorization": f"Bearer {token}"}), timeout=30).status)
except HTTPError as error:
    print(error.code)
"""
RUN = ["nas", "run", "--json", "--executor", "ray"]


@pytest.fixture(scope="module", autouse=True)
def services(host: Host, studies: Path) -> dict[str, Container]:
    """Start everything as `docker compose up --scale worker=2` does."""
    (studies / "few.yaml").write_text(FEW)
    (studies / "many.yaml").write_text(MANY)
    started = [name for name, service in host.file["services"].items() if "profiles" not in service]
    host.up(*started, scale={"worker": 2})
    return {container.name: container for container in host.containers}


def shown(services: dict[str, Container], name: str) -> dict[str, Any]:
    """Return what is on record of a study."""
    ran = services["dashboard-1"].run(["nas", "show", name, "--json"])
    return json.loads(ran.out) if ran.code == 0 else {}


def finished(run: Container) -> int:
    """Return how many trials a run has said to be finished."""
    return run.said().count('"event": "trial.finished"')


def trains(container: Container) -> bool:
    return any(b"ray::RayWorker" in (Path("/proc") / str(pid) / "cmdline").read_bytes() for pid in container.pids)


def living(host: Host) -> list[tuple[Container, int]]:
    """Return every process of every container that runs."""
    found = [(container, pid) for container in host.containers for pid in container.pids]
    assert len(found) > 20
    return found


def fetch(dashboard: Container, path: str, token: str = "", name: str = "localhost:8080") -> int:
    """Ask the dashboard from the host, as a browser does through the published port; return the status."""
    url = f"http://{dashboard.networks['outside']}:8080{path}"
    return int(dashboard.host.do(sys.executable, "-c", ASK, url, name, token))


def test_every_service_is_healthy(services: dict[str, Container]) -> None:
    lasting = {name: each.is_healthy() for name, each in services.items() if name != "migrate-1"}
    assert lasting == dict.fromkeys(("db-1", "head-1", "worker-1", "worker-2", "dashboard-1"), True)


def test_the_schema_was_made_once(services: dict[str, Container]) -> None:
    assert re.fullmatch(r"schema none → \d+\n", services["migrate-1"].said())


def test_a_study_runs_through_them(host: Host, services: dict[str, Container]) -> None:
    run = host.start("controller", command=[*RUN, "studies/few.yaml"])
    assert run.wait(240) == 0, host.said()
    assert shown(services, "s")["state"] == "FINISHED"


def test_its_weights_are_in_the_volume_that_the_nodes_share(host: Host, services: dict[str, Container]) -> None:
    assert list((host.folder / "volumes" / "runs").rglob("*.safetensors"))
    assert services["dashboard-1"].run(["nas", "db", "status"]).code == 0


def test_a_worker_that_is_stopped_leaves_and_the_search_goes_on(host: Host, services: dict[str, Container]) -> None:
    run = host.start("controller", command=[*RUN, "studies/many.yaml"], number=2)
    wait_for(lambda: finished(run) and trains(services["worker-1"]) and trains(services["worker-2"]), 240)
    assert services["worker-2"].stop() == 0
    before = finished(run)
    wait_for(lambda: finished(run) >= before + 5, 240)
    assert '"reason": "lost"' not in run.said()


def test_every_process_is_an_ordinary_users_and_cannot_become_more(host: Host) -> None:
    for container, pid in living(host):
        with suppress(FileNotFoundError):  # it has ended
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            assert status["Uid"].split()[0] in ("10001", "999"), (container.name, status["Name"])
            assert int(status["CapBnd"], 16) == int(status["CapEff"], 16) == 0
            assert status["NoNewPrivs"].strip() == "1"


def test_no_secret_is_in_a_log_a_command_or_an_environment(host: Host, secret: dict[str, str]) -> None:
    told = host.said().encode()
    for _, pid in living(host):
        with suppress(FileNotFoundError):
            told += Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
    assert [name for name, text in secret.items() if text.encode() in told] == []


def test_a_service_needs_less_than_half_of_the_processes_it_may_have(host: Host) -> None:
    threads = Counter[str]()
    for container, pid in living(host):
        with suppress(FileNotFoundError):
            threads[container.service] += len(os.listdir(f"/proc/{pid}/task"))
    assert len(threads) == 5
    limits = {name: host.file["services"][name]["deploy"]["resources"]["limits"]["pids"] for name in threads}
    assert {name: count for name, count in threads.items() if count >= limits[name] / 2} == {}


def test_a_controller_that_is_stopped_drains(host: Host, services: dict[str, Container]) -> None:
    run = host.containers[-1]
    assert run.stop() == 143
    assert shown(services, "many")["state"] == "STOPPED"


def test_a_dump_is_made_and_restored_as_the_operations_page_says(services: dict[str, Container]) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    dump, restore = re.findall(r"^docker compose exec -T db sh -c '(.*)' [<>] nas.dump$", page, re.MULTILINE)
    made = services["db-1"].run(["sh", "-c", dump])
    assert made.code == 0, made.err
    assert services["db-1"].run(["sh", "-c", restore], given=made.raw).code == 0
    assert shown(services, "many")["state"] == "STOPPED"


def test_the_dashboard_is_healthy_from_outside(services: dict[str, Container]) -> None:
    assert fetch(services["dashboard-1"], "/healthz") == 200


def test_the_dashboard_refuses_a_stranger(services: dict[str, Container], secret: dict[str, str]) -> None:
    dashboard, token = services["dashboard-1"], secret["dashboard_token"]
    answers = [fetch(dashboard, "/api/studies", given) for given in ("", "wrong", secret["db_password"], token)]
    assert answers == [401, 401, 401, 200]


def test_the_dashboard_refuses_a_name_that_is_not_its_own(
    services: dict[str, Container], secret: dict[str, str]
) -> None:
    assert fetch(services["dashboard-1"], "/", secret["dashboard_token"], "evil.example") == 421


def test_whoever_has_not_the_token_has_no_cluster(services: dict[str, Container]) -> None:
    check = ["env", "RAY_AUTH_TOKEN_PATH=/etc/hostname", "ray", "health-check", "--address", "head:6379"]
    ran = services["worker-1"].run(check)
    assert ran.code != 0
    assert "AuthenticationError" in ran.err


def test_a_worker_cannot_reach_the_database(services: dict[str, Container]) -> None:
    address = services["db-1"].networks["database"]
    connect = f"import socket; socket.create_connection(({address!r}, 5432), 5)"
    assert services["worker-1"].run(["python", "-c", connect]).code != 0
    assert services["dashboard-1"].run(["python", "-c", connect]).code == 0


@pytest.mark.parametrize("path", ["/x", "/srv/nas/x", "/opt/nas/x", "/srv/nas/studies/x", "/run/secrets/ray_token"])
def test_what_is_read_only_cannot_be_written(services: dict[str, Container], path: str) -> None:
    refused = services["worker-1"].run(["sh", "-c", f"echo x > {path}"]).err
    assert "Read-only file system" in refused or "Permission denied" in refused  # the folder's owner comes first


@pytest.mark.parametrize("name", ["worker-1", "dashboard-1", "head-1", "db-1"])
def test_a_service_ends_in_the_time_it_is_given(services: dict[str, Container], name: str) -> None:
    assert services[name].stop() in (0, 1)  # `ray start` says 1 whenever it is asked to end
    assert services[name].ended()


def test_the_database_was_shut_down_in_order(services: dict[str, Container]) -> None:
    assert services["db-1"].said().rstrip().endswith("database system is shut down")
