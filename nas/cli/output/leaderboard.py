"""The best trials as a table: a line a trial, and a column for what they differ in, as far as a terminal is wide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from nas.cli.output import humanize
from nas.cli.output.console import table
from nas.objectives import measured
from nas.snapshot import Snapshot, valued
from nas.trials import Trial

_GAP = 2  # columns of the terminal between two of the table
_WIDEST = 24


@dataclass(frozen=True, slots=True)
class Column:
    """A head of one or two lines, and a cell for each trial."""

    head: str
    cells: tuple[str, ...]
    numbers: bool = False

    @property
    def width(self) -> int:
        """Width in characters on a terminal."""
        return max(map(len, (*self.head.split("\n"), *self.cells)))


def board(snapshot: Snapshot, best: Sequence[Trial], by: str | None, width: int) -> RenderableType:
    """Tabulate trials: what they reached, their size, and what was sampled differently, as much as fits."""
    always = [Column("trial", tuple(str(trial.number) for trial in best), numbers=True), *_measures(snapshot, best, by)]
    differing = [column for column in _sampled(best) if len({*column.cells}) > 1]
    fitting = _fitting(differing, width - sum(column.width + _GAP for column in always))
    shown = table(*(f"{'#' * column.numbers}{column.head}" for column in (*always, *fitting)))
    for row in zip(*(column.cells for column in (*always, *fitting)), strict=True):
        shown.add_row(*map(Text, row))
    left_out = len(differing) - len(fitting)
    if not left_out:
        return shown
    told = f"they differ in {left_out} more: widen the terminal, or see nas trial {snapshot.record.name} N"
    return Group(shown, Text(told, "dim", no_wrap=True, overflow="ellipsis"))


def _measures(snapshot: Snapshot, best: Sequence[Trial], by: str | None) -> Iterable[Column]:
    """Return the objectives, what was asked for, and the sizes in which trials differ."""
    objectives = snapshot.config.objectives
    known = [{**measured(trial), "epochs": trial.epochs, **valued(trial, objectives)} for trial in best]
    wanted = dict.fromkeys([*(item.metric for item in objectives), *([by] if by else []), "parameters", "epochs"])
    for name in wanted:
        column = Column(_head(name), tuple(humanize.number(each[name]) for each in known), numbers=True)
        if name != "epochs" or len({*column.cells}) > 1:
            yield column


def _head(name: str) -> str:
    return humanize.measure("validation", name).replace(" ", "\n", 1)


def _sampled(best: Sequence[Trial]) -> list[Column]:
    """Return what was sampled, that of each layer together, the architecture first."""
    folded = [humanize.folded(trial.params) for trial in best]
    short = _short({name for each in folded for name in each}, folded)
    shown = [{short[name]: _cut(value) for name, value in each.items()} for each in folded]
    heads = dict.fromkeys(name for each in shown for name in each)
    return [Column(head.replace(".", "\n", 1), tuple(each.get(head, "") for each in shown)) for head in heads]


def _short(names: Iterable[str], trials: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Call `sgd.lr` and `adamw.lr` both `lr`, where no trial has two of the same short name."""
    leaves = {name: name.rpartition(".")[2] for name in names}
    twice = {leaf for each in trials for leaf, count in Counter(leaves[name] for name in each).items() if count > 1}
    return {name: name if leaf in twice else leaf for name, leaf in leaves.items()}


def _fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the first columns that fit beside each other, and of the others those that still do."""
    fitting: list[Column] = []
    for column in columns:
        if column.width + _GAP <= width:
            fitting.append(column)
            width -= column.width + _GAP
    return fitting


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
