"""Planner: choose plain torch or the native engine for a candidate, by estimate, or by a trial where that is close.

Estimates come from a calibration of this machine. Where they differ by less than `CLEAR`, one step of the candidate's
own network is timed in both engines. Both are remembered in the user's cache, so that the same study on the same
machine is trained by the same engines again.
"""

import logging
import os
from functools import cache
from typing import Any, Literal

from search_spaces.candidate import Named
from search_spaces.errors import NasError
from search_spaces.network import Network
from workers.engines.calibration import calibrate, race, recalled, remembered
from workers.engines.cost_model import Rates
from workers.engines.native import bindings, program
from workers.engines.native.engine import Native
from workers.engines.protocol import Engine, Member
from workers.engines.solo import Solo
from workers.messages import TaskInfo

Choice = Literal["native", "solo"]

CLEAR = 2.5
"""An estimate that differs by this factor is believed."""

NEAR = 0.95
"""A native step has to be this much shorter in a trial, where its neighbours leave it the whole cache."""

SWITCH = "NAS_ENGINE"
"""Environment variable: `solo` keeps everything in plain torch, `native` trains natively whatever can be."""


def choose(member: Member) -> Choice:
    """Name the engine that is the faster one for a candidate on the CPU."""
    wanted = os.environ.get(SWITCH, "")
    if wanted == "solo" or not status().present or not _covered(member.network):
        return "solo"
    if wanted == "native":
        return "native"
    ratio = _estimate(member.network, member.batch_size)
    if ratio > CLEAR or ratio < 1 / CLEAR:
        return "native" if ratio > 1 else "solo"
    return _tried(member.network, member.batch_size, member.candidate.recipe.optimizer)


def guess(member: Member) -> Choice:
    """Name the engine that `choose` will probably name, without measuring anything for it."""
    wanted = os.environ.get(SWITCH, "")
    if wanted == "solo" or not status().present or not _covered(member.network):
        return "solo"
    if wanted == "native" or recalled(_name_of_rates()) is None:
        return "native"
    return "native" if _estimate(member.network, member.batch_size) > 1 else "solo"


@cache
def status() -> bindings.Status:
    """Look for the native engine, and log once why it is absent."""
    found = bindings.status()
    if not found.present:
        logging.getLogger(__name__).info("%s; everything is trained in plain torch", found.reason)
    return found


def _covered(network: Network) -> bool:
    try:
        program.lower(network, 0)
    except program.Unsupported:
        return False
    return True


def _estimate(network: Network, batch: int) -> float:
    """Return how many times longer a step is expected to take in plain torch."""
    rates, lanes = _rates(), status().lanes
    return rates["solo"].estimate(network, batch) / rates["native"].estimate(network, -(-batch // lanes) * lanes)


@cache
def _rates() -> dict[Choice, Rates]:
    def measure() -> dict[str, Any]:
        return {"solo": calibrate(_solo).to_json(), "native": calibrate(_native).to_json()}

    found = remembered(_name_of_rates(), measure)
    return {"solo": Rates.from_json(found["solo"]), "native": Rates.from_json(found["native"])}


def _name_of_rates() -> str:
    return f"engines-{status().variant}"


@cache
def _tried(network: Network, batch: int, optimizer: Named) -> Choice:
    """Time the network itself in both engines; one that neither can train is plain torch's to refuse."""

    def measure() -> dict[str, Any]:
        solo, native = race((_solo, _native), network, batch, optimizer)
        if min(solo, native) == float("inf"):
            raise program.Unsupported("a network that neither engine trains")
        return {"engine": "native" if native <= NEAR * solo else "solo", "solo": solo, "native": native}

    name = f"trial-{status().variant}-{network.fingerprint[:16]}-{batch}-{optimizer.name}"
    try:
        return "native" if remembered(name, measure)["engine"] == "native" else "solo"
    except NasError:
        return "solo"


def _solo(info: TaskInfo, samples: int) -> Engine:
    return Solo(info, samples=samples, epochs=100, device="cpu")


def _native(info: TaskInfo, samples: int) -> Engine:
    return Native(info, samples=samples, epochs=100)
