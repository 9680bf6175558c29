"""Executors: one file a place where jobs run."""
