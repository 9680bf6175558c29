"""Preparation of a run: executor, task, defaults, time estimate, policy, before anything is written."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

from nas import executors
from nas.artifacts.folder_checks import require_writable
from nas.artifacts.relocation import with_full_paths
from nas.config import StudyConfig
from nas.controller.budget.epoch_cost import EpochCost
from nas.controller.budget.fidelity import fitted
from nas.controller.budget.survey import FEW, SAMPLES, surveyed, timed
from nas.controller.proposals import seed_of
from nas.executors.protocol import Executor
from nas.operating_system import require_linux
from nas.policies.pair import Pair, pair
from nas.study_file.task_defaults import with_task_defaults
from search_spaces.candidate import Named
from search_spaces.errors import Problem, SpecError
from workers.errors import TaskError
from workers.messages import TaskInfo, TaskSpec


@dataclass(frozen=True, slots=True)
class Prepared:
    """A definition filled in from its task, the executor that looked at the task, and its policy."""

    config: StudyConfig
    task: TaskInfo
    executor: Executor
    policy: Pair
    cost: EpochCost
    """What epochs of its candidates take, as far as that was timed."""


def prepare(config: StudyConfig, stack: ExitStack, start: Callable[[Named], Executor] = executors.start) -> Prepared:
    """Start the executor, which ends with the stack, look at the task, make the policy; nothing is written.

    Raises:
        TaskError, SpecError: the task cannot be used or lacks a metric that is asked for, no candidate of the space can
            be trained, the sampler cannot search it, or nothing can be written to the folder for artifacts.
        NasError: this system is not Linux.
    """
    require_linux()
    config = with_full_paths(config)
    require_writable(config)
    executor = stack.enter_context(closing(start(config.executor)))
    task = described(executor, config.task)
    whole = with_task_defaults(config, task)
    survey = surveyed(whole, task, SAMPLES if whole.budget.seconds else FEW)
    if whole.budget.seconds:
        survey = timed(survey, whole, executor)
    budget = fitted(whole, task, survey.trainable, survey.epoch_seconds, executor.capacity)
    whole = replace(whole, budget=budget)
    return Prepared(whole, task, executor, pair(whole, seed=seed_of(whole.seed, "sampler")), survey.cost)


def described(executor: Executor, task: TaskSpec) -> TaskInfo:
    """Have an executor look at a task.

    Raises:
        SpecError: a setting of the task is wrong, which shows only in its samples.
        TaskError: the samples cannot be used, whatever the settings.
    """
    try:
        return executor.describe(task)
    except TaskError as error:
        if not error.path:
            raise
        raise SpecError([Problem(error.path, error.message)]) from error
