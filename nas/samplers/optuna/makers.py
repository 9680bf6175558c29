"""Constructors of Optuna's samplers."""

from optuna.samplers import CmaEsSampler, GPSampler, NSGAIIISampler, NSGAIISampler, QMCSampler, RandomSampler

from nas.samplers.optuna.ask_context import Maker
from nas.samplers.optuna.grouped_tpe import GroupedTpe


def tpe(*, startup_trials: int, candidates: int) -> Maker:
    """Make TPE."""
    return lambda moment: GroupedTpe(moment, startup_trials=startup_trials, candidates=candidates)


def gp(*, startup_trials: int) -> Maker:
    """Make the Gaussian process; dimensions that are not always active are drawn at random."""
    return lambda moment: GPSampler(seed=moment.seed, n_startup_trials=startup_trials, warn_independent_sampling=False)


def nsga2(*, population: int, crossover: float) -> Maker:
    """Make NSGA-II."""
    return lambda moment: NSGAIISampler(seed=moment.seed, population_size=population, crossover_prob=crossover)


def nsga3(*, population: int, crossover: float) -> Maker:
    """Make NSGA-III."""
    return lambda moment: NSGAIIISampler(seed=moment.seed, population_size=population, crossover_prob=crossover)


def qmc(*, sequence: str, scramble: bool) -> Maker:
    """Make a quasi-random sequence, one for the whole study; dimensions that are not always active are drawn."""
    return lambda moment: QMCSampler(
        qmc_type=sequence,
        scramble=scramble,
        seed=moment.study_seed,
        independent_sampler=RandomSampler(seed=moment.seed),
        warn_independent_sampling=False,
    )


def cmaes(*, startup_trials: int, population: int) -> Maker:
    """Make CMA-ES, warmed up by what was there when the study was rebuilt; its pickled state is never stored."""
    return lambda moment: CmaEsSampler(
        seed=moment.seed,
        n_startup_trials=startup_trials,
        popsize=population or None,
        source_trials=list(moment.earlier) or None,
        independent_sampler=RandomSampler(seed=moment.seed),
        warn_independent_sampling=False,
    )
