"""Reasons in words: what the record holds as `finish` or `nan` is said in plain English where people read it."""

_SEARCH = {
    "trials": "all its trials were trained",
    "epochs": "all its epochs were spent",
    "time": "the time was over",
    "target": "the target was reached",
    "patience": "no better trial came for too long",
    "space": "no new candidate was left to try",
    "finish": "it was asked to finish early",
    "stop": "it was asked to stop",
}
"""Why a search ended."""

_TRIAL = {
    **_SEARCH,
    "finish": "the search was asked to finish early",
    "stop": "the study was stopped",
    "stopped": "ended before its last epoch",
    "nan": "not a finite number",
    "oom": "out of memory",
    "lost": "its worker died too often",
    "build": "no such network",
    "task": "samples not loaded",
    "metric": "not measured",
    "checkpoint": "weights not written",
}
"""Why a trial ended as it did, by the first word of its reason."""


def search_ended(reason: str) -> str:
    """Return why a search ended."""
    return _SEARCH.get(reason, reason)


def trial_ended(reason: str) -> str:
    """Return why a trial ended as it did; what a reason tells behind its first word is kept."""
    head, colon, rest = reason.partition(":")
    return f"{_TRIAL.get(head, head)}{colon}{rest}"
