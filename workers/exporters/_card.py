"""The JSON card that lies beside an exported network."""

import json
from pathlib import Path

from workers.exporters._trained import Trained


def write_card(trained: Trained, path: Path) -> Path:
    """Write the card of the network at `path` beside it and return where."""
    card = path.with_name(f"{path.name}.json")
    card.write_text(json.dumps(trained.card(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return card
