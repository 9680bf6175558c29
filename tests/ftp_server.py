"""A file server of another kind than a disk: anyone may write to it, and it can be stopped and started again."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "nas", "s3cr3t-canary"

SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
folder, port, user, password = sys.argv[1:]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user(user, password, folder, perm="elradfmwMT")
FTPHandler.authorizer.add_anonymous(folder, perm="elradfmwMT")
server = FTPServer(("127.0.0.1", int(port)), FTPHandler)
print(server.socket.getsockname()[1], flush=True)
server.serve_forever()
"""


@dataclass(slots=True)
class FtpServer:
    """Serves a folder from a process of its own."""

    folder: Path
    port: int = 0
    _process: "subprocess.Popen[str] | None" = field(default=None)

    @property
    def url(self) -> str:
        return f"ftp://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-c", SERVER, str(self.folder), str(self.port), USER, PASSWORD]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
