"""Neural architecture search: decide, remember, show.

import nas

study = nas.search("study.yaml")
study.incumbent, study.pareto_front, study.export("best", formats=["source", "onnx"])
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from nas._siblings import load_siblings

if TYPE_CHECKING:
    from nas.config import StudyConfig
    from nas.study import Study, resume, search
    from nas.study_file.load import load
    from nas.trials import Trial, TrialState

    __version__: str

load_siblings(Path(__file__).parents[1])

_FACE = {
    "Study": "nas.study",
    "StudyConfig": "nas.config",
    "Trial": "nas.trials",
    "TrialState": "nas.trials",
    "load": "nas.study_file.load",
    "resume": "nas.study",
    "search": "nas.study",
}

__all__ = ["Study", "StudyConfig", "Trial", "TrialState", "load", "resume", "search"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import nas` costs nothing."""
    if name == "__version__":
        from search_spaces.version import version

        return version()
    if name not in _FACE:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    return getattr(import_module(_FACE[name]), name)
