"""Optuna's samplers; only the files of this folder import Optuna, and only when such a sampler is made."""

from nas.samplers.optuna.makers import cmaes, gp, nsga2, nsga3, qmc, tpe
from nas.samplers.optuna.sampler import OptunaSampler

__all__ = ["OptunaSampler", "cmaes", "gp", "nsga2", "nsga3", "qmc", "tpe"]
