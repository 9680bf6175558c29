"""Pruners: one file a rule that stops weak trials."""
