"""HTTP/1.1 as bare bytes from any loopback address, and what a process costs while it is answered."""

from __future__ import annotations

import base64
import http.client
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

SECONDS = 30.0
_STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_TICKS = os.sysconf("SC_CLK_TCK")


def address_of(origin: str) -> tuple[str, int]:
    """Host and port of an origin."""
    parts = urlsplit(origin)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def basic(user: str, password: str) -> str:
    """The value of Authorization for a name and a password, which may hold anything."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def head(method: str, target: str, fields: Mapping[str, str]) -> bytes:
    """The head of a request with these fields and a Host; nothing in it is checked."""
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def connect(origin: str, source: str = "127.0.0.1", receive_buffer: int | None = None) -> socket.socket:
    """A TCP connection to an origin from a loopback address; nothing is said on it, not even for TLS."""
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.bind((source, 0))
    connection.connect(address_of(origin))
    return connection


def secured(connection: socket.socket) -> ssl.SSLSocket:
    """The connection within TLS, whoever is at the other end."""
    return ssl._create_unverified_context().wrap_socket(connection)


def until_closed(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection; TimeoutError when it does not."""
    received = b""
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass
    return received


def statuses(received: bytes) -> list[int]:
    """The status of every answer in what a server sent; contents must not look like status lines."""
    return [int(status) for status in _STATUS_LINE.findall(received)]


@dataclass(frozen=True, slots=True)
class Answer:
    """One final answer; field names are in lower case."""

    status: int
    fields: dict[str, str]
    content: bytes


class Client:
    """Asks one request after the other and connects anew when the server has closed."""

    def __init__(self, origin: str, source: str = "127.0.0.1", preface: bytes = b"") -> None:
        self._origin = origin
        self._source = source
        self._preface = preface
        self._connection: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(
        self, method: str, target: str, fields: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        """Send a request, with its Content-Length when it has content, and read its answer."""
        told = dict(fields or {})
        if content is not None:
            told["Content-Length"] = str(len(content))
        return self.send(head(method, target, told) + (content or b""), method)

    def send(self, data: bytes, method: str = "GET") -> Answer:
        """Send the bytes of one request and read the answer to it."""
        try:
            return self._exchange(data, method)
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server closed after its last answer: only that may cost a second try.
            self.close()
            return self._exchange(data, method)

    def _exchange(self, data: bytes, method: str) -> Answer:
        if self._connection is None:
            self._connection = connect(self._origin, self._source)
            if self._origin.startswith("https"):
                self._connection = secured(self._connection)
            self._connection.sendall(self._preface)
        self._connection.sendall(data)
        response = http.client.HTTPResponse(self._connection, method=method)
        response.begin()
        content = response.read()
        if response.will_close:
            self.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used: seconds of CPU in all, bytes resident now and at most, bytes it asked `read` for."""

    cpu: float
    resident: int
    peak: int
    read: int


def cost(pid: int) -> Cost:
    """The figures of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return Cost(
        (int(fields[11]) + int(fields[12])) / _TICKS,
        int(status["VmRSS"].split()[0]) * 1024,
        int(status["VmHWM"].split()[0]) * 1024,
        int(io["rchar"]),
    )


def sockets(pid: int) -> int:
    """How many sockets a process holds."""
    held = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held += os.readlink(descriptor).startswith("socket:")
        except FileNotFoundError:
            continue
    return held


def stored(data: Path) -> dict[str, int]:
    """The size of every file in a data folder."""
    found = {}
    for path in data.rglob("*"):
        try:
            if path.is_file():
                found[path.relative_to(data).as_posix()] = path.stat().st_size
        except FileNotFoundError:
            continue
    return found


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true within so many seconds; it is looked at often."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
