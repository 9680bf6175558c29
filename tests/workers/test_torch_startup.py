"""What a worker does not load: a second of imports that no training needs."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
LOADED = """
import sys
sys.path[:0] = sys.argv[2:]
from training_jobs import candidate, job, outcome, run
assert outcome(run(job(sys.argv[1], candidate(), epochs=1))).state == "COMPLETE"
print(*sys.modules)
"""


def test_training_loads_neither_torchs_compiler_nor_sympy(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADED, str(tmp_path), str(FOLDER), str(FOLDER.parents[1])]
    loaded = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert "torch" in loaded
    assert not {"torch._dynamo", "sympy"} & set(loaded)


def test_the_menus_of_recipes_load_without_torch() -> None:
    program = """
import sys
from workers.optimizers import OPTIMIZERS
from workers.schedules import SCHEDULES
for menu in (OPTIMIZERS, SCHEDULES):
    print(*[menu.load(name).__name__ for name in menu.names()], *[menu.describe(name) for name in menu.names()])
import workers.messages, workers.errors, workers.layers
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=FOLDER.parents[1], stdout=subprocess.PIPE)
