"""davd as `make run` starts it (`twistd -r uvloop`), and on Twisted's epoll reactor."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from tests.conformance.daemon import Daemon
from tests.performance.client import basic
from tests.performance.peers.peer import Peer

CONFIGURATION = """
[net]
max_connections = 12000
idle_timeout = 600
"""


class Davd(Peer):
    """davd on uvloop, durable as always."""

    name: ClassVar[str] = "davd"
    durable: ClassVar[bool] = True
    reactor: ClassVar[str] = "uvloop"

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        super().__init__(folder, certificate, key)
        self._stack = ExitStack()
        self._daemon: Daemon | None = None

    def launch(self) -> None:
        """Start the daemon on the two ports with room for the idle connections."""
        (self.folder / "data").mkdir(mode=0o700)
        daemon = Daemon(
            reactor=self.reactor,
            listeners=(f"ssl:{self.secure.port}:interface=127.0.0.1", f"tcp:{self.plain.port}:interface=127.0.0.1"),
            config=CONFIGURATION,
            data=self.folder / "data",
        )
        self._daemon = self._stack.enter_context(daemon)
        self.path = daemon.home
        self.authorization = basic(daemon.user, daemon.password)

    @property
    def pids(self) -> list[int]:
        """twistd; its children are the server's too."""
        return [self._daemon.pid] if self._daemon else []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


class DavdEpoll(Davd):
    """davd on Twisted's own reactor and transports."""

    name: ClassVar[str] = "davd-epoll"
    reactor: ClassVar[str] = "epoll"
