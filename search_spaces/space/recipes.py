"""Hyper-parameters of a recipe, which a space may sample, and the menus that two of them open."""

from collections.abc import Mapping

from search_spaces.hyperparameters import Hyperparameter, hyperparameters
from search_spaces.registry import Menu

MENUS: Mapping[str, Menu] = {
    "optimizer": Menu("workers.optimizers", "optimizer"),
    "schedule": Menu("workers.schedules", "schedule"),
}
"""Found by name: importing this, or listing them, imports nothing of the workers."""


def recipe() -> tuple[Hyperparameter, ...]:
    """List the hyper-parameters of a recipe, in order."""
    optimizers, schedules = (menu.names() for menu in MENUS.values())
    return (
        Hyperparameter("optimizer", str, "adamw", "the rule that changes the weights", options=optimizers),
        Hyperparameter("schedule", str, "constant", "how the learning rate goes", options=schedules),
        Hyperparameter("batch_size", int, 32, "samples in a step", low=1, high=65536),
        Hyperparameter("warmup", float, 0.0, "share of all steps with a rising learning rate", low=0, high=1),
        Hyperparameter("gradient_clipping", float, 0.0, "largest norm of the gradient; 0 for none", low=0),
        Hyperparameter("weight_decay", float, 0.0, "pull of the weights towards zero", low=0),
        Hyperparameter("label_smoothing", float, 0.0, "share of a target given to all classes", low=0, high=0.99),
    )


def opened_by(choice: str, option: str, siblings: tuple[Hyperparameter, ...]) -> tuple[Hyperparameter, ...]:
    """List what an option of a choice opens: the settings of a menu's entry, or the siblings that it switches on."""
    if choice in MENUS:
        return hyperparameters(MENUS[choice].load(option))
    return tuple(sibling for sibling in siblings if sibling.when == (choice, option))
