"""Operating system check: a search runs on Linux alone, and says so before anything is begun."""

import sys

from search_spaces.errors import NasError


def require_linux(platform: str = sys.platform) -> None:
    """Raise NasError on any other system: workers are watched through /proc, pidfd and SOCK_SEQPACKET sockets."""
    if platform != "linux":
        raise NasError(
            f"nas runs on Linux only, and this system is {platform!r}; "
            "use a container, a virtual machine or, on Windows, WSL 2"
        )
