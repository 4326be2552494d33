"""davd as one or several processes on one data folder and one port, as a service manager would start them.

Every process gets a listening socket of its own on the same port (SO_REUSEPORT) as descriptor 3, and the kernel spreads
the connections over them.
"""

import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.conformance.daemon import DaemonError, end_with_parent, environment, script
from tests.performance.client import Client, Origin, basic

START_SECONDS = 60.0
STOP_SECONDS = 30.0
BACKLOG = 4096
USER = "ladder"
CONFIGURATION = """
[net]
max_connections = 12000
idle_timeout = 600
"""
# The protocol of passed sockets: they begin at descriptor 3, and the variables name the process they are meant for.
_PASS = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='ladder'); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


class Farm:
    """`processes` davd processes with one account, as a context manager; `config` is TOML behind the usual settings.

    `origin` is where they listen, `authorization` and `home` are the account's, `pids` the processes.
    """

    def __init__(self, processes: int = 1, reactor: str = "uvloop", config: str = "") -> None:
        self._count = processes
        self._reactor = reactor
        self._config = CONFIGURATION + config
        self._folder = Path(tempfile.mkdtemp(prefix="davd-ladder-"))
        self._password = secrets.token_hex(18)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.authorization = basic(USER, self._password)
        self.home = f"/files/{USER}/"
        self.origin = Origin(0, tls=False)

    @property
    def pids(self) -> list[int]:
        """The processes, in the order of their start."""
        return [process.pid for process in self._processes]

    def client(self) -> Client:
        """A new connection that speaks for the account."""
        return Client(self.origin, self.authorization)

    def url(self, path: str) -> str:
        """The URL of a path below the account's home."""
        return f"{self.origin}{self.home}{path}"

    def __enter__(self) -> Self:
        try:
            (self._folder / "davd.toml").write_text(self._config)
            self._run("davctl", "user", "add", USER, "--password-file", "-", text=self._password + "\n")
            # One after the other: as soon as a socket listens the kernel gives it its part of the connections.
            for _ in range(self._count):
                self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _run(self, program: str, *arguments: str, text: str) -> None:
        argv = [script(program), "--data", str(self._folder / "data"), *arguments]
        (self._folder / "data").mkdir(mode=0o700, exist_ok=True)
        done = subprocess.run(argv, input=text, text=True, capture_output=True, timeout=60, env=environment())
        if done.returncode:
            raise DaemonError(f"{program}: status {done.returncode}\n{done.stdout}{done.stderr}")

    def _start(self) -> None:
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", self.origin.port))
            listening.listen(BACKLOG)
            self.origin = Origin(listening.getsockname()[1], tls=False)
            self._spawn(listening.fileno(), environment())
        self._await(self._processes[-1])

    def _spawn(self, descriptor: int, env: Mapping[str, str]) -> None:
        twistd = [script("twistd"), "-n", "--pidfile=", "-r", self._reactor, "davd"]
        davd = ["--data", str(self._folder / "data"), "--config", str(self._folder / "davd.toml")]
        argv = [sys.executable, "-c", _PASS, str(descriptor), *twistd, *davd, "--listen", "systemd:INET:index=0"]
        with (self._folder / "log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=env,
                    cwd=self._folder,
                    pass_fds=(descriptor,),
                    preexec_fn=end_with_parent,
                )
            )

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until 16 connections in a row were answered, whichever process they came to."""
        deadline = time.monotonic() + START_SECONDS
        answered = 0
        while answered < 16:
            connection = http.client.HTTPConnection(self.origin.host, self.origin.port, timeout=START_SECONDS)
            try:
                connection.request("OPTIONS", "/")
                answered = answered + 1 if connection.getresponse().status == 200 else 0
            except (OSError, http.client.HTTPException):
                answered = 0
            finally:
                connection.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise DaemonError(f"ended with {process.returncode} at start, or does not answer:\n{self.log()}")

    def log(self) -> str:
        """What the processes wrote to their standard output and error."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def cores() -> int:
    """How many processes make use of this machine."""
    return len(os.sched_getaffinity(0))
