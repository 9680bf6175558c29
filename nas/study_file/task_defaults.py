"""Task defaults: objectives and pruning metric that a study file leaves to its task; metrics that the task lacks."""

from dataclasses import replace

from nas.config import Direction, Objective, Pruning, StudyConfig
from nas.objectives import RESOURCES, SHORT, mixed_with_training, needs_training
from search_spaces.errors import Problem, SpecError, nearest
from workers.messages import TaskInfo
from workers.metric_names import METRIC_DIRECTIONS

_BESIDE_METRICS = (*RESOURCES, *SHORT)
"""What can be an objective beside the metrics of the task."""


def with_task_defaults(config: StudyConfig, task: TaskInfo) -> StudyConfig:
    """Return the study as it will be searched.

    Raises:
        SpecError: an objective, a constraint or the pruning metric speaks of what the task does not measure.
    """
    objectives = config.objectives or (_usual_objective(task),)
    pruning = _pruning(config.pruning, objectives, task)
    problems = [
        *_objective_problems(objectives, task),
        *_constraint_problems(config, task),
        *_pruning_problems(pruning, objectives, task),
    ]
    if problems:
        raise SpecError(problems)
    return replace(config, objectives=objectives, pruning=pruning)


def _usual_objective(task: TaskInfo) -> Objective:
    """Maximise the accuracy; of a regression minimise the error that it trains on, in the unit of its targets."""
    error = task.loss if task.loss in METRIC_DIRECTIONS else "mse"
    metric = "accuracy" if task.kind == "classification" else error
    return Objective(metric, METRIC_DIRECTIONS[metric])


def _pruning(pruning: Pruning, objectives: tuple[Objective, ...], task: TaskInfo) -> Pruning:
    """Prune on the one objective where it is measured at every epoch; on a metric's own direction otherwise."""
    if not pruning.metric and len(objectives) == 1 and objectives[0].metric in task.metrics:
        return replace(pruning, metric=objectives[0].metric, direction=objectives[0].direction)
    direction: Direction = METRIC_DIRECTIONS.get(pruning.metric, pruning.direction)
    for objective in objectives:
        direction = objective.direction if objective.metric == pruning.metric else direction
    return replace(pruning, direction=direction)


def _objective_problems(objectives: tuple[Objective, ...], task: TaskInfo) -> list[Problem]:
    allowed = (*task.metrics, *_BESIDE_METRICS)
    paths = [f"objectives[{place}]" for place in range(len(objectives))] if len(objectives) > 1 else ["objective"]
    return [
        Problem(path, f"task {task.name!r} has no metric {item.metric!r}{nearest(item.metric, allowed)}")
        for path, item in zip(paths, objectives, strict=True)
        if item.metric not in allowed
    ]


def _constraint_problems(config: StudyConfig, task: TaskInfo) -> list[Problem]:
    allowed = (*task.metrics, *_BESIDE_METRICS)
    lacking = f"task {task.name!r} has no metric"
    return [
        Problem(
            f"constraints[{place}]",
            mixed_with_training(item) or f"{lacking} {name!r}{nearest(name, allowed)} in {item.text!r}",
        )
        for place, item in enumerate(config.constraints)
        if needs_training(item)
        for name in sorted(item.names.difference(allowed))
    ]


def _pruning_problems(pruning: Pruning, objectives: tuple[Objective, ...], task: TaskInfo) -> list[Problem]:
    if pruning.pruner.name == "none":
        return []
    if not pruning.metric:
        if _objective_problems(objectives, task):
            return []  # the metric that the objective was meant to be would be pruned on
        names = " and ".join(item.metric for item in objectives)
        hint = f"name one of: {', '.join(task.metrics)}; or pruner: none"
        return [Problem("pruner.metric", f"the objective is {names}: which metric shall be pruned on?", hint=hint)]
    allowed = ("train_loss", *task.metrics)
    if pruning.metric not in allowed:
        message = f"task {task.name!r} has no metric {pruning.metric!r}{nearest(pruning.metric, allowed)}"
        return [Problem("pruner.metric", message)]
    return []
