"""Optimizer rules of the native engine: the number of each, its hyper-parameters, the names of its states."""

from collections.abc import Callable
from dataclasses import dataclass

from search_spaces.candidate import Recipe
from workers import optimizers
from workers.engines.native.bindings import NativeRecipe
from workers.engines.native.program import Unsupported
from workers.messages import TaskInfo
from workers.optimizers.adadelta import Adadelta
from workers.optimizers.adagrad import Adagrad
from workers.optimizers.adam import Adam
from workers.optimizers.adamw import Adamw
from workers.optimizers.nadam import Nadam
from workers.optimizers.protocol import Optimizer
from workers.optimizers.rmsprop import Rmsprop
from workers.optimizers.sgd import Sgd

RULES = (
    "store",
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "rmsprop_momentum",
    "adadelta",
    "adam",
    "adamw",
    "nadam",
)
"""In C++'s order."""

LOSSES = ("cross_entropy", "mse", "mae", "huber")
"""In C++'s order."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of C++, its numbers, and torch's names of its first and second state and of its counters."""

    name: str
    first: float = 0.0
    second: float = 0.0
    eps: float = 0.0
    further: float = 0.0
    states: tuple[str, ...] = ()
    scalars: tuple[str, ...] = ("step",)
    from_start: bool = False
    """torch makes the states before the first step."""


def describe(recipe: Recipe, info: TaskInfo) -> tuple[Rule, NativeRecipe]:
    """Return a recipe's rule, and the recipe for C++; raise `Unsupported` for an optimizer that is not known there."""
    optimizer = optimizers.make(recipe.optimizer)
    make = MAKERS.get(type(optimizer))
    if make is None or info.loss not in LOSSES:
        raise Unsupported(recipe.optimizer.name if make is None else info.loss)
    rule: Rule = make(optimizer)
    if rule.states == MOMENTS and not (0 <= rule.first < 1 and 0 <= rule.second < 1):
        raise Unsupported("moments that never fade, which torch refuses in its own words")
    described = NativeRecipe(
        rule=RULES.index(rule.name),
        loss=LOSSES.index(info.loss),
        lr=optimizer.lr,
        decay=recipe.weight_decay,
        first=rule.first,
        second=rule.second,
        eps=rule.eps,
        further=rule.further,
        clipping=recipe.gradient_clipping,
        smoothing=recipe.label_smoothing if info.loss == "cross_entropy" else 0.0,
    )
    return rule, described


def _sgd(made: Sgd) -> Rule:
    if not made.momentum:
        return Rule("sgd", scalars=())
    return Rule("nesterov" if made.nesterov else "momentum", made.momentum, states=("momentum_buffer",), scalars=())


def _adagrad(made: Adagrad) -> Rule:
    return Rule("adagrad", eps=made.eps, further=made.lr_decay, states=("sum",), from_start=True)


def _rmsprop(made: Rmsprop) -> Rule:
    if not made.momentum:
        return Rule("rmsprop", made.alpha, eps=made.eps, states=("square_avg",))
    states = ("square_avg", "momentum_buffer")
    return Rule("rmsprop_momentum", made.alpha, made.momentum, made.eps, states=states)


def _adadelta(made: Adadelta) -> Rule:
    return Rule("adadelta", made.rho, eps=made.eps, states=("square_avg", "acc_delta"))


MOMENTS = ("exp_avg", "exp_avg_sq")


def _adam(made: Adam) -> Rule:
    return Rule("adam", made.beta1, made.beta2, made.eps, states=MOMENTS)


def _adamw(made: Adamw) -> Rule:
    return Rule("adamw", made.beta1, made.beta2, made.eps, states=MOMENTS)


def _nadam(made: Nadam) -> Rule:
    scalars = ("step", "mu_product")
    return Rule("nadam", made.beta1, made.beta2, made.eps, made.momentum_decay, MOMENTS, scalars)


MAKERS: dict[type[Optimizer], Callable[..., Rule]] = {
    Sgd: _sgd,
    Adagrad: _adagrad,
    Rmsprop: _rmsprop,
    Adadelta: _adadelta,
    Adam: _adam,
    Adamw: _adamw,
    Nadam: _nadam,
}
