"""Shared: what executors have in common."""
