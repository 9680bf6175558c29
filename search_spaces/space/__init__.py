"""Search spaces: dimensions under flat names, with constraints and limits."""

from search_spaces.space.search_space import Limits, SearchSpace

__all__ = ["Limits", "SearchSpace"]
