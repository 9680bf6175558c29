"""Builds the native engine while the package is installed; without a C++ compiler the install goes on without it."""

import importlib.util
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

NATIVE = Path("workers/engines/native")


class BuildWithEngine(build_py):
    """Compiles beside the sources for an editable install, into the build folder otherwise."""

    def run(self) -> None:
        """Copy the modules as ever, then compile."""
        super().run()
        here = Path(__file__).parent
        folder = here / NATIVE if self.editable_mode else Path(self.build_lib) / NATIVE
        spec = importlib.util.spec_from_file_location("native_build", here / NATIVE / "build.py")
        assert spec is not None
        assert spec.loader is not None
        build = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(build)
        try:
            build.build(folder)
        except OSError as error:
            sys.stderr.write(f"the native engine is left out, everything trains in plain torch: {error}\n")


class PlatformWheel(bdist_wheel):
    """The engine is for one platform and any Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """Name the platform alone."""
        self.root_is_pure = False
        return "py3", "none", super().get_tag()[2]


setup(cmdclass={"build_py": BuildWithEngine, "bdist_wheel": PlatformWheel})
