"""Passwords in the URLs of databases: what is shown, logged or recorded has none."""

import re

_USER = re.compile(r"(://[^:/@?#\s]*):[^\s]*@")  # to the last @, as a password may hold any sign, escaped or not
_QUERY = re.compile(r"(?i)([?&](?:ssl)?password=)[^&#\s]*")


def hidden(text: str) -> str:
    """Return a URL, or text with one, with stars instead of its passwords."""
    return _QUERY.sub(r"\1***", _USER.sub(r"\1:***@", text))


def bare(url: str) -> str:
    """Return a URL without its passwords, so that whoever opens it has to bring one."""
    return re.sub(r"(?i)(?<=[?&])(?:ssl)?password=\*{3}&?", "", hidden(url)).replace(":***@", "@").rstrip("?&")
