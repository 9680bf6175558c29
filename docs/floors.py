"""The picture of docs/architecture.md: the rooms of the three packages by floor, and which imports which.

`python -m docs.floors` draws it anew. The floors are the contracts of import-linter in pyproject.toml, the arrows are
the imports of the code. A test fails when the picture is older than the code.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "images" / "floors.svg"
PACKAGES = ("nas", "workers", "search_spaces")

WIDTH, BOX, LETTER, GAP, STOREY, MARGIN, PASSAGE = 1120, 28, 7.4, 72, 64, 20, 30
"""Pixels: the picture, the height of a room, a letter, the space between rooms, of floors, edges and packages."""
COLOURS = {"nas": "#3949ab", "workers": "#00796b", "search_spaces": "#b26a00"}

Imports = Mapping[str, set[str]]
"""For each room, the rooms of the same package that it imports."""


@dataclass(frozen=True, slots=True)
class Room:
    """A module or folder at the top of a package, as a box."""

    name: str
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """Return where arrows begin and end."""
        return self.x + self.width / 2


def floors(package: str) -> list[list[str]]:
    """Return the floors of a package from the top down, as its contract says."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one.get("containers") == [package])
    return [[room.strip() for room in re.split("[|:]", layer)] for layer in contract["layers"]]


def imports(graph: grimp.ImportGraph, package: str) -> Imports:
    """Return which rooms of a package import which."""
    rooms = [room for floor in floors(package) for room in floor]
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        if (room := _room(module, package)) in found:
            found[room] |= {_room(other, package) for other in graph.find_modules_directly_imported_by(module)}
    return {room: others & found.keys() - {room} for room, others in found.items()}


def without_detours(direct: Imports) -> Imports:
    """Leave out each arrow that a longer way implies; what is left can be read."""

    def reached(room: str) -> set[str]:
        return direct[room].union(*map(reached, direct[room]))

    return {
        room: {other for other in others if not any(other in reached(via) for via in others - {other})}
        for room, others in direct.items()
    }


def drawn() -> str:
    """Return the whole picture as SVG."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    parts: list[str] = []
    top = MARGIN
    for package in PACKAGES:
        if parts:
            parts.append(f'<path d="M{WIDTH / 2},{top} V{top + PASSAGE - 5}" class="passage" marker-end="url(#head)"/>')
            top += PASSAGE
        rows = floors(package)
        height = 34 + STOREY * len(rows)
        parts += _band(package, top, height)
        parts += _building(package, rows, without_detours(imports(graph, package)), top + 40)
        top += height
    note = "nas imports search_spaces directly, too. Arrows that a longer way implies are left out."
    parts.append(f'<text x="{MARGIN}" y="{top + MARGIN}" class="note">{note}</text>')
    return _HEAD.format(width=WIDTH, height=top + 2 * MARGIN) + "\n".join(parts) + "\n</svg>\n"


def _band(package: str, top: float, height: float) -> Iterator[str]:
    colour = COLOURS[package]
    yield f'<rect x="{MARGIN / 2}" y="{top}" width="{WIDTH - MARGIN}" height="{height}" rx="8" class="band"/>'
    yield f'<text x="{MARGIN}" y="{top + 24}" class="package" fill="{colour}">{package}</text>'


def _building(package: str, rows: Sequence[Sequence[str]], arrows: Imports, top: float) -> Iterator[str]:
    placed: dict[str, Room] = {}
    for storey, row in enumerate(rows):
        for room in _row(_ordered(row, arrows, placed), top + STOREY * storey):
            placed[room.name] = room
    for name in sorted(arrows):
        for other in sorted(arrows[name]):
            yield _arrow(placed[name], placed[other])
    for box in placed.values():
        yield f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{BOX}" rx="5" class="{package}"/>'
        yield f'<text x="{box.middle:.0f}" y="{box.y + 19:.0f}" class="room">{escape(box.name)}</text>'


def _ordered(row: Sequence[str], arrows: Imports, above: Mapping[str, Room]) -> list[str]:
    """Put each room under the middle of those that import it, so that few arrows cross."""

    def middle(name: str) -> float:
        callers = [room.middle for room in above.values() if name in arrows[room.name]]
        return sum(callers) / len(callers) if callers else WIDTH / 2

    return sorted(row, key=lambda name: (middle(name), name))


def _row(names: Sequence[str], y: float) -> Iterator[Room]:
    widths = [len(name) * LETTER + 20 for name in names]
    room = WIDTH - 4 * MARGIN - sum(widths)
    gap = min(room / (len(names) + 1), GAP)
    x = (WIDTH - sum(widths) - gap * (len(names) - 1)) / 2
    for name, width in zip(names, widths, strict=True):
        yield Room(name, x, y, width)
        x += width + gap


def _arrow(start: Room, end: Room) -> str:
    above, below = start.y + BOX, end.y - 3
    bend = (below - above) / 2
    way = f"M{start.middle:.0f},{above:.0f} C{start.middle:.0f},{above + bend:.0f} {end.middle:.0f},{below - bend:.0f}"
    return f'<path d="{way} {end.middle:.0f},{below:.0f}" class="arrow" marker-end="url(#head)"/>'


_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="Rooms of the packages">
<style>
text {{ font-family: ui-monospace, monospace; font-size: 12px; }}
.package {{ font-size: 16px; font-weight: bold; }}
.room {{ text-anchor: middle; fill: #fff; }}
.note {{ fill: #555; }}
.band {{ fill: #f4f5f9; stroke: #d5d8e0; }}
.nas {{ fill: #3949ab; }} .workers {{ fill: #00796b; }} .search_spaces {{ fill: #b26a00; }}
.arrow {{ fill: none; stroke: #8a90a0; stroke-width: 1; }}
.passage {{ fill: none; stroke: #555; stroke-width: 2; }}
</style>
<defs><marker id="head" markerWidth="7" markerHeight="7" refX="5" refY="3" orient="auto">
<path d="M0,0 L6,3 L0,6 z" fill="#8a90a0"/></marker></defs>
<rect width="{width}" height="{height}" fill="#fff"/>
"""


def _room(module: str, package: str) -> str:
    """Return the top-level part of a module of a package, empty for one of another package."""
    head, _, rest = module.partition(".")
    return rest.partition(".")[0] if head == package else ""


def main() -> None:
    """Draw the picture anew."""
    PICTURE.write_text(drawn(), "utf-8")


if __name__ == "__main__":
    main()
