"""A study's outcome for people: how it ended, the best network, its score, the files."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from nas.cli._snapshot import Snapshot, tally, valued
from nas.cli.output import words
from nas.cli.output.console import facts, table
from nas.config import Objective
from nas.trials import Trial
from search_spaces.candidate import Named, Value
from search_spaces.space import SearchSpace


def outcome(snapshot: Snapshot) -> RenderableType:
    """Say how a study stands, what its best network is and what that scored."""
    parts: list[RenderableType] = [facts(_standing(snapshot))]
    if snapshot.best is not None:
        parts += [Text(), best(snapshot.best, snapshot.config.objectives)]
    exported = [item for item in snapshot.artifacts if item.kind.startswith("export.")]
    ending: dict[str, object] = {"test": test_score(snapshot.record.result)}
    for item in exported:  # the first file of a format is the network itself
        ending.setdefault(item.kind.removeprefix("export."), item.path)
    if any(ending.values()):
        parts += [Text(), facts(ending)]
    return Group(*parts)


def definition(snapshot: Snapshot) -> dict[str, object]:
    """Say what a study searches, and with what."""
    config, task, budget = snapshot.config, snapshot.record.task, snapshot.config.budget
    train, validation, test = task.samples
    ends = {
        "trials": budget.trials,
        "epochs each": budget.epochs,
        "epochs in all": budget.total_epochs,
        "seconds": budget.seconds,
        "as target": budget.target,
        "trials of patience": budget.patience,
    }
    return {
        "task": f"{task.name}: {task.kind}, {train}/{validation}/{test} samples in train/validation/test",
        "space": announced_space(config.space),
        "constraints": "; ".join(item.text for item in config.constraints),
        "objective": ", ".join(f"{item.direction} {item.metric}" for item in config.objectives),
        "sampler": words.named(config.sampler),
        "pruner": f"{words.named(config.pruning.pruner)} on {config.pruning.metric or 'nothing'}",
        "budget": ", ".join(f"{words.number(most)} {noun}" for noun, most in ends.items() if most),
        "executor": words.named(config.executor),
        "seed": config.seed,
    }


def announced_space(space: SearchSpace) -> str:
    """Say how large a search space is."""
    return f"{space.family}: {words.count(space.size)} candidates in {len(space.dimensions)} dimensions"


def best(trial: Trial, objectives: tuple[Objective, ...]) -> RenderableType:
    """Tabulate the best trial: what it reached, its size, and the hyper-parameters that were searched."""
    shown = table("best", f"trial {trial.number}")
    always = {*valued(trial, objectives), "parameters", "flops", "family"}
    for name, value in hyperparameters(trial, objectives).items():
        if name not in always and not _searched(trial, name):
            continue
        shown.add_row(Text(name), Text(value))
    return shown


def hyperparameters(trial: Trial, objectives: tuple[Objective, ...]) -> dict[str, str]:
    """Return values, sizes, architecture and recipe, each as text, in the order they are shown."""
    architecture, recipe = trial.candidate.architecture, trial.candidate.recipe
    rest = ("batch_size", "warmup", "gradient_clipping", "weight_decay", "label_smoothing")
    return {
        **{name: words.number(value) for name, value in valued(trial, objectives).items()},
        "parameters": words.number(trial.parameters),
        "flops": words.number(trial.flops),
        "family": architecture.family,
        **_settings(architecture.settings),
        **_named("optimizer", recipe.optimizer),
        **_named("schedule", recipe.schedule),
        **{name: words.setting(getattr(recipe, name)) for name in rest},
    }


def test_score(result: Mapping[str, object]) -> str:
    """Write the score of the final stage, empty where there was none."""
    match result.get("test"):
        case {"metric": metric, "mean": float(mean), "std": float(std), "seeds": seeds}:
            return (
                f"{metric} {mean:.4f} over 1 seed"
                if seeds == 1
                else f"{metric} {mean:.4f} ± {std:.4f} over {seeds} seeds"
            )
    return ""


def counted(snapshot: Snapshot) -> str:
    """Say how many trials ended how."""
    counts = tally(snapshot.trials)
    ended = " · ".join(f"{number} {name}" for name, number in counts.items() if number)
    open_ones = len(snapshot.trials) - sum(counts.values())
    return " · ".join(part for part in (ended, f"{open_ones} not ended" if open_ones else "") if part) or "none"


def _standing(snapshot: Snapshot) -> dict[str, object]:
    reason = snapshot.record.result.get("reason", "")
    epochs = sum(trial.epochs for trial in snapshot.trials)
    return {
        "study": snapshot.record.name,
        "state": f"{snapshot.state.lower()} ({reason})" if reason else snapshot.state.lower(),
        "trials": f"{len(snapshot.trials)}: {counted(snapshot)}",
        "epochs": f"{epochs:,} in {words.duration(snapshot.record.seconds)}",
    }


def _searched(trial: Trial, name: str) -> bool:
    """Tell whether a hyper-parameter's value was sampled: `width` as `width.0`, `adamw.lr` as `optimizer.adamw.lr`."""
    leaf = name.rpartition(".")[2]
    return any(name == key or leaf in key.split(".") for key in trial.params)


def _settings(settings: Mapping[str, Value], prefix: str = "") -> dict[str, str]:
    return {f"{prefix}{name}": words.setting(value) for name, value in settings.items()}


def _named(noun: str, given: Named) -> dict[str, str]:
    return {noun: given.name, **_settings(given.settings, f"{given.name}.")}
