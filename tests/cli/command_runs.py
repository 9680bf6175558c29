"""Commands run in this process, as a pipe would see them, and the small study they are tried on."""

import io
import json
import os
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nas
from nas.cli.main import main

SMALL = ("--trials", "2", "--set", "budget.epochs=1", "--set", "final.seeds=0", "--set", "artifacts.export=[]")
"""Options that make a run of the study short."""

STUDY = """\
name: first
task: wine
space:
  family: mlp
  depth: 1..2
  width: {each: [4, 6, 8, 12, 16, 64]}
  optimizer: {adamw: {lr: [0.01, 0.02]}}
  limits: {parameters: 1200}
objective: maximize accuracy
sampler: random
pruner: none
budget: {trials: 16, epochs: 2}
final: {seeds: 2}
executor: inline
"""
"""Ends with trials complete, reused and infeasible."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command wrote and how it exited."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Nas = Callable[..., Ran]


def run_in(folder: Path, *arguments: str) -> Ran:
    """Run a command in a folder, as a pipe would see it."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as exit:
            code = exit.code if isinstance(exit.code, int) else 0
    return Ran(code, out.getvalue(), err.getvalue())


def environment() -> dict[str, str]:
    """Find the package by path alone, and want no colour."""
    return {**os.environ, "PYTHONPATH": str(Path(nas.__file__).parents[1]), "NO_COLOR": "1"}
