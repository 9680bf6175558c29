"""Show what this machine can train with, what is missing, and how to get it."""

import platform
from importlib.util import find_spec

from nas.cli.options import JsonOption
from search_spaces.version import DISTRIBUTION

EXTRAS = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "cmaes": ("cmaes",),
    "plots": ("plotly",),
    "ray": ("ray",),
    "postgres": ("psycopg",),
    "service": ("fastapi", "uvicorn"),
}
"""The packages that each extra of this distribution brings."""


def doctor(json: JsonOption = False) -> None:
    """Show what workers here would train with, and which extras are installed."""
    from nas.cli.output.console import facts, out, print_json
    from nas.executors._process.machine import machine

    found = machine()
    extras = {name: all(find_spec(package) is not None for package in packages) for name, packages in EXTRAS.items()}
    if json:
        native = {"variant": found.native, "reason": found.native_reason}
        machine_facts = {"cores": found.cores, "devices": found.devices, "torch": found.torch}
        print_json({**machine_facts, "native": native, "extras": extras})
        return
    missing = [name for name, there in extras.items() if not there]
    rows = {
        "python": platform.python_version(),
        "torch": found.torch,
        "devices": ", ".join(found.devices),
        "cores": found.cores,
        "native engine": found.native or f"absent: {found.native_reason}; candidates are trained in plain torch",
        "extras": ", ".join(name for name, there in extras.items() if there) or "none",
        "not installed": ", ".join(f"{DISTRIBUTION}[{name}]" for name in missing),
    }
    out().print(facts(rows), soft_wrap=True)
