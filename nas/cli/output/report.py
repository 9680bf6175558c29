"""A study's outcome for people: how it ended, the best network, its score, the files."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from nas.artifacts.final_result import concluded
from nas.cli.options import on_storage
from nas.cli.output import humanize, verdict
from nas.cli.output.console import facts, table
from nas.cli.output.times import times
from nas.config import Budget, Objective, Pruning
from nas.executors import EXECUTORS
from nas.pruners import PRUNERS
from nas.reasons import search_ended, trial_ended
from nas.samplers import SAMPLERS
from nas.snapshot import Snapshot, class_of, tally, valued
from nas.trials import Standing, Trial
from search_spaces.candidate import Named, Settings, Value
from search_spaces.errors import NasError
from search_spaces.hyperparameters import hyperparameters as settings_of
from search_spaces.registry import Menu
from search_spaces.space import SearchSpace
from workers.messages import TaskInfo
from workers.tasks import TASKS


def outcome(snapshot: Snapshot) -> RenderableType:
    """Return how a study stands, what its best network is and what that scored."""
    doubt = verdict.headline(snapshot.record.result)
    parts: list[RenderableType] = [Text(f"warning: {doubt}")] if doubt else []
    parts.append(facts(_standing(snapshot)))
    if snapshot.best is not None:
        parts += [Text(), best(snapshot.best, snapshot.config.objectives)]
    ending = {**_scores(snapshot), **verdict.rows(snapshot.record.result), **_files(snapshot), **_next(snapshot)}
    if any(ending.values()):
        parts += [Text(), facts(ending)]
    return Group(*parts)


def _scores(snapshot: Snapshot) -> dict[str, object]:
    """Return what the best network scored, and on which samples."""
    winner, result = snapshot.best, snapshot.record.result
    reached = humanize.scores("", valued(winner, snapshot.config.objectives)).strip() if winner else ""
    test = "; ".join(filter(None, (test_score(result), _other_scores(snapshot))))
    of_another = winner is not None and test and result.get("best") != winner.number  # more was trained since
    return {
        "validation": f"{reached} (trial {winner.number})" if winner else "",
        "test": f"{test} (trial {result.get('best')})" if of_another else test,
    }


def _other_scores(snapshot: Snapshot) -> str:
    """Write the mean of the other metrics that the retrained network was scored with."""
    match snapshot.record.result:
        case {"best": int(number), "test": {"metric": str(first)}}:
            finals = [item.metrics for item in snapshot.artifacts if item.kind == "final" and item.number == number]
            names = [name for name in (finals[0] if finals else ()) if name not in (first, "loss")]
            means = {name: statistics.fmean(found.get(name, math.nan) for found in finals) for name in names}
            return ", ".join(f"{name} {humanize.number(mean)}" for name, mean in means.items())
    return ""


def _files(snapshot: Snapshot) -> dict[str, object]:
    """Return where the exported network is; the first file of a format is the network itself."""
    files: dict[str, object] = {}
    for item in snapshot.artifacts:
        if item.kind.startswith("export."):
            files.setdefault(item.kind.removeprefix("export."), item.path)
    return files


def _next(snapshot: Snapshot) -> dict[str, object]:
    """Return how to go on with a study that was ended early, and how to take along what it has found."""
    if snapshot.state not in ("STOPPED", "INTERRUPTED"):
        return {}
    name = snapshot.record.name
    return {
        "go on": on_storage(f"nas resume {name}", snapshot.url),
        "export": on_storage(f"nas export {name}", snapshot.url) if snapshot.best else "",
    }


def definition(snapshot: Snapshot) -> dict[str, object]:
    """Return what a study searches, and with what."""
    config, task = snapshot.config, snapshot.record.task
    return {
        "task": humanize.named(chosen(config.task.task, TASKS)),
        "samples": samples_text(task),
        "space": announced_space(config.space),
        "constraints": "; ".join(item.text for item in config.constraints),
        "objective": objectives_text(config.objectives),
        "sampler": humanize.named(chosen(config.sampler, SAMPLERS)),
        "pruner": _pruner(config.pruning),
        "budget": budget_text(config.budget),
        "executor": humanize.named(chosen(config.executor, EXECUTORS)),
        "seed": config.seed,
    }


def budget_text(budget: Budget) -> str:
    """Return what ends a search, whatever is reached first."""
    lasting = (
        humanize.counted(budget.trials, "trial") if budget.trials else "",
        f"{humanize.counted(budget.epochs, 'epoch')} each" if budget.epochs else "",
        f"{humanize.counted(budget.total_epochs, 'epoch')} in all" if budget.total_epochs else "",
        humanize.duration(budget.seconds) if budget.seconds else "",
        f"until {humanize.number(budget.target)} is reached" if budget.target is not None else "",
        f"until {humanize.counted(budget.patience, 'trial')} bring no new best" if budget.patience else "",
    )
    return ", ".join(part for part in lasting if part)


def samples_text(task: TaskInfo) -> str:
    """Return how many samples of what shape a task has, and what is predicted."""
    parts = "/".join(f"{part:,}" for part in task.samples)
    classes = humanize.counted(task.outputs, "class", "classes")
    predicted = classes if task.kind == "classification" else humanize.counted(task.outputs, "output")
    shape = f"{'×'.join(f'{axis:,}' for axis in task.inputs)} input{'' if math.prod(task.inputs) == 1 else 's'}"
    return f"{parts} in train/validation/test; {shape}, {predicted} ({task.kind})"


def objectives_text(objectives: Iterable[Objective]) -> str:
    """Return what is optimised."""
    return ", ".join(f"{item.direction} {humanize.measure('validation', item.metric)}" for item in objectives)


def announced_space(space: SearchSpace) -> str:
    """Return how large a search space is."""
    candidates = "1 candidate" if space.size == 1 else f"{humanize.count(space.size)} candidates"
    return f"{space.family}: {candidates} in {humanize.counted(len(space.dimensions), 'dimension')}"


def best(trial: Trial, objectives: tuple[Objective, ...]) -> RenderableType:
    """Tabulate the best trial: its size, and the hyper-parameters that were searched."""
    shown = table("best", f"trial {trial.number}")
    reached = _measured(trial, objectives)
    for name, value in hyperparameters(trial, objectives).items():
        if name not in reached and (name in ("parameters", "flops", "family") or _searched(trial, name)):
            shown.add_row(Text(name), Text(value))
    return shown


def hyperparameters(trial: Trial, objectives: tuple[Objective, ...]) -> dict[str, str]:
    """Return values, sizes, architecture and recipe, each as text, in the order they are shown."""
    architecture, recipe = trial.candidate.architecture, trial.candidate.recipe
    rest = ("batch_size", "warmup", "gradient_clipping", "weight_decay", "label_smoothing")
    return {
        **_measured(trial, objectives),
        "parameters": humanize.number(trial.parameters),
        "flops": humanize.number(trial.flops),
        "family": architecture.family,
        **_settings(architecture.settings),
        **_named("optimizer", recipe.optimizer),
        **_named("schedule", recipe.schedule),
        **{name: humanize.setting(getattr(recipe, name)) for name in rest},
    }


def _measured(trial: Trial, objectives: tuple[Objective, ...]) -> dict[str, str]:
    values = valued(trial, objectives)
    return {humanize.measure("validation", name): humanize.number(value) for name, value in values.items()}


def test_score(result: Mapping[str, object]) -> str:
    """Write the score of the final stage, empty where there was none."""
    match result.get("test"):
        case {"metric": metric, "mean": float(mean), "std": float(std), "seeds": int(seeds)}:
            write = humanize.number if abs(mean) >= 1e3 else "{:.4f}".format
            spread = f" ± {write(std)}" if seeds > 1 else ""
            return f"{metric} {write(mean)}{spread} over {humanize.counted(seeds, 'seed')}"
    return ""


def counted(snapshot: Snapshot) -> str:
    """Return how many trials ended how."""
    counts = tally(snapshot.standings)
    ended = " · ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    open_ones = len(snapshot.standings) - sum(counts.values())
    return " · ".join(part for part in (ended, f"{open_ones:,} not ended" if open_ones else "") if part) or "none"


def _standing(snapshot: Snapshot) -> dict[str, object]:
    epochs = sum(trial.epochs for trial in snapshot.standings)
    return {
        "study": snapshot.record.name,
        "state": _state(snapshot),
        "forked from": snapshot.forked_from,
        "trials": f"{len(snapshot.standings):,}: {counted(snapshot)}",
        "failures": _failures(snapshot.standings),
        "epochs": f"{epochs:,}" if epochs else "",
        "time": times(snapshot.record),
        "engines": _engines(snapshot.standings),
        "front": _front(snapshot),
    }


def _state(snapshot: Snapshot) -> str:
    """Return what state a study is in, and why it is finished, or stopped after its search."""
    state, record = snapshot.state.lower(), snapshot.record
    if state == "finished":
        return f"{state}: {search_ended(str(record.result.get('reason', '')))}"
    return f"{state}: it owes its export" if state == "stopped" and concluded(record) else state


def _engines(trials: Iterable[Standing]) -> str:
    """Return what trained them."""
    used = Counter(trial.engine for trial in trials if trial.epochs and trial.engine)
    return ", ".join(f"{number:,} × {engine}" for engine, number in used.most_common())


def _failures(trials: Iterable[Standing]) -> str:
    """Return why trials failed, the commonest reason first, in the first words of it."""
    reasons = Counter(trial.reason.partition(":")[0] for trial in trials if class_of(trial) == "failed")
    return ", ".join(f"{number:,} × {trial_ended(reason) or 'unknown'}" for reason, number in reasons.most_common())


def _front(snapshot: Snapshot) -> str:
    """Return where the other best trials are, when there are several objectives."""
    if len(snapshot.config.objectives) < 2 or not snapshot.pareto_front:
        return ""
    trials = humanize.counted(len(snapshot.pareto_front), "trial")
    return f"{trials}; see them with: nas top {snapshot.record.name} --pareto"


def chosen(named: Named, menu: Menu) -> Named:
    """Leave out the settings that are as they are unless given."""
    if not named.settings:
        return named  # no need to import it: a task of images brings NumPy
    try:
        usual = {item.name: item.default for item in settings_of(menu.load(named.name))}
    except NasError:
        return named  # of another distribution, which is not installed here
    settings = {key: value for key, value in named.settings.items() if key not in usual or value != usual[key]}
    return Named(named.name, Settings(settings))


def _pruner(pruning: Pruning) -> str:
    told = humanize.named(chosen(pruning.pruner, PRUNERS))
    return f"{told} on {pruning.metric}" if pruning.metric and pruning.pruner.name != "none" else told


def _searched(trial: Trial, name: str) -> bool:
    """Return whether a hyper-parameter was sampled: `width` as `width.0`, `adamw.lr` as `optimizer.adamw.lr`."""
    leaf = name.rpartition(".")[2]
    return any(name == key or leaf in key.split(".") for key in trial.params)


def _settings(settings: Mapping[str, Value], prefix: str = "") -> dict[str, str]:
    return {f"{prefix}{name}": humanize.setting(value) for name, value in settings.items()}


def _named(noun: str, given: Named) -> dict[str, str]:
    return {noun: given.name, **_settings(given.settings, f"{given.name}.")}
