"""What a cohort's size costs the sampler: best accuracy against trials when n candidates are proposed at once.

    python -m benchmarks.cohorts [--trials 256] [--seeds 3]

digits, the space of `benchmarks/search.yaml`, the default sampler and pruner, two worker processes; each size in turn
for each seed. The last column is the wall time of the search alone, workers started.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import nas
from benchmarks.machine import describe_machine
from nas.events import Happening, StudyStarted, TrialFinished

STUDY = Path(__file__).with_name("search.yaml")
SIZES = (1, 8, 32, 128)


def run(size: int, seed: int, trials: int) -> tuple[list[float], float]:
    """Search once; return the best accuracy after each finished trial, and the seconds."""
    bests: list[float] = []
    began = time.perf_counter()

    def watch(happening: Happening) -> None:
        nonlocal began
        if isinstance(happening, StudyStarted):
            began = time.perf_counter()
        elif isinstance(happening, TrialFinished):
            value = happening.trial.values[0] if happening.trial.values else 0.0
            bests.append(max(value, bests[-1] if bests else 0.0))

    with tempfile.TemporaryDirectory() as folder:
        changes = {
            "storage": f"sqlite:///{folder}/nas.db",
            "artifacts.folder": folder,
            "executor": f"{{process: {{workers: 2, cohort: {size}}}}}",
            "budget.trials": trials,
            "seed": seed,
        }
        nas.search(STUDY, overrides=[f"{path}={value}" for path, value in changes.items()], watch=watch)
    return bests, time.perf_counter() - began


def main() -> None:
    """Print a row for each size: medians over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=256, help="trials of a search")
    parser.add_argument("--seeds", type=int, default=3, help="searches of each size")
    options = parser.parse_args()
    marks = [mark for mark in (16, 32, 64, 128, 256, 512, 1024) if mark <= options.trials]
    print(describe_machine())
    print("cohort   mean best accuracy after " + " / ".join(map(str, marks)) + " trials   seconds")
    results: dict[int, list[tuple[list[float], float]]] = {size: [] for size in SIZES}
    for seed in range(options.seeds):
        for size in SIZES:
            results[size].append(run(size, seed, options.trials))
    for size, runs in results.items():
        curve = " / ".join(f"{statistics.fmean(bests[mark - 1] for bests, _ in runs):.4f}" for mark in marks)
        print(f"{size:6}   {curve}   {statistics.median(seconds for _, seconds in runs):.1f}")


if __name__ == "__main__":
    main()
