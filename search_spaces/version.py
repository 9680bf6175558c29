"""Version of the installed distribution, `nas-service`; the name `nas` on PyPI belongs to somebody else."""

DISTRIBUTION = "nas-service"
UNKNOWN = "unknown"
"""The version of a checkout that is on the import path without being installed."""


def version() -> str:
    """Return the installed version, or UNKNOWN."""
    from importlib import metadata  # half of the time of `import nas`, which does not need it

    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return UNKNOWN
