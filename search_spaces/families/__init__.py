"""Families: one file a rule that turns an architecture into a network."""
