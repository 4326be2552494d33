"""A small blocking HTTP client for preparing data, checking answers, and the loads wrk cannot make."""

import base64
import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 120.0
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a server listens."""

    port: int
    tls: bool
    host: str = "127.0.0.1"

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; `octets` is its length on the wire before TLS: status line, fields, body."""

    status: int
    fields: dict[str, str]
    body: bytes
    octets: int


class WrongAnswer(Exception):
    """A server answered otherwise than the work needs."""


def basic(user: str, password: str) -> str:
    """The value of Authorization for Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Client:
    """One kept-alive connection that speaks for one account (None: for nobody), opened anew when it was closed."""

    def __init__(self, origin: Origin, authorization: str | None = None) -> None:
        self._origin = origin
        self._authorization = authorization
        self._connection: http.client.HTTPConnection
        if origin.tls:
            context = ssl._create_unverified_context()
            self._connection = http.client.HTTPSConnection(origin.host, origin.port, timeout=SECONDS, context=context)
        else:
            self._connection = http.client.HTTPConnection(origin.host, origin.port, timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _fields(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        return ({"Authorization": self._authorization} if self._authorization else {}) | dict(extra or {})

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        fields: Mapping[str, str] | None = None,
        want: tuple[int, ...] = (),
    ) -> Answer:
        """One request and its answer; a status outside `want` (when given) raises WrongAnswer."""
        self._connection.request(method, path, body, self._fields(fields))
        response = self._connection.getresponse()
        body = response.read()
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n".encode("latin-1")
        head += b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in response.getheaders()) + b"\r\n"
        if want and response.status not in want:
            raise WrongAnswer(f"{method} {path}: {response.status} {response.reason} {body[:300]!r}")
        return Answer(response.status, dict(response.getheaders()), body, len(head) + len(body))

    def upload(self, path: str, source: Path) -> None:
        """PUT a file of any size: by sendfile on plain TCP, in blocks on TLS."""
        connection = self._connection
        connection.putrequest("PUT", path, skip_accept_encoding=True)
        for name, value in self._fields({"Content-Length": str(source.stat().st_size)}).items():
            connection.putheader(name, value)
        connection.endheaders()
        sock: socket.socket = connection.sock
        with source.open("rb") as file:
            sock.sendfile(file)
        response = connection.getresponse()
        body = response.read()
        if response.status not in {200, 201, 204}:
            raise WrongAnswer(f"PUT {path}: {response.status} {body[:300]!r}")

    def compare(self, path: str, source: Path) -> int:
        """GET a file of any size and compare every octet with `source`; returns their number."""
        self._connection.request("GET", path, headers=self._fields(None))
        response = self._connection.getresponse()
        if response.status != 200:
            raise WrongAnswer(f"GET {path}: {response.status} {response.read(300)!r}")
        received = 0
        mine, theirs = memoryview(bytearray(BLOCK)), memoryview(bytearray(BLOCK))
        with source.open("rb", buffering=0) as file:
            while size := file.readinto(mine):
                got = 0
                while got < size:
                    count = response.readinto(theirs[got:size])
                    if not count:
                        raise WrongAnswer(f"GET {path}: ended after {received + got} octets")
                    got += count
                if mine[:size] != theirs[:size]:
                    raise WrongAnswer(f"GET {path}: other octets from {received} on")
                received += size
        if response.read(1):
            raise WrongAnswer(f"GET {path}: more than {received} octets")
        return received
