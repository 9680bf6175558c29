"""Metrics in a study file: objectives, constraints, and the metric that a pruner compares."""

from nas.config import Direction, Objective, Pruning, prunable
from nas.objectives import RESOURCES, SHORT, mixed_with_training
from nas.pruners import PRUNERS
from nas.study_file.menus import choice_of, default, read_named
from search_spaces.documents.cursor import Cursor
from search_spaces.documents.nodes import ListNode, MapNode
from search_spaces.errors import Problem, SpecError, nearest
from search_spaces.expressions import Expression
from search_spaces.network import SIZES
from search_spaces.space_file.conditions import expression
from workers.metric_names import METRIC_DIRECTIONS, METRICS

MEASURES = (*dict.fromkeys(name for names in METRICS.values() for name in names), *RESOURCES)
COMPARED = (*(name for name in MEASURES if name not in RESOURCES), "train_loss")
"""What a pruner may compare: whatever changes with the epochs."""
CONSTRAINED = (*dict.fromkeys((*MEASURES, *SIZES, *SHORT)),)
"""What a constraint may speak of."""
DIRECTIONS: dict[str, Direction] = {"maximize": "maximize", "minimize": "minimize"}
MOST_OBJECTIVES = 5


def read_objective(cursor: Cursor) -> Objective | None:
    """Read `maximize accuracy`, or `accuracy` alone: which way each metric is better is known."""
    needed = "maximize or minimize and a metric"
    text = cursor.text("", needed)
    words = usual_way(text).split() if text in MEASURES else text.split()
    if len(words) != 2:
        if text:
            cursor.wrong(needed, f"such as {usual_way(words[0]) if len(words) == 1 else 'maximize accuracy'}")
        return None
    if words[0] not in DIRECTIONS:
        cursor.mistake(f"unknown direction {words[0]!r}{nearest(words[0], tuple(DIRECTIONS))}")
    if words[1] not in MEASURES:
        cursor.mistake(f"unknown metric {words[1]!r}{nearest(words[1], MEASURES)}")
    return Objective(words[1], DIRECTIONS.get(words[0], "maximize")) if words[1] in MEASURES else None


def usual_way(metric: str) -> str:
    """Write a metric with the direction that is better for it."""
    if metric not in MEASURES:
        return "maximize accuracy"
    return f"{'minimize' if metric in RESOURCES else METRIC_DIRECTIONS[metric]} {metric}"


def read_objectives(one: Cursor | None, several: Cursor | None) -> tuple[Objective, ...]:
    """Read `objective` or `objectives`; empty when the file has neither and the task's kind decides."""
    if one is not None and several is not None:
        several.mistake("objective and objectives are two ways to say the same", "keep one")
    if one is not None:
        if isinstance(one.node, ListNode):
            one.mistake("needs one objective, got a list", "write objectives: for several")
            return ()
        found = read_objective(one)
        return (found,) if found else ()
    return _several(several) if several is not None else ()


def _several(cursor: Cursor) -> tuple[Objective, ...]:
    items = cursor.items("a list of objectives, such as ['maximize accuracy', 'minimize parameters']")
    if isinstance(cursor.node, ListNode) and not 1 <= len(items) <= MOST_OBJECTIVES:
        cursor.mistake(f"needs 1 to {MOST_OBJECTIVES} objectives, got {len(items)}")
        return ()
    found: dict[str, Objective] = {}
    for item in items:
        objective = read_objective(item)
        if objective and objective.metric in found:
            item.mistake(f"{objective.metric!r} is an objective already")
        elif objective:
            found[objective.metric] = objective
    return tuple(found.values())


def read_constraints(cursor: Cursor) -> tuple[Expression, ...]:
    """Read `["parameters <= 200k"]`, over sizes of the network, metrics and resources of a finished trial."""
    items = cursor.items("a list of expressions, such as ['parameters <= 200k']")
    return tuple(found for item in items if (found := _constraint(item)))


def _constraint(cursor: Cursor) -> Expression | None:
    found = expression(cursor, _require_measure)
    if found is not None and (mistake := mixed_with_training(found)):
        cursor.mistake(mistake)
        return None
    return found


def _require_measure(name: str) -> None:
    if name not in CONSTRAINED:
        raise SpecError([Problem("", f"unknown name {name!r}{nearest(name, CONSTRAINED)}")])


def read_pruning(cursor: Cursor | None, objectives: tuple[Objective, ...]) -> Pruning:
    """Read `asha`, `none` or `{asha: {reduction: 3}, metric: accuracy}`.

    Without it `asha` compares the objective; several objectives, or one that does not change with the epochs, are
    not pruned unless the file names a pruner and its metric.
    """
    offer = choice_of(PRUNERS)
    if cursor is None:
        return Pruning(default(offer, "asha" if prunable(objectives) else "none"))
    named = read_named(cursor, offer, besides=("metric",)) or default(offer, "none")
    entries = cursor.entries() if isinstance(cursor.node, MapNode) else {}
    if "metric" in entries:
        compared = _compared(entries["metric"])
        return Pruning(named, compared.metric, compared.direction) if compared else Pruning(named)
    if named.name != "none" and not prunable(objectives):
        hint = f"write {{{named.name}: , metric: accuracy}}, or none"
        cursor.mistake("needs the metric that the pruner compares", hint)
    return Pruning(named)


def _compared(cursor: Cursor) -> Objective | None:
    """Read a metric of each epoch, with or without its direction."""
    text = cursor.text("", "a metric, such as accuracy")
    if not text:
        return None
    words = text.split() if " " in text else [METRIC_DIRECTIONS.get(text, "maximize"), text]
    if len(words) != 2 or words[0] not in DIRECTIONS or words[1] not in COMPARED:
        cursor.mistake(f"unknown metric {words[-1]!r}{nearest(words[-1], COMPARED)}")
        return None
    return Objective(words[1], DIRECTIONS[words[0]])
