"""Samplers: one file a way to propose candidates."""
