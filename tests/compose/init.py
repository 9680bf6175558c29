"""The first process of a container, as Docker's `init: true` has it: passes signals on to its child, and reaps."""

import os
import signal
import sys


def main(command: list[str]) -> None:
    """Run the command and end with its exit code."""
    child = os.spawnvp(os.P_NOWAIT, command[0], command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: os.kill(child, number))
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(sys.argv[1:])
