#!/usr/bin/env python3
"""A node of the Ray cluster at RAY_ADDRESS.

`ray-node OPTION…` stays until SIGTERM, which lets its workers write their checkpoints and leave before it ends.
`ray-node OPTION… -- COMMAND…` becomes the command, beside the node: whoever gives a cluster work must be on a node.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

PATIENCE = 30.0
"""Seconds that workers may take to leave; then the node ends, and their jobs are done again from the checkpoints."""
_ITS_OWN = ("ray::IDLE", "ray::DashboardAgent", "ray::RuntimeEnvAgent")
_PREEMPTION = 2
"""Ray's reason for a drain that is never refused."""


def main(arguments: Sequence[str], address: str) -> int:
    """Start the node with Ray's options, and stay or become the command."""
    options, command = split(arguments)
    here = own_address(address)
    start = ["ray", "start", f"--address={address}", f"--node-ip-address={here}", *options]
    if not command:
        return _stay([*start, "--block"], address, here)
    started = subprocess.run(start, capture_output=True, text=True, check=False)
    if started.returncode == 0:
        os.execvp(command[0], command)
    sys.stderr.write(started.stdout + started.stderr)
    return started.returncode


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options before the first `--`, and the command after it."""
    given = list(arguments)
    place = given.index("--") if "--" in given else len(given)
    return given[:place], given[place + 1 :]


def own_address(address: str) -> str:
    """Return this machine's address on the network that the head is on; in a container Ray may choose another."""
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect((host, int(port)))  # nothing is sent
        found: str = route.getsockname()[0]
        return found


def _stay(start: Sequence[str], address: str, here: str) -> int:
    node = subprocess.Popen(start)
    leaving = Thread(target=_leave, args=(node, address, here))
    signal.signal(signal.SIGTERM, lambda *_: None if leaving.ident else leaving.start())
    code = node.wait()
    return 0 if leaving.ident else code


def _leave(node: "subprocess.Popen[bytes]", address: str, here: str) -> None:
    """Say that this node goes, wait until nobody works on it, and end it."""
    until = time.monotonic() + PATIENCE
    try:
        _announce(address, here)
        while _works() and time.monotonic() < until:
            time.sleep(0.2)
    except Exception as error:  # a head that is gone: the node must end all the same
        print(f"leaves without a word: {error}", file=sys.stderr)  # noqa: T201
    finally:
        node.terminate()


def _works() -> bool:
    """Tell whether an actor or a task runs here; Ray calls its processes by what they do."""
    return any(title.startswith("ray::") and not title.startswith(_ITS_OWN) for title in _titles())


def _titles() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (process / "cmdline").read_bytes().decode("utf-8", "replace")


def _announce(address: str, here: str) -> None:
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # as `ray drain-node`, which must be told an id

    head = GcsClient(address=address)
    deadline = int((time.time() + PATIENCE) * 1000)
    for id, node in head.get_all_node_info(timeout=5).items():
        if node.node_manager_address == here and node.state == 0:  # alive
            head.drain_node(id.hex(), _PREEMPTION, "its container stops", deadline)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ["RAY_ADDRESS"]))
