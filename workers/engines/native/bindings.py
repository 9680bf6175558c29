"""Bindings of the native engine: load its shared object for this machine's instruction set, or say why not."""

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from search_spaces.errors import NasError
from workers.engines.native.build import HERE, file_name, variants

ABI = 2
GET_IT = "with a C++ compiler installed, `python -m workers.engines.native.build` makes it"


class EngineMissing(NasError):
    """The native engine cannot be used here; the text says why and what would help."""


@dataclass(frozen=True, slots=True)
class Status:
    """Availability of the native engine: its instruction set and lanes, or the reason why it is not."""

    variant: str = ""
    lanes: int = 0
    path: str = ""
    reason: str = ""

    @property
    def present(self) -> bool:
        """Return whether it can be used."""
        return bool(self.variant)


NO_MEMORY, INTERRUPTED = 1, 2
"""What `Work.failed` says of a candidate that was not trained or measured to the end."""


class NativeRecipe(ctypes.Structure):
    """Recipe of a candidate for C++ (NasRecipe)."""

    _fields_ = (
        ("rule", ctypes.c_int32),
        ("loss", ctypes.c_int32),
        *((name, ctypes.c_double) for name in ("lr", "decay", "first", "second", "eps", "further")),
        ("clipping", ctypes.c_double),
        ("smoothing", ctypes.c_double),
    )


class Work(ctypes.Structure):
    """One candidate's part of a call (NasWork); from `product` on it is answered."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("candidate", "inputs", "targets", "factors", "ended")),
        *((name, ctypes.c_int64) for name in ("samples", "size", "step")),
        *((name, ctypes.c_double) for name in ("product", "loss", "seconds")),
        ("metrics", ctypes.c_double * 5),
        ("failed", ctypes.c_int64),
    )


SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "nas_abi": (ctypes.c_int64, ()),
    "nas_lanes": (ctypes.c_int64, ()),
    "nas_level": (ctypes.c_int64, ()),
    "nas_peak": (ctypes.c_double, ()),
    "nas_make": (
        ctypes.c_void_p,
        (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.POINTER(NativeRecipe)),
    ),
    "nas_free": (None, (ctypes.c_void_p,)),
    "nas_arena": (ctypes.c_void_p, (ctypes.c_void_p,)),
    "nas_parameters": (ctypes.c_int64, (ctypes.c_void_p,)),
    "nas_buffers": (ctypes.c_int64, (ctypes.c_void_p,)),
    "nas_buffers_at": (ctypes.c_int64, (ctypes.c_void_p,)),
    "nas_pack": (
        ctypes.c_int64,
        (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p),
    ),
    "nas_train": (None, (ctypes.POINTER(Work), ctypes.c_int64, ctypes.c_int64)),
    "nas_measure": (None, (ctypes.POINTER(Work), ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)),
}
"""What each function answers and takes."""


@cache
def load(variant: str = "") -> ctypes.CDLL:
    """Load one variant, or the best that this machine can run; raise `EngineMissing` where there is none."""
    return _open(variant or best())


def best() -> str:
    """Name the best variant that was built and runs here; raise `EngineMissing` where there is none."""
    known = variants()
    if not known:
        raise EngineMissing("the native engine is for x86-64 and ARM processors")
    built = [name for name in known if (HERE / file_name(name)).exists()]
    if not built:
        raise EngineMissing(f"the native engine was not built; {GET_IT}")
    level = _open(built[0]).nas_level()
    fitting = [name for name in built if not level or int(name[-1]) <= level]
    if not fitting:
        raise EngineMissing(f"the native engine was built for newer processors only ({', '.join(built)}); {GET_IT}")
    return fitting[-1]


def status() -> Status:
    """Return which variant is used here, or why none is."""
    try:
        variant = best()
        return Status(variant, load(variant).nas_lanes(), str(HERE / file_name(variant)))
    except EngineMissing as absent:
        return Status(reason=str(absent))


@cache
def _open(variant: str) -> ctypes.CDLL:
    path = Path(HERE / file_name(variant))
    try:
        library = ctypes.CDLL(str(path))
        for name, (answer, arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = answer, arguments
    except (OSError, AttributeError) as error:
        raise EngineMissing(f"the native engine's {path.name} does not load ({error}); {GET_IT}") from error
    if library.nas_abi() != ABI:
        raise EngineMissing(f"the native engine's {path.name} is of another version; {GET_IT}")
    return library
