"""A little of HTTP/1.1 from the client's side, on bare sockets, for requests that are sent in pieces."""

from __future__ import annotations

import socket
from collections.abc import Mapping


def request(method: str, path: str, headers: Mapping[str, str], length: int | None = None) -> bytes:
    """The head of a request; its content of `length` bytes has yet to be sent."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in headers.items())]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def answers(connection: socket.socket) -> list[tuple[int, dict[str, str], bytes]]:
    """Status, fields (names in lower case) and content of every response until the server closes the connection.

    ValueError when the last one is not whole. All of them have to have a Content-Length.
    """
    data = b""
    while piece := connection.recv(1 << 16):
        data += piece
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        if not end:
            raise ValueError(f"a head breaks off: {head!r}")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", 0))
        if len(data) < length:
            raise ValueError(f"{len(data)} bytes of {length} came after {head!r}")
        found.append((int(first.split()[1]), fields, data[:length]))
        data = data[length:]
    return found
