"""Numbers, durations and candidates as a person reads them."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from nas.objectives import RESOURCES, SHORT
from search_spaces.candidate import Architecture, Named, Params, Recipe, Scalar, Value
from search_spaces.documents.quantities import counted

__all__ = ["age", "architecture", "count", "counted", "duration", "folded", "measure", "named", "number", "recipe"]
__all__ += ["scores", "searched", "setting", "sparkline"]

_SIZES = (*RESOURCES, *SHORT)
_BARS = "▁▂▃▄▅▆▇█"


def number(value: float) -> str:
    """Write whole numbers, and large ones as if they were, with their thousands apart; others with four digits."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:#.4g}"


def count(value: float) -> str:
    """Write a number that may be huge or infinite."""
    if math.isinf(value):
        return "infinitely many"
    return number(int(value)) if value < 1e9 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units."""
    if 0 < seconds < 0.1:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest} s"


def age(moment: datetime, now: datetime | None = None) -> str:
    """Write how long ago something was."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{duration(max(0.0, ((now or datetime.now(UTC)) - aware).total_seconds()))} ago"


def scores(part: str, metrics: Mapping[str, float]) -> str:
    """Write what was measured, and on which samples: `validation accuracy 0.9722, parameters 1,234`.

    The loss of a regression is of standardised targets, so that it is left out beside errors in their unit.
    """
    told = {name: value for name, value in metrics.items() if name != "loss" or not {"mse", "mae"} & set(metrics)}
    parts = [f"{name} {number(value)}" for name, value in told.items()]
    first = next((place for place, name in enumerate(told) if name not in _SIZES), None)
    if first is not None:
        parts[first] = f"{part} {parts[first]}"
    return ", ".join(parts)


def measure(part: str, name: str) -> str:
    """Name a metric with the samples it is of; sizes and seconds are of none."""
    return name if name in (*_SIZES, "epochs", "train_loss") else f"{part} {name}"


def architecture(given: Architecture) -> str:
    """Write an architecture in one line."""
    return _named(given.family, given.settings)


def searched(family: str, params: Params) -> str:
    """Write what was sampled in one line, that of each layer together: `mlp depth=2 width=64·32 optimizer=adamw`."""
    return " ".join([family, *(f"{name}={value}" for name, value in folded(params).items())])


def folded(params: Params) -> dict[str, str]:
    """Write what was sampled by its short name, that of each layer together: `width` is `64·32`."""
    found: dict[str, list[Scalar]] = {}
    for name, value in params.items():
        short = re.sub(r"\.\d+$", "", name).removeprefix("optimizer.").removeprefix("schedule.")
        found.setdefault(short, []).append(value)
    return {name: setting(tuple(values)) for name, values in found.items()}


def recipe(given: Recipe) -> str:
    """Write a recipe in one line: what is zero is left out."""
    rest = ("warmup", "gradient_clipping", "weight_decay", "label_smoothing")
    extras = [f"{name}={setting(getattr(given, name))}" for name in rest if getattr(given, name)]
    parts = [named(given.optimizer), f"schedule={named(given.schedule)}", f"batch_size={given.batch_size}", *extras]
    return " ".join(parts)


def named(given: Named) -> str:
    """Write a name from a menu with its settings."""
    return _named(given.name, given.settings)


def setting(value: Value) -> str:
    """Write the value of one hyper-parameter."""
    if isinstance(value, tuple):
        return "·".join(setting(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def sparkline(points: list[float]) -> str:
    """Draw numbers as a row of bars; what is not finite is a gap."""
    finite = [point for point in points if math.isfinite(point)]
    if not finite:
        return ""
    low, spread = min(finite), (max(finite) - min(finite)) or 1.0
    top = len(_BARS) - 1
    return "".join(_BARS[round((p - low) / spread * top)] if math.isfinite(p) else " " for p in points)


def _named(name: str, settings: Mapping[str, Value]) -> str:
    return " ".join([name, *(f"{key}={setting(value)}" for key, value in settings.items())])
