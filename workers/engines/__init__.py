"""Engines: ways to train a cohort."""
