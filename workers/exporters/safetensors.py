"""The weights in a safetensors file, with metadata inside and a JSON card beside it, and what prepares raw samples."""

import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from search_spaces.network import Network
from workers import file_store
from workers.exporters._card import metadata, write_card
from workers.exporters._companion import prepared, write_companion
from workers.exporters._trained import Trained, average, in_batches
from workers.layers import _modules


class Safetensors:
    """Parameters and buffers by name; metadata and card hold the network to put them in."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Write weights, card and companion."""
        path = folder / "weights.safetensors"
        file_store.write(str(path), save(trained.weights(), metadata(trained)))
        return [path, write_card(trained, path), write_companion(trained, folder)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Build the network that the metadata describes and load the weights."""
        with safe_open(paths[0], "pt") as file:
            described = {key: file.metadata()[key] for key in ("network", "seeds", "task")}
        card = {key: json.loads(text) for key, text in described.items()}
        network = Network.from_json(card["network"])
        module = average([_modules.build(network, seed + 1) for seed in card["seeds"]], card["task"]["kind"]).eval()
        module.load_state_dict(load_file(paths[0]))
        return in_batches(module, prepared(paths[2], trained))
