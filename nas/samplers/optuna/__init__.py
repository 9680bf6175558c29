"""Optuna's samplers; nothing but the files of this folder imports them, and only when one is made."""

from nas.samplers.optuna.makers import cmaes, gp, nsga2, nsga3, qmc, tpe
from nas.samplers.optuna.sampler import OptunaSampler

__all__ = ["OptunaSampler", "cmaes", "gp", "nsga2", "nsga3", "qmc", "tpe"]
