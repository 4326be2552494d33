"""A client's connection: every request on it is counted, and it knows which process of davd serves it."""

from __future__ import annotations

import http.client
import os
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

SECONDS = 60.0


class Broken(Exception):
    """A request got no answer, since its connection broke; whose fault that was stands in the tally."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered, by which process and when (monotonic)."""

    at: float
    pid: int
    method: str
    status: int


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request, or an attempt to connect (no method), without an answer, with the time it began and that it broke.

    `pid` is the process at the other end, 0 where it is not known.
    """

    since: float
    at: float
    pid: int
    method: str
    why: str


@dataclass(slots=True)
class Tally:
    """What clients have counted; they may all add to one."""

    answered: list[Answered] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)
    # Answers that should not have been; one sentence each.
    wrong: list[str] = field(default_factory=list)
    # The process at the other end of each connection that was made.
    connections: list[int] = field(default_factory=list)

    def by_method(self) -> Counter[tuple[str, int]]:
        """Answers by method and status."""
        return Counter((answer.method, answer.status) for answer in self.answered)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its content."""

    status: int
    fields: http.client.HTTPMessage
    content: bytes

    @property
    def etag(self) -> str | None:
        """The field ETag."""
        value: str | None = self.fields.get("ETag")
        return value


def owner(port: int, client_port: int, pids: Iterable[int]) -> int:
    """Which of these processes has the server's end of a connection over 127.0.0.1; 0 when none does."""
    ends = f" 0100007F:{port:04X} 0100007F:{client_port:04X} "
    with open("/proc/net/tcp", encoding="ascii") as table:
        inode = next((line.split()[9] for line in table if ends in line), "0")
    if inode == "0":
        return 0
    for pid in pids:
        folder = f"/proc/{pid}/fd"
        try:
            for entry in os.listdir(folder):
                if os.readlink(f"{folder}/{entry}") == f"socket:[{inode}]":
                    return pid
        except OSError:
            continue
    return 0


class Link:
    """A keep-alive connection to `port` of 127.0.0.1, made when it is needed; nothing is asked twice by itself.

    `certificate` is the server's for TLS, None for plain HTTP. `pids` tells which processes may serve it.
    """

    def __init__(
        self,
        port: int,
        certificate: Path | None,
        login: Mapping[str, str],
        pids: Callable[[], Iterable[int]],
        tally: Tally,
    ) -> None:
        self.tally = tally
        self._port = port
        self._login = dict(login)
        self._pids = pids
        self._pid = 0
        self._connection: http.client.HTTPConnection
        if certificate is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        else:
            context = ssl.create_default_context(cafile=str(certificate))
            context.check_hostname = False
            self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=context)

    def close(self) -> None:
        """End the connection; the next request makes another one."""
        self._connection.close()
        self._pid = 0

    def _connect(self) -> None:
        began = time.monotonic()
        try:
            self._connection.connect()
            self._pid = owner(self._port, self._connection.sock.getsockname()[1], self._pids())
        except OSError as error:
            self._broke(began, "", error)
        self.tally.connections.append(self._pid)

    def _broke(self, began: float, method: str, error: Exception) -> NoReturn:
        self.tally.unanswered.append(Unanswered(began, time.monotonic(), self._pid, method, repr(error)))
        self.close()
        raise Broken(f"{method}: {error!r}") from None

    def ask(self, method: str, path: str, body: bytes | None = None, fields: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request; Broken when there was none."""
        if self._connection.sock is None:
            self._connect()
        began = time.monotonic()
        try:
            self._connection.request(method, path, body, {**self._login, **(fields or {})})
            response = self._connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._broke(began, method, error)
        self.tally.answered.append(Answered(time.monotonic(), self._pid, method, response.status))
        if self._connection.sock is None:
            self._pid = 0
        return Answer(response.status, response.headers, content)
