"""Card of an exported network: JSON beside it, and metadata inside its file, which may travel alone."""

import json
from pathlib import Path

from workers.exporters._companion import NAME, companion
from workers.exporters._trained import Trained


def write_card(trained: Trained, path: Path) -> Path:
    """Write the card of the network at `path` beside it and return where."""
    card = path.with_name(f"{path.name}.json")
    card.write_text(json.dumps(trained.card(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return card


def metadata(trained: Trained) -> dict[str, str]:
    """Return the entries of the card, each as JSON, and the companion's source under its name."""
    entries = {key: json.dumps(value, ensure_ascii=False) for key, value in trained.card().items()}
    return {**entries, NAME: companion(trained)}
