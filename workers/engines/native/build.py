"""Build script of the native engine: one shared object for each instruction set, by any C++ compiler.

    python -m workers.engines.native.build

The package's installation does the same and goes on without them where there is no compiler.
"""

import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = HERE / "src"
COMPILERS = ("c++", "g++", "clang++")
FLAGS = (
    "-O3",
    "-std=c++17",
    "-fPIC",
    "-shared",
    "-pthread",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
)
QUIET = ("-Wno-psabi",)
VARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "x86-64-v2": ("-march=x86-64-v2",),
        "x86-64-v3": ("-march=x86-64-v3",),
        "x86-64-v4": ("-march=x86-64-v4", "-mprefer-vector-width=512"),
    },
    "aarch64": {"aarch64": ()},
}
"""Which variants each machine has, the plainest first."""


def variants(machine: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the variants of a machine with the compiler flags of each; none where the engine does not run."""
    known = {"amd64": "x86_64", "arm64": "aarch64"}
    name = (machine or platform.machine()).lower()
    return VARIANTS.get(known.get(name, name), {})


def file_name(variant: str) -> str:
    """Return what a variant's shared object is called."""
    return f"native-{variant}.so"


def compiler() -> str | None:
    """Return the C++ compiler: that of CXX, or the first that is found."""
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        if found := name and shutil.which(name):
            return found
    return None


def build(folder: Path, *, only: str | None = None) -> list[Path]:
    """Compile every variant of this machine, or `only` one, into a folder; return those that could be.

    Raises:
        OSError: there is no compiler, or it compiles none of them; the text says why.
    """
    found = compiler()
    if found is None:
        raise OSError(f"no C++ compiler was found (looked for {', '.join(COMPILERS)}; CXX names another)")
    wanted = {name: flags for name, flags in variants().items() if only in (None, name)}
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda item: _compile(found, item[1], folder / file_name(item[0])), wanted.items()))
    built = [folder / file_name(name) for name, complaint in zip(wanted, said, strict=True) if not complaint]
    if not built:
        raise OSError(next(filter(None, said), f"no variant is known for {platform.machine()}"))
    return built


def _compile(found: str, flags: tuple[str, ...], path: Path) -> str:
    """Compile one variant beside its place and put it there in one go; return what the compiler complained of.

    The installation runs this file alone, so `workers.file_store` is not there to write it.
    """
    temporary = path.with_suffix(f".{os.getpid()}.part")
    command = [found, *FLAGS, *QUIET, *flags, str(SOURCES / "engine.cpp"), "-o", str(temporary)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        temporary.unlink(missing_ok=True)
        return f"{' '.join(command)}:\n{done.stderr[:2000]}"
    os.replace(temporary, path)
    return ""


if __name__ == "__main__":
    try:
        paths = build(HERE)
    except OSError as error:
        sys.exit(f"the native engine could not be built: {error}")
    sys.stdout.write("".join(f"{path}\n" for path in paths))
