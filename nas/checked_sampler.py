"""A sampler that is held to its protocol: what it gives is a point of the space, and its errors name it.

A sampler may come from another distribution. What it does wrong ends the search with a sentence, before it is trained
or recorded.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from nas.samplers.protocol import Sampler, SpaceExhausted
from nas.trials import Trial
from search_spaces.candidate import Params, Scalar
from search_spaces.errors import NasError
from search_spaces.quantities import counted
from search_spaces.space import SearchSpace

R = TypeVar("R")
_LONGEST = 200
"""Characters kept of what it gave."""


class CheckedSampler:
    """Asks another sampler and looks at each answer."""

    def __init__(self, name: str, make: Callable[[], Sampler], space: SearchSpace) -> None:
        """Make the sampler; raise NasError where it cannot be made."""
        self._name, self._space = name, space
        self._sampler = self._called("making it", make)
        self._state: Callable[[int], object] | None = getattr(self._sampler, "state", None)

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters, each of them a point of the space.

        Raises:
            SpaceExhausted: nothing is left to try.
            NasError: it raised something else, or gave something else.
        """
        given = self._called("ask", lambda: self._sampler.ask(numbers))
        if not isinstance(given, Sequence) or len(given) > len(numbers):
            raise self._wrong(f"asked for {counted(len(numbers), 'candidate')} it gave {_shown(given)}")
        return [self._point(item) for item in given]

    def tell(self, trials: Sequence[Trial]) -> None:
        """Let it learn from trials; raise NasError where it cannot."""
        self._called("tell", lambda: self._sampler.tell(trials))

    def state(self, number: int) -> Mapping[str, object]:
        """Return what it must find again; raise NasError where that is no mapping of JSON values."""
        written_by = self._state
        if written_by is None:
            return {}
        state = self._called("state", lambda: written_by(number))
        try:
            written = json.loads(json.dumps(state, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise self._wrong(f"its state is not JSON: {error}") from error
        if not isinstance(written, dict):
            raise self._wrong(f"its state is no mapping but {_shown(state)}")
        return written

    def _called(self, method: str, call: Callable[[], R]) -> R:
        try:
            return call()
        except (SpaceExhausted, NasError, KeyboardInterrupt, GeneratorExit, MemoryError):
            raise
        except BaseException as error:
            raise self._wrong(f"{method} raised {type(error).__name__}: {_cut(str(error))}") from error

    def _point(self, given: object) -> Params:
        if not isinstance(given, Mapping):
            raise self._wrong(f"a candidate needs a value for each dimension, got {_shown(given)}")
        params: dict[str, Scalar] = {str(name): _plain(value) for name, value in given.items()}
        for name, value in params.items():
            if name not in self._space.dimensions:
                raise self._wrong(f"it gave a value for {_cut(name)!r}, which is no dimension of the space")
            if not self._space.dimensions[name].contains(value):
                raise self._wrong(f"it gave {name} = {_shown(value)}, which is not in {self._space.dimensions[name]}")
        active = self._space.active(params)
        if missing := [name for name in active if name not in params]:
            raise self._wrong(f"it gave no value for {', '.join(missing)}")
        return {name: params[name] for name in active}

    def _wrong(self, what: str) -> NasError:
        return NasError(f"the sampler {self._name!r} cannot be used: {what}")


def _plain(value: object) -> Scalar:
    """Return a number of NumPy's as the number that it holds."""
    item = getattr(value, "item", None)
    return item() if item is not None and getattr(value, "shape", None) == () else value  # type: ignore[return-value]


def _shown(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
