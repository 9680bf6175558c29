"""Backends: one file a kind of database, behind one protocol."""
