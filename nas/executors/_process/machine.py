"""Description of this machine as its workers see it."""

from workers.messages import Machine


def machine() -> Machine:
    """Ask what a worker would find here; loads torch."""
    from workers.worker import machine as describe

    return describe()
