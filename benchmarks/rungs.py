"""What the default pruner's rungs are worth: pruners side by side on recorded learning curves.

    python -m benchmarks.rungs [--data ../shared/data] [--seeds 10] [--full 50]

Each search proposes with the default sampler and pays for the epochs that it looks at; a search that has paid for as
many as 10 full trainings has @10. The regret is that of the best last value seen, after all epochs: 0 is the best
known, 1 the median random one. `none` is the alternative; the ratio is to it.
"""

import argparse
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.recorded import Problem, problems
from nas import pruners, samplers
from nas.config import Objective, Pruning
from nas.trials import Point, Trial, TrialState
from search_spaces.candidate import Named, Settings

MARKS = (10, 25, 50, 100)
OBJECTIVE = Objective("accuracy", "maximize")
VARIANTS: dict[str, Named] = {
    "none": Named("none"),
    "asha": Named("asha"),
    **{f"asha, first rung {epochs}": Named("asha", Settings(first_rung=epochs)) for epochs in (2, 4, 6, 9, 13, 17)},
    "hyperband": Named("hyperband"),
    "median": Named("median"),
}


def search(problem: Problem, pruner: Named, *, sampler: str, seed: int, full: int) -> list[float]:
    """Search once; return the regret at each mark that is not above `full`."""
    proposer = samplers.make(Named(sampler), space=problem.space, objectives=[OBJECTIVE], seed=seed)
    judge = pruners.make(Pruning(pruner, "accuracy", "maximize"), epochs=problem.epochs, seed=seed)
    marks = [mark * problem.epochs for mark in MARKS if mark <= full]
    regrets: list[float] = []
    spent, number, best, incumbent = 0, 0, float("-inf"), 1.0
    while len(regrets) < len(marks):
        (params,) = proposer.ask([number])
        curve = problem.curve(params)
        epochs = _trained(judge, number, curve.tolist())
        spent += epochs
        while len(regrets) < len(marks) and spent > marks[len(regrets)]:
            regrets.append(incumbent)
        if curve[epochs - 1] > best:
            best, incumbent = curve[epochs - 1], problem.regret(curve[-1])
        proposer.tell([_trial(problem, number, params, curve[:epochs].tolist())])
        judge.finish(number, complete=epochs == problem.epochs)
        number += 1
    return regrets


def _trained(judge: pruners.Pruner, number: int, curve: Sequence[float]) -> int:
    """Report a curve until the pruner stops it; return how far it came."""
    stopped = (epoch for epoch, value in enumerate(curve, 1) if judge.report(number, epoch, value))
    return next(stopped, len(curve))


def _trial(problem: Problem, number: int, params: dict[str, object], curve: Sequence[float]) -> Trial:
    complete = len(curve) == problem.epochs
    return Trial(
        number,
        params,
        problem.space.candidate(params, number),
        TrialState.COMPLETE if complete else TrialState.PRUNED,
        curve=(Point(len(curve), {"accuracy": curve[-1]}, 0.0),),
        values=(curve[-1],) if complete else (),
        epochs=len(curve),
    )


def measured(job: tuple[str, str, int], *, data: Path, sampler: str, full: int) -> list[float]:
    """Search one problem with one variant and one seed."""
    name, variant, seed = job
    problem = next(problem for problem in problems(data) if problem.name == name)
    return search(problem, VARIANTS[variant], sampler=sampler, seed=seed, full=full)


def main() -> None:
    """Print a row for each variant: mean regrets over problems and seeds, each with its ratio to `none`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder with lcbench_dev, taskset_dev"
    )
    parser.add_argument("--seeds", type=int, default=10, help="searches of each problem and variant")
    parser.add_argument("--full", type=int, default=50, help="full trainings' worth of epochs a search may pay for")
    parser.add_argument("--sampler", default="tpe", help="who proposes")
    parser.add_argument("--only", action="append", default=[], help="a variant; may be repeated")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args()
    names = [problem.name for problem in problems(options.data)]
    families = {"lcbench": [n for n in names if "lcbench" in n], "taskset": [n for n in names if "taskset" in n]}
    print(describe_machine())
    run = partial(measured, data=options.data, sampler=options.sampler, full=options.full)
    with ProcessPoolExecutor(options.workers) as pool:
        for variant in options.only or VARIANTS:
            jobs = [(name, variant, seed) for name in names for seed in range(options.seeds)]
            rows = dict(zip(jobs, pool.map(run, jobs), strict=True))
            for family, members in families.items():
                mine = [rows[name, variant, seed] for name in members for seed in range(options.seeds)]
                means = [statistics.fmean(column) for column in zip(*mine, strict=True)]
                print(f"{family:8} {variant:22} " + "  ".join(f"{mean:.3f}" for mean in means), flush=True)


if __name__ == "__main__":
    main()
