"""Expressions over dimensions and metrics."""

from search_spaces.expressions.parser import Expression

__all__ = ["Expression"]
