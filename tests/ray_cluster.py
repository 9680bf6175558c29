"""A Ray cluster of several nodes on this machine, with token authentication, each node a session of its own."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

RAY = Path(sys.executable).parent / "ray"
STORE = 80 * 2**20


@dataclass(slots=True)
class Node:
    """One `ray start`: all its processes are in one session."""

    session: int

    def pids(self, command: str = "") -> list[int]:
        """Return its living processes whose command holds this text."""
        return [pid for pid in members(self.session) if command in command_of(pid)]

    def kill(self, command: str) -> int:
        """Kill its one process of this command."""
        (pid,) = self.pids(command)
        os.kill(pid, signal.SIGKILL)
        return pid

    @property
    def workers(self) -> list[int]:
        return self.pids("ray::RayWorker")

    def end(self) -> None:
        end_session(self.session)


@dataclass(slots=True)
class RayCluster:
    """A head, and the nodes that have joined it."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="rc", dir="/tmp")))
    port: int = field(default_factory=lambda: free_port())
    variables: Mapping[str, str] = field(default_factory=dict)
    """What else is in the environment of every node."""
    dashboard: int = 0
    """The port of the dashboard, which takes jobs; 0: there is none."""
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token.touch(mode=0o600)
        self.token.write_text(secrets.token_hex(32))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def token(self) -> Path:
        return self.folder / "token"

    @property
    def secret(self) -> dict[str, str]:
        """Return what makes known the token."""
        return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(self.token)}

    @property
    def environment(self) -> dict[str, str]:
        """Return what a node needs, or a driver."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "NAS_", "PYTEST_"))}
        return {**kept, **self.secret, **self.variables}

    def head(self, cpus: int = 0) -> Node:
        """Start the head; it notices lost nodes sooner than Ray does by itself."""
        shown = [f"--dashboard-port={self.dashboard}"] if self.dashboard else ["--include-dashboard=false"]
        return self._start("--head", f"--port={self.port}", f"--temp-dir={self.folder}", *shown, cpus=cpus)

    def join(self, cpus: int = 1) -> Node:
        """Let one more node join."""
        return self._start(f"--address={self.address}", cpus=cpus)

    def drain(self, node: Node, seconds: int = 30) -> None:
        """Announce that a node will be taken away, as a cloud does."""
        (raylet,) = node.pids("raylet/raylet")
        name = re.findall(r"--node[-_]id=(\w+)", command_of(raylet))
        assert name, command_of(raylet)
        command: list[str | Path] = [
            RAY,
            "drain-node",
            f"--address={self.address}",
            f"--node-id={name[0]}",
            "--reason=DRAIN_NODE_REASON_PREEMPTION",
        ]
        command += ["--reason-message=test", f"--deadline-remaining-seconds={seconds}"]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=120)

    def close(self) -> None:
        """End every node, whatever has happened to it."""
        for node in self.nodes:
            node.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, *options: str, cpus: int) -> Node:
        health = {
            "RAY_health_check_initial_delay_ms": "1000",
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_timeout_ms": "2000",
            "RAY_health_check_failure_threshold": "3",
        }
        usual = [f"--num-cpus={cpus}", f"--object-store-memory={STORE}", "--disable-usage-stats"]
        usual.append(f"--dashboard-agent-listen-port={free_port()}")  # of each node on this machine, or none takes jobs
        said = self.folder / f"{len(self.nodes)}.out"
        with said.open("wb") as out:
            started = subprocess.Popen(
                [RAY, "start", "--node-ip-address=127.0.0.1", *options, *usual],
                env={**self.environment, **health},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.nodes.append(Node(started.pid))
        assert started.wait(120) == 0, said.read_text()
        return self.nodes[-1]


def members(session: int) -> Sequence[int]:
    """Return the living processes of a session."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(sid) == session and state not in "ZX":
                found.append(int(entry.name))
    return found


def command_of(pid: int) -> str:
    """Return a process's command line; nothing where it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    return ""


def end_session(session: int) -> None:
    """Kill all processes of a session."""
    deadline = time.monotonic() + 20.0
    while (left := members(session)) and time.monotonic() < deadline:
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
