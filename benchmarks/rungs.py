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
from search_spaces.candidate import Named, Params, Settings

MARKS = (10, 25, 50, 100)
OBJECTIVE = Objective("accuracy", "maximize")
SHARES = {"a twenty-fifth": 25, "a twelfth": 12, "a sixth": 6, "a quarter": 4, "a third": 3}
VARIANTS = ("none", "asha", *(f"asha, first rung {share}" for share in SHARES), "hyperband", "median")


def pruner_of(variant: str, epochs: int) -> Named:
    """Return the pruner that a variant means for so many epochs."""
    name, _, share = variant.partition(", first rung ")
    return Named(name, Settings(first_rung=max(1, round(epochs / SHARES[share])))) if share else Named(name)


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


def _trial(problem: Problem, number: int, params: Params, curve: Sequence[float]) -> Trial:
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
    return search(problem, pruner_of(variant, problem.epochs), sampler=sampler, seed=seed, full=full)


def main() -> None:
    """Print a row for each variant: mean regrets over problems and seeds, each with its ratio to `none`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where the recorded curves are")
    parser.add_argument("--seeds", type=int, default=10, help="searches of each problem and variant")
    parser.add_argument("--full", type=int, default=50, help="full trainings' worth of epochs a search may pay for")
    parser.add_argument("--sampler", default="tpe", help="who proposes")
    parser.add_argument("--only", action="append", default=[], help="a variant; may be repeated")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args()
    names = [problem.name for problem in problems(options.data)]
    variants = list(dict.fromkeys(("none", *(options.only or VARIANTS))))
    print(describe_machine())
    marks = "  ".join(f"{f'@{mark}':>11}" for mark in MARKS if mark <= options.full)
    print(f"mean regret, and its ratio to none's {marks:>30}")
    run = partial(measured, data=options.data, sampler=options.sampler, full=options.full)
    jobs = [(name, variant, seed) for variant in variants for name in names for seed in range(options.seeds)]
    with ProcessPoolExecutor(options.workers) as pool:
        regrets = dict(zip(jobs, pool.map(run, jobs, chunksize=options.seeds), strict=True))
    for family in dict.fromkeys(name.partition("/")[0] for name in names):
        members = [name for name in names if name.startswith(f"{family}/")]
        rows = {variant: _means(regrets, members, variant, options.seeds) for variant in variants}
        for variant, row in rows.items():
            cells = (f"{mean:.3f} {mean / plain:4.2f} ×" for mean, plain in zip(row, rows["none"], strict=True))
            print(f"{family:8} {variant:28} " + "  ".join(cells))


def _means(
    regrets: dict[tuple[str, str, int], list[float]], names: Sequence[str], variant: str, seeds: int
) -> list[float]:
    """Return the mean regrets at the marks, over problems and seeds."""
    mine = [regrets[name, variant, seed] for name in names for seed in range(seeds)]
    return [statistics.fmean(column) for column in zip(*mine, strict=True)]


if __name__ == "__main__":
    main()
