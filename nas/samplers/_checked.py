"""Checked sampler: validate a sampler's proposals; one that fails is disabled, and the search stops with an error.

A sampler may come from another distribution. What it does wrong ends the search with a sentence, before it is trained
or recorded.
"""

import json
from collections.abc import Callable, Mapping, Sequence

from nas.plug_ins import PlugIn, ProtocolViolation, cut, plain, shown
from nas.samplers import SAMPLERS
from nas.samplers.protocol import Sampler, SpaceExhausted
from nas.trials import Trial
from search_spaces.candidate import Params, Scalar
from search_spaces.documents.quantities import counted
from search_spaces.errors import NasError
from search_spaces.space import SearchSpace


class CheckedSampler:
    """Asks another sampler and looks at each answer; set aside, it proposes nothing more."""

    def __init__(self, name: str, make: Callable[[], Sampler], space: SearchSpace) -> None:
        """Make the sampler; raise NasError where it cannot be made."""
        self._space, self._plug_in = space, PlugIn(SAMPLERS, name, may_raise=(SpaceExhausted,))
        self._sampler = self._plug_in.made(make)

    @property
    def trouble(self) -> NasError | None:
        """Return why it was set aside, None while it is not."""
        return self._plug_in.trouble

    def ask(self, numbers: Sequence[int]) -> list[Params]:
        """Propose parameters, each of them a point of the space; raise SpaceExhausted where nothing is left to try."""
        return self._plug_in.called("ask", lambda: self._asked(numbers), [])

    def tell(self, trials: Sequence[Trial]) -> None:
        """Pass trials on to learn from."""
        self._plug_in.called("tell", lambda: self._sampler.tell(trials), None)

    def state(self, number: int) -> Mapping[str, object]:
        """Return what it must find again, as JSON values."""
        return self._plug_in.called("state", lambda: self._written(number), {})

    def _asked(self, numbers: Sequence[int]) -> list[Params]:
        given = self._sampler.ask(numbers)
        if not isinstance(given, Sequence) or len(given) > len(numbers):
            raise ProtocolViolation(f"asked for {counted(len(numbers), 'candidate')} it gave {shown(given)}")
        return [self._point(item) for item in given]

    def _written(self, number: int) -> Mapping[str, object]:
        write: Callable[[int], object] | None = getattr(self._sampler, "state", None)
        state = write(number) if write else {}
        try:
            written = json.loads(json.dumps(state, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise ProtocolViolation(f"its state is not JSON: {error}") from error
        if not isinstance(written, dict):
            raise ProtocolViolation(f"its state is no mapping but {shown(state)}")
        return written

    def _point(self, given: object) -> Params:
        if not isinstance(given, Mapping):
            raise ProtocolViolation(f"a candidate needs a value for each dimension, got {shown(given)}")
        params: dict[str, Scalar] = {str(name): plain(value) for name, value in given.items()}  # type: ignore[misc]
        for name, value in params.items():
            if name not in self._space.dimensions:
                raise ProtocolViolation(f"it gave a value for {cut(name)!r}, which is no dimension of the space")
            if not self._space.dimensions[name].contains(value):
                raise ProtocolViolation(
                    f"it gave {name} = {shown(value)}, which is not in {self._space.dimensions[name]}"
                )
        active = self._space.active(params)
        if missing := [name for name in active if name not in params]:
            raise ProtocolViolation(f"it gave no value for {', '.join(missing)}")
        return {name: params[name] for name in active}
