"""Processes of this machine, as Linux shows them."""

import os
import subprocess
import sys

from nas.proc_stat import Process, processes


def test_this_process_is_listed_with_its_parent_and_session() -> None:
    assert Process(os.getpid(), os.getppid(), os.getsid(0)) in set(processes())


def test_a_process_that_only_waits_to_be_reaped_is_not_listed() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert ended.pid not in {process.pid for process in processes()}
    ended.wait()
