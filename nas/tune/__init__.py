"""Ray Tune: our search space, sampler, pruner and record inside the user's own `tune.Tuner`.

from nas.tune import NasScheduler, NasSearch, trainable

tuner = tune.Tuner(
    trainable("study.yaml"),
    tune_config=tune.TuneConfig(
        search_alg=NasSearch("study.yaml"), scheduler=NasScheduler(), num_samples=-1, max_concurrent_trials=2
    ),
)
"""

try:
    import ray.tune  # noqa: F401
except ImportError as error:
    raise ImportError("nas.tune needs Ray Tune: pip install 'nas-service[ray]'") from error

from nas.tune.scheduler import NasScheduler
from nas.tune.search import NasSearch
from nas.tune.training import trainable

__all__ = ["NasScheduler", "NasSearch", "trainable"]
