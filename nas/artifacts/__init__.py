"""Artifacts: the files of a study: where they may lie, which are kept, how they are exported."""
