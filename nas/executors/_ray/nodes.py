"""Nodes of a Ray cluster: which are there, which will leave, and how many workers they have room for."""

from collections.abc import Mapping
from math import inf

import ray
from ray._private.state import state  # the only way to hear of a drain; Ray Serve and Train ask the same


class Nodes:
    """Nodes as the cluster's head last reported them; `cpus` and `gpus` are what one worker needs."""

    def __init__(self, cpus: float, gpus: float) -> None:
        self._needs = {"CPU": cpus, "GPU": gpus}
        self.alive: frozenset[str] = frozenset()
        self.draining: frozenset[str] = frozenset()
        self.room = 0

    def look(self) -> None:
        """Ask the head; this waits while it is away."""
        nodes = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]  # Ray's own
        self.alive = frozenset(node["NodeID"] for node in nodes)
        self.draining = frozenset(state.get_draining_nodes())
        self.room = sum(self._fitting(node["Resources"]) for node in nodes if node["NodeID"] not in self.draining)

    def _fitting(self, resources: Mapping[str, float]) -> int:
        needs = {name: need for name, need in self._needs.items() if need}
        return int(min((resources.get(name, 0.0) / need for name, need in needs.items()), default=inf))
