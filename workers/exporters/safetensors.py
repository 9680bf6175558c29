"""The weights in a safetensors file, with a JSON card beside it that says what they are."""

import json
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from search_spaces.network import Network
from workers import modules
from workers.exporters._card import write_card
from workers.exporters._trained import Trained, in_batches


class Safetensors:
    """Parameters and buffers by name; the card holds the network to put them in."""

    def write(self, trained: Trained, folder: Path) -> list[Path]:
        """Write weights and card."""
        path = folder / "weights.safetensors"
        save_file(trained.weights(), path)
        return [path, write_card(trained, path)]

    def outputs(self, paths: list[Path], trained: Trained) -> Tensor:
        """Build the network that the card describes and load the weights."""
        card = json.loads(paths[1].read_text("utf-8"))
        module = modules.build(Network.from_json(card["network"]), card["seed"] + 1).eval()
        module.load_state_dict(load_file(paths[0]))
        return in_batches(module, trained.inputs)
