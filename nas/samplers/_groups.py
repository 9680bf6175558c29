"""Groups of dimensions of a conditional space that were always active together, and are modelled together."""

from collections.abc import Iterable

Group = tuple[str, ...]


class Groups:
    """The dimensions in groups, refined with each set of dimensions that is seen active together."""

    def __init__(self) -> None:
        self._seen: set[frozenset[str]] = set()
        self._groups: list[frozenset[str]] = []
        self._of: dict[str, Group] = {}

    def see(self, active: Iterable[str]) -> None:
        """Split each group into what is active now and what is not; what no group held yet is a new one."""
        names = frozenset(active)
        if names in self._seen:
            return
        self._seen.add(names)
        parts = [part for group in self._groups for part in (group & names, group - names)]
        fresh = names.difference(*self._groups)
        self._groups = [part for part in (*parts, fresh) if part]
        self._of = {name: tuple(sorted(group)) for group in self._groups for name in group}

    def of(self, name: str) -> Group:
        """Return the group of a dimension; one that was never active is alone."""
        return self._of.get(name, (name,))
