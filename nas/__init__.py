"""Neural architecture search: decide, remember, show."""
