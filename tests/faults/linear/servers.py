"""One or two davd processes on one data folder, with all caches or with none, that can be killed and started again."""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.caches.redis_server import RedisServer
from tests.conformance.daemon import BARE, free_port
from tests.daemon.twistd import Running, basic, davctl

# The clients ask without pause.
_UNLIMITED = """
[rates]
address_requests = 0.0
address_cpu = 0.0
account_requests = 0.0
account_cpu = 0.0
"""

# Everything that keeps or shares an answer, and every answer kept everywhere, however cheap it was.
_CACHED = """
[caches]
redis = "{redis}"
shared_after_ms = 0.0
"""

CONFIGURATIONS = {"caches": _CACHED + _UNLIMITED, "no caches": BARE + _UNLIMITED}


@dataclass(frozen=True, slots=True)
class Setup:
    """Under what a history is made: a word of CONFIGURATIONS, and how many processes serve."""

    configuration: str
    processes: int

    def __str__(self) -> str:
        return f"{self.configuration}, {self.processes} process{'es' * (self.processes > 1)}"


class Servers:
    """The processes of a setup in a folder, as a context manager: all serve when it is entered.

    `ports` are where they listen, on 127.0.0.1, before and after they are killed. `login` is the Authorization field
    of the one account, `home` the path of its files.
    """

    def __init__(self, setup: Setup, folder: Path) -> None:
        self.setup = setup
        self.folder = folder
        self.home = "/files/writer/"
        self.ports = [free_port() for _ in range(setup.processes)]
        self._running: list[Running] = []
        self._redis: RedisServer | None = None
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        password = secrets.token_hex(12)
        self.login = basic("writer", password)
        data = self.folder / "data"
        with ExitStack() as ends:
            added = davctl(data, "user", "add", "writer", "--password-file", "-", text=password + "\n")
            assert added.returncode == 0, added.stderr
            config = CONFIGURATIONS[self.setup.configuration]
            if "{redis}" in config:
                self._redis = ends.enter_context(RedisServer(self.folder / "redis"))
                config = config.replace("{redis}", self._redis.url)
            for number, port in enumerate(self.ports):
                place = self.folder / str(number)
                place.mkdir()
                endpoint = f"tcp:{port}:interface=127.0.0.1"
                running = Running(place, endpoint, config=config, words=("--data", str(data)))
                self._running.append(ends.enter_context(running))
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.__exit__(kind, error, trace)

    def kill(self, number: int) -> None:
        """kill -9 a process; AssertionError when it had anything to complain of."""
        running = self._running[number]
        running.kill()
        log = running.log()
        assert "Traceback" not in log and "Unhandled" not in log, log

    def start(self, number: int) -> None:
        """Start a process that was killed."""
        self._running[number].__enter__()

    def forget(self) -> None:
        """kill -9 what the processes share to remember answers, if anything, and start it again, empty."""
        if self._redis is not None:
            self._redis.kill()
            self._redis.start()

    def shared(self) -> int:
        """How many answers the processes have found where they share them."""
        if self._redis is None:
            return 0
        stats = self._redis.command("INFO", "stats").decode()
        return int(re.search(r"keyspace_hits:(\d+)", stats)[1])  # type: ignore[index]
