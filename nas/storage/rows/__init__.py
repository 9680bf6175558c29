"""Rows: bulk reading and writing of our tables."""
