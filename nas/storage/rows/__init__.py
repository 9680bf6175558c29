"""Rows: how the tables of the truth are read and written, in bulk."""
