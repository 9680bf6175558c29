"""The verdict on a study's result: what stands beside its test score, and what is to be doubted, in words."""

from collections.abc import Mapping
from typing import Any

from nas.artifacts.final_result import beaten_by
from nas.cli.output import humanize

NAMES = {"majority": "always the most frequent class", "mean": "always the mean", "linear": "a linear model"}
"""What baselines are called where people read of them."""


def headline(result: Mapping[str, Any]) -> str:
    """Return a warning that a result is no better than its baselines; empty where it is better."""
    if beaten := beaten_by(result):
        told = " and ".join(NAMES.get(name, name) for name in beaten)
        return f"no better than {told} on the test samples"
    return ""


def rows(result: Mapping[str, Any]) -> dict[str, object]:
    """Return what stands beside a test score: each warning, and the baselines in its metric."""
    test = result.get("test") or {}
    metric = test.get("metric", "")
    scored = {name: metrics.get(metric) for name, metrics in result.get("baselines", {}).items()}
    told = [f"{written(value)} for {NAMES.get(name, name)}" for name, value in scored.items() if value is not None]
    return {
        "warning": result.get("warnings", []),
        "ensemble": _ensemble(result, metric),
        "compared": _compared(result),
        "baselines": f"test {metric} {', '.join(told)}" if told else "",
    }


def _compared(result: Mapping[str, Any]) -> str:
    """Return what fresh seeds of the best made of them on validation."""
    shown = [
        f"{written(item['mean']) if item['seeds'] else 'no score'} for trial {item['number']}"
        for item in result.get("compared", [])
    ]
    return f"with fresh seeds on validation: {', '.join(shown)}" if shown else ""


def _ensemble(result: Mapping[str, Any], metric: str) -> str:
    """Return what the average of the retrainings scored as one network."""
    scored = result.get("ensemble") or {}
    value = scored.get("metrics", {}).get(metric)
    return "" if value is None else f"test {metric} {written(value)}, the average of {scored['seeds']} seeds as one"


def written(value: float) -> str:
    """Write a score as test scores are written."""
    return humanize.number(value) if abs(value) >= 1e3 else f"{value:.4f}"
