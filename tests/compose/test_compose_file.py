"""What docker-compose.yml and the Dockerfile promise is written in them for every service and every stage."""

import ipaddress
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from compose_file import ROOT, compose, dockerfile

FILE = compose()
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
STEPS = dockerfile()
LAST = [step for step in STEPS if step.stage == STEPS[-1].stage]
PINNED = re.compile(r"^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?$")
GPU = "docker-compose.gpu.yml"
each_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


def program(name: str) -> str:
    """Return the path of a program beside this Python or on PATH; a machine without it says so."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed: its rules are not checked")


def test_the_services_are_these() -> None:
    assert set(SERVICES) == {"db", "migrate", "head", "worker", "controller", "dashboard"}


@each_service
def test_a_service_runs_as_a_user_without_rights(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"cap_add", "privileged", "devices", "pid", "network_mode", "userns_mode"} & service.keys()


@each_service
def test_a_service_writes_to_its_volumes_and_to_memory_alone(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert all("size=" in item for item in service["tmpfs"])
    sources = [volume.split(":") for volume in service.get("volumes", [])]
    assert all(source in FILE["volumes"] or options == ["ro"] for source, _, *options in sources)
    assert not any("docker.sock" in source for source, *_ in sources)


@each_service
def test_a_service_is_limited(service: dict[str, Any]) -> None:
    limits = service["deploy"]["resources"]["limits"]
    assert all(limits[name] for name in ("cpus", "memory", "pids"))
    assert service["logging"]["options"].keys() >= {"max-size", "max-file"}


@each_service
def test_a_service_is_watched_and_ended_gently(service: dict[str, Any]) -> None:
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["healthcheck"].keys() >= {"interval", "timeout"}
    assert service["init"] is True
    assert int(service["stop_grace_period"].rstrip("s")) > 30  # a drain may take so long
    assert service["restart"] in ("unless-stopped", "on-failure", "no")


@each_service
def test_a_service_finds_its_secrets_in_files(service: dict[str, Any]) -> None:
    assert set(service.get("secrets", [])) <= FILE["secrets"].keys()
    assert all(value.keys() == {"file"} for value in FILE["secrets"].values())
    named = {key: value for key, value in service.get("environment", {}).items() if re.search("PASSWORD|TOKEN", key)}
    assert all(str(value).startswith("/run/secrets/") for value in named.values())
    assert not re.search(r"://[^/@]*:[^/@]*@", str(service))


@each_service
def test_a_service_waits_for_what_it_needs(service: dict[str, Any]) -> None:
    wanted = service.get("depends_on", {})
    assert {item["condition"] for item in wanted.values()} <= {"service_healthy", "service_completed_successfully"}
    if "NAS_STORAGE" in service.get("environment", {}):
        assert wanted.keys() & {"db", "migrate"}
    if "RAY_ADDRESS" in service.get("environment", {}) and "--head" not in service["command"]:
        assert "head" in wanted


@each_service
def test_an_image_is_of_one_version(service: dict[str, Any]) -> None:
    assert PINNED.match(service["image"])


def test_the_dashboard_alone_is_published_and_on_the_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"dashboard"}
    assert all(ipaddress.ip_address(port.split(":")[0]).is_loopback for port in published["dashboard"])
    assert "--token-file" in SERVICES["dashboard"]["command"]


def test_only_the_dashboards_network_leads_out() -> None:
    leading_out = {name for name, network in FILE["networks"].items() if not network.get("internal")}
    assert {name for name, service in SERVICES.items() if leading_out & set(service["networks"])} == {"dashboard"}


def test_whoever_runs_code_cannot_reach_the_database() -> None:
    assert not {"head", "worker"} & {name for name, it in SERVICES.items() if "database" in it["networks"]}


def test_gpus_are_for_the_worker_of_the_other_file_alone() -> None:
    (worker,) = compose(name=GPU)["services"].items()
    reserved = worker[1]["deploy"]["resources"]["reservations"]["devices"]
    assert (worker[0], reserved) == ("worker", [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}])
    assert "reservations" not in str(SERVICES)


@pytest.mark.parametrize("files", [[], ["--file", "docker-compose.yml", "--file", GPU]], ids=["cpu", "gpu"])
def test_compose_itself_accepts_the_files(files: list[str]) -> None:
    command = [program("docker-compose"), *files, "--profile", "controller", "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([program("hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_stage_starts_from_one_version() -> None:
    images = [step.text.split()[0] for step in STEPS if step.verb == "FROM"]
    assert len(images) == 2
    assert all(PINNED.match(image) for image in images)


def test_the_image_does_not_run_as_root() -> None:
    assert [step.text for step in LAST if step.verb == "USER"] == [SERVICES["worker"]["user"]]


def test_the_image_says_how_it_is() -> None:
    assert [step.verb for step in LAST].count("HEALTHCHECK") == 1


def test_the_compiler_stays_behind() -> None:
    installing = {step.stage for step in STEPS if "apt-get install" in step.text}
    assert installing == {0}
    assert "COPY --from=build /opt/nas /opt/nas" in [f"{step.verb} {step.text}" for step in LAST]


def test_nothing_is_fetched_but_what_is_pinned() -> None:
    text = "\n".join(step.text for step in STEPS)
    assert not [step for step in STEPS if step.verb == "ADD" or re.search(r"\b(curl|wget|git clone)\b", step.text)]
    assert all("--constraint constraints.txt" in step.text for step in STEPS if "pip install" in step.text)
    assert all("=" in package for package in re.findall(r"--no-install-recommends (\S+)", text))
    assert "rm -rf /var/lib/apt/lists/*" in text


def test_no_layer_keeps_a_cache_of_pip() -> None:
    installing = [step for step in STEPS if "pip install" in step.text]
    assert installing
    assert all(step.text.startswith("--mount=type=cache,target=/root/.cache/pip ") for step in installing)


def test_no_secret_is_in_a_layer() -> None:
    named = [step for step in STEPS if step.verb in ("ARG", "ENV") and re.search("PASSWORD|TOKEN|SECRET", step.text)]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert not named
    assert "*" in ignored, "what is not named does not go to the builder"
    assert not [line for line in ignored if line.startswith("!") and "secret" in line]


def test_what_is_copied_exists_and_reaches_the_builder() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        word
        for step in STEPS
        if step.verb == "COPY" and "--from" not in step.text
        for word in step.text.split()[:-1]
        if not word.startswith("--")
    ]
    assert len(copied) >= 8
    assert all((ROOT / source).exists() and source.split("/")[0] in allowed for source in copied)


def test_the_secrets_are_not_in_the_repository() -> None:
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.slow
def test_what_is_copied_is_all_that_the_package_is_built_from(tmp_path: Path) -> None:
    source = tmp_path / "src"
    for step in STEPS:
        if step.verb == "COPY" and step.stage == 0:
            *copied, target = step.text.split()
            for word in copied:
                _copy(ROOT / word, source / (word if target == "./" else target))
    needed = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {path for path in needed if "/" in path} <= packed
    assert any(path.endswith(".so") for path in packed)


def _copy(source: Path, target: Path) -> None:
    """Copy what the builder is given: not what .dockerignore leaves out."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
