"""The generated parts of these pages: what the menus and the command line say of themselves, as Markdown tables.

`python -m docs.tables` writes them anew between `<!-- table: NAME -->` and `<!-- end -->`; a test fails when a page is
older than what it describes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from nas import pruners, samplers
from nas.cli.main import COMMANDS, load
from nas.executors import EXECUTORS
from search_spaces.families import FAMILIES
from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.ops import OPS
from search_spaces.registry import Menu
from search_spaces.space.recipes import recipe
from search_spaces.space_file.load import LIBRARY, library, load_space
from workers.exporters import EXPORTERS
from workers.metric_names import LOSSES, METRIC_DIRECTIONS, METRICS
from workers.optimizers import OPTIMIZERS
from workers.schedules import SCHEDULES
from workers.tasks import TASKS

FOLDER = Path(__file__).parent
_MARK = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """List the pages that have generated parts."""
    return sorted(path for path in FOLDER.glob("*.md") if _MARK.search(path.read_text("utf-8")))


def filled(text: str) -> str:
    """Return a page with its generated parts as they should be; KeyError for a part that nothing generates."""
    return _MARK.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n\n{match[3]}", text)


def main() -> None:
    """Write every page anew."""
    for path in pages():
        path.write_text(filled(path.read_text("utf-8")), "utf-8")


def _entries(menu: Menu) -> str:
    """Describe each entry of a menu under a heading of its own, with what it can be told."""
    return "\n\n".join(
        f"### {name}\n\n{menu.describe(name)}\n\n{_settings(hyperparameters(menu.load(name)))}" for name in menu.names()
    )


def _settings(found: Sequence[Hyperparameter]) -> str:
    if not found:
        return "Nothing to set."
    each = any(item.each for item in found)
    columns = ("name", "allowed", "default", *(("each",) if each else ()), "what it is")
    return _table(columns, (_setting(item, each=each) for item in found))


def _setting(item: Hyperparameter, *, each: bool) -> list[str]:
    opened = f"; for `{item.when[0]}: {item.when[1]}` alone" if item.when[0] else ""
    counted = [f"`{item.each}`" if item.each else ""] if each else []
    return [f"`{item.name}`", _allowed(item), _default(item), *counted, item.doc + opened]


def _allowed(item: Hyperparameter) -> str:
    return ", ".join(f"`{option}`" for option in item.options) or item.allowed


def _default(item: Hyperparameter) -> str:
    return f"`{item.usual}`" if item.usual else item.absent


def _named(menu: Menu) -> str:
    return _table(("name", "what it is"), ([f"`{name}`", menu.describe(name)] for name in menu.names()))


def _ops() -> str:
    rows = (
        [f"`{name}`", ", ".join(f"`{field}`" for field in OPS.load(name).__dataclass_fields__), OPS.describe(name)]
        for name in OPS.names()
    )
    return _table(("op", "fields", "what it is"), rows)


def _activations() -> str:
    from search_spaces.ops.activation import ACTIVATIONS
    from workers.layers.activation import MODULES, Maxout

    modules = {**{name: f"`torch.nn.{module.__name__}`" for name, module in MODULES.items()}, "maxout": Maxout.__doc__}
    return _table(("name", "what it is"), ([f"`{name}`", modules[name] or ""] for name in ACTIVATIONS))


def _initialisers() -> str:
    from workers.layers._initialisers import INITIALISERS

    rows = ([f"`{name}`", (draw.__doc__ or "").partition("\n")[0]] for name, draw in INITIALISERS.items())
    return _table(("name", "what it does"), rows)


def _losses() -> str:
    rows = (
        [f"`{loss}`", kind, "yes" if loss == losses[0] else ""] for kind, losses in LOSSES.items() for loss in losses
    )
    return _table(("loss", "kind of task", "the usual one"), rows)


def _metrics() -> str:
    kinds = {"train_loss": tuple(METRICS), **{name: _kinds(name) for name in chain(*METRICS.values())}}
    rows = ([f"`{name}`", " and ".join(of), METRIC_DIRECTIONS[name]] for name, of in kinds.items())
    return _table(("metric", "kind of task", "better"), rows)


def _kinds(metric: str) -> tuple[str, ...]:
    return tuple(kind for kind, names in METRICS.items() if metric in names)


def _spaces() -> str:
    rows = []
    for name in library():
        space, head = load_space(name), Path(LIBRARY, f"{name}.yaml").read_text("utf-8").partition("\n")[0]
        rows.append([f"`{name}`", space.family, str(len(space.dimensions)), head.lstrip("# ")])
    return _table(("space", "family", "dimensions", "what it is for"), rows)


def _commands() -> str:
    return "\n\n".join(_command((name,), load(name)) for name in COMMANDS.names())


def _command(names: tuple[str, ...], command: Any) -> str:
    """Describe a command with its arguments and options; a group by what is in it."""
    called = " ".join(names)
    head = f"{'#' * (len(names) + 2)} {called}\n\n{' '.join((command.help or '').split())}"
    below = getattr(command, "commands", None)
    if below is not None:
        return "\n\n".join([head, *(_command((*names, name), found) for name, found in below.items())])
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    usage = " ".join(["nas", called, *(_argument(param) for param in arguments), "[OPTIONS]"])
    return f"{head}\n\n    {usage}\n\n{_table(('argument or option', 'what it is'), map(_param, command.params))}"


def _argument(param: Any) -> str:
    return str(param.metavar) if param.required else f"[{param.metavar}]"


def _param(param: Any) -> list[str]:
    if param.param_type_name == "argument":
        return [f"`{param.metavar}`", param.help]
    written = ", ".join(f"`{option} {param.metavar}`" if param.metavar else f"`{option}`" for option in param.opts)
    default = f"; {param.default} unless given" if param.default not in (None, False) else ""
    variable = f"; else the variable `{param.envvar}`" if param.envvar else ""
    return [written, f"{param.help}{default}{variable}"]


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells)


PARTS: dict[str, Callable[[], str]] = {
    "families": lambda: _entries(FAMILIES),
    "recipe": lambda: _settings(recipe()),
    "ops": _ops,
    "activations": _activations,
    "initialisers": _initialisers,
    "optimizers": lambda: _entries(OPTIMIZERS),
    "schedules": lambda: _entries(SCHEDULES),
    "tasks": lambda: _entries(TASKS),
    "losses": _losses,
    "metrics": _metrics,
    "samplers": lambda: _entries(samplers.SAMPLERS),
    "pruners": lambda: _entries(pruners.PRUNERS),
    "executors": lambda: _entries(EXECUTORS),
    "exporters": lambda: _named(EXPORTERS),
    "spaces": _spaces,
    "commands": _commands,
}

if __name__ == "__main__":
    main()
