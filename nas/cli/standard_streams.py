"""Standard streams that may be closed, full, or unable to encode every character, made safe to use.

Standard output has what was asked for: when it cannot be written, that is the end of the command, as `OutputLost`.
Standard error only tells on the way: when nobody is left to read it, the search goes on.
"""

import codecs
import errno
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

_READER_GONE = 141  # of a process that SIGPIPE ended
_FULL = 6
_PLAIN = {"×": "x", "·": "|", "…": "...", "→": "->", "±": "+-", "≤": "<=", "≥": ">=", "—": "-", "–": "-", "█": "#"}
"""What is written where a stream cannot say a sign."""


class OutputLost(Exception):
    """Standard output cannot be written; `code` is the exit code."""

    def __init__(self, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "no space is left on its disk" if full else error.strerror or error
        super().__init__(f"cannot write to standard output: {reason}")
        self.quiet = error.errno in (errno.EPIPE, errno.EIO)
        """A pipe's reader or a terminal is gone: nobody is left to be told."""
        self.code = _READER_GONE if self.quiet else _FULL if full else 1


class _Output(io.FileIO):
    def write(self, content: object, /) -> int | None:  # type: ignore[override]
        """Write, and say which file it was that could not be written."""
        try:
            return super().write(content)  # type: ignore[arg-type]
        except OSError as error:
            raise OutputLost(error) from error


class _Narration(io.FileIO):
    def write(self, content: object, /) -> int | None:  # type: ignore[override]
        """Write, if anybody reads."""
        with suppress(OSError):
            return super().write(content)  # type: ignore[arg-type]
        return memoryview(content).nbytes  # type: ignore[arg-type]


def prepare() -> None:
    """Open what is closed, so that no file of ours gets its number, and put writers in place that behave."""
    for number in (0, 1, 2):
        _open(number)
    codecs.register_error("plain signs", _replaced)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115  # until the end
    sys.stdout = _writer(sys.stdout, 1, _Output)
    sys.stderr = _writer(sys.stderr, 2, _Narration)


def flushed() -> int:
    """Write what is still to be written; return the exit code of an output that was lost, 0 where all is well."""
    try:
        sys.stdout.flush()
    except OutputLost as lost:
        return report_lost_output(lost)
    return 0


def report_lost_output(lost: OutputLost) -> int:
    """Report that output was lost, if anybody may be there to read it; return the exit code.

    What is left of it goes nowhere: it is flushed again, at the latest by the interpreter.
    """
    if not lost.quiet:
        print(f"error: {lost}", file=sys.stderr)  # noqa: T201  # as any error
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return lost.code


def _open(number: int) -> None:
    """Open a closed descriptor on the null device."""
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _writer(stream: TextIO | None, number: int, kind: type[io.FileIO]) -> TextIO:
    """Return a stream in the place of the system's own; what somebody else has put there is left."""
    if stream is not None and (type(stream) is not io.TextIOWrapper or _number(stream) != number):
        return stream
    encoding = stream.encoding if stream is not None else "utf-8"
    raw = kind(number, "w", closefd=False)
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding, "plain signs", line_buffering=number == 2 or raw.isatty())


def _number(stream: TextIO) -> int:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return -1


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in signs), error.end
