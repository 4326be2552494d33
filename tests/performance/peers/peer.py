"""The face of a server under measurement, and what starting one takes."""

import shutil
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.conformance.daemon import end_with_parent, free_port
from tests.performance.client import Client, Origin, basic

START_SECONDS = 60.0
STOP_SECONDS = 15.0
USER = "bench"
PASSWORD = "bench-password-1"


class Missing(Exception):
    """A program the peer needs is not installed; the text says how to get it."""


def executable(name: str, package: str) -> str:
    """The path of a program, which Debian's `package` brings."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        raise Missing(f"{name}: apt-get install -y {package}")
    return path


class Peer(ABC):
    """One server with one account, on a plain and a TLS port of 127.0.0.1, as a context manager.

    A subclass writes its configuration below `folder` and starts its processes in `launch`; each process ends with
    SIGTERM at the latest when the context does. `path` is where the account may write.
    """

    name: ClassVar[str]
    packages: ClassVar[Sequence[str]] = ()
    durable: ClassVar[bool] = False

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        self.folder = folder / self.name
        self.folder.mkdir(mode=0o755)
        self.certificate = certificate
        self.key = key
        self.plain = Origin(free_port(), tls=False)
        self.secure = Origin(free_port(), tls=True)
        self.path = "/"
        self.authorization = basic(USER, PASSWORD)
        self.processes: list[subprocess.Popen[bytes]] = []

    @abstractmethod
    def launch(self) -> None:
        """Write the configuration and start the processes; need not wait until they listen."""

    def spawn(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start a process whose output goes to `folder`/log."""
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env=env,
                    preexec_fn=end_with_parent,
                )
            )

    def __enter__(self) -> Self:
        try:
            self.launch()
            for origin in (self.plain, self.secure):
                self._await(origin)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _await(self, origin: Origin) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((origin.host, origin.port), timeout=5).close()
                return
            except OSError:
                ended = [process.returncode for process in self.processes if process.poll() is not None]
                if ended or time.monotonic() > deadline:
                    log = self.folder / "log"
                    text = log.read_text(errors="replace") if log.exists() else ""
                    raise RuntimeError(f"{self.name} does not listen on {origin}: {ended}\n{text}") from None
                time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    @property
    def pids(self) -> list[int]:
        """The processes started here; their children are the server's too."""
        return [process.pid for process in self.processes]

    def client(self, tls: bool = False) -> Client:
        """A new connection that speaks for the account."""
        return Client(self.secure if tls else self.plain, self.authorization)
