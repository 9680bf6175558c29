"""Standalone Python source: plain torch and numpy, no import of ours, with its weights in a file beside it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from workers import file_store
from workers.errors import ExportError
from workers.exporters._listing import listing
from workers.exporters._trained import BATCH, Trained

SECONDS = 300
"""How long a fresh process may take to answer."""

CHECK = """
import importlib.util, json, sys
import numpy as np
spec = importlib.util.spec_from_file_location("network", sys.argv[1])
network = importlib.util.module_from_spec(spec)
sys.modules["network"] = network
spec.loader.exec_module(network)
loaded = network.load()
if sys.argv[2].endswith(".json"):
    table = json.load(open(sys.argv[2], encoding="utf-8"))
    count = len(next(iter(table.values())))
    cut = lambda begin, end: {name: cells[begin:end] for name, cells in table.items()}
else:
    array = np.load(sys.argv[2], allow_pickle=False)
    count, cut = len(array), lambda begin, end: array[begin:end]
batch = int(sys.argv[4])
outputs = [network.run(loaded, cut(begin, begin + batch)) for begin in range(0, count, batch)]
np.save(sys.argv[3], np.concatenate(outputs), allow_pickle=False)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} & {"nas", "workers", "search_spaces"})))
"""


class Source:
    """`network.py` to read, run and change, and `network.safetensors` that it loads."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Write source and weights."""
        source, weights = folder / "network.py", folder / "network.safetensors"
        source.write_text(listing(trained), "utf-8")
        file_store.write(str(weights), save(trained.weights()))
        return [source, weights]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Run the source in a fresh process, from raw samples on, and see that it imports nothing of ours."""
        samples, outputs = _write_samples(trained, paths[0].parent), paths[0].parent / "outputs.npy"
        command = [sys.executable, "-I", "-c", CHECK, *map(str, (paths[0], samples, outputs, BATCH))]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, cwd=paths[0].parent, start_new_session=True
            )
        except subprocess.TimeoutExpired as error:
            raise ExportError(f"the exported source did not answer within {SECONDS} s") from error
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2]
            raise ExportError(f"the exported source does not run, it ended with {done.returncode}: {said!r}")
        ours = json.loads(done.stdout.splitlines()[-1])
        if ours:
            raise ExportError(f"the exported source imports {', '.join(ours)}")
        return torch.from_numpy(np.load(outputs, allow_pickle=False))


def _write_samples(trained: Trained, folder: Path) -> Path:
    if trained.dataset.preprocessing.kind == "table":
        path = folder / "samples.json"
        path.write_text(json.dumps(trained.raw), "utf-8")
    else:
        path = folder / "samples.npy"
        np.save(path, trained.raw, allow_pickle=False)
    return path
