"""Benchmarks: each measures this project and its alternative side by side, in one run, and prints the ratio."""
