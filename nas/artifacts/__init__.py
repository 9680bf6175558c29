"""Artifacts: files of a study: where they lie, which stay, how they leave."""
