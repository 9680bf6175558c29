"""Tasks: one file a source of samples."""

from search_spaces.registry import Menu

TASKS = Menu("workers.tasks", "task")
