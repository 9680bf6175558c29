"""Exporters: one file a format a trained candidate can leave in."""
