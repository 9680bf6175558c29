"""The services of docker-compose.yml work together: each one's very command, with its user, rights, mounts, networks.

They are started in namespaces of this machine, as there may be no Docker; see `containers`.
"""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from containers import Container, Host, wait_for
from outside import small

FEW = small(trials=8, epochs=3, executor="ray")
MANY = small(task="digits", batch_size=4, trials=5000, epochs=9, executor="ray").replace("name: s", "name: many")
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


def ended(services: dict[str, Container], name: str) -> int:
    """Return how many trials of a study have ended."""
    return sum(shown(services, name).get("trials", {}).get(kind, 0) for kind in ("complete", "pruned"))


def fetch(container: Container, path: str, host: str, headers: str = "{}") -> int:
    """Ask the dashboard from the host as a browser would through its published port; return the status."""
    code = f"""
import urllib.request as u, urllib.error as e
request = u.Request("http://{container.networks["outside"]}:8080{path}", headers={{"Host": "{host}", **{headers}}})
try:
    print(u.urlopen(request, timeout=30).status)
except e.HTTPError as error:
    print(error.code)
"""
    return int(container.host.do("python3", "-c", code))


def test_every_service_is_healthy(services: dict[str, Container]) -> None:
    assert {name: each.is_healthy() for name, each in services.items() if name != "migrate-1"} == {
        "db-1": True,
        "head-1": True,
        "worker-1": True,
        "worker-2": True,
        "dashboard-1": True,
    }


def test_the_schema_was_made_once(services: dict[str, Container]) -> None:
    assert re.fullmatch(r"schema none → \d+\n", services["migrate-1"].said())


def test_a_study_runs_through_them(host: Host, services: dict[str, Container]) -> None:
    run = host.start("controller", command=[*RUN, "studies/few.yaml"])
    assert run.wait(240) == 0, host.said()
    assert shown(services, "s")["state"] == "FINISHED"
