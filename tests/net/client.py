"""An HTTP/1.1 client that sends whatever bytes it is told to and reads answers strictly."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """One response. `headers` are by lower-case name, `head` is the head as it came, `chunked` how the body came."""

    status: int
    headers: dict[str, str]
    body: bytes
    head: bytes
    chunked: bool = False
    trailers: list[bytes] = field(default_factory=list)


class Client:
    """One connection, used from outside of the server's thread."""

    def __init__(self, connection: Any) -> None:
        self.socket = connection
        self.buffer = b""

    def send(self, data: bytes) -> None:
        """Send the bytes."""
        self.socket.sendall(data)

    def request(self, head: bytes, body: bytes = b"") -> Reply:
        """Send a request and read its answer; `head` is the head without the blank line and without Host."""
        self.send(head + b"\r\nHost: test\r\n\r\n" + body)
        return self.reply(head.partition(b" ")[0])

    def reply(self, method: bytes = b"GET") -> Reply:
        """Read one answer to a request with that method."""
        head = self.until(b"\r\n\r\n")
        lines = head.split(b"\r\n")[:-2]
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.decode("latin-1").partition(": ")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value
        status = int(lines[0].split(b" ")[1])
        reply = Reply(status, headers, b"", head)
        if method == b"HEAD" or status in (204, 304) or status < 200:
            return reply
        if headers.get("transfer-encoding") == "chunked":
            self._chunks(reply)
        elif "content-length" in headers:
            reply.body = self.exactly(int(headers["content-length"]))
        else:
            reply.body = self.rest()
        return reply

    def _chunks(self, reply: Reply) -> None:
        reply.chunked = True
        pieces = []
        while size := int(self.until(b"\r\n"), 16):
            pieces.append(self.exactly(size))
            assert self.exactly(2) == b"\r\n"
        while (line := self.until(b"\r\n")) != b"\r\n":
            reply.trailers.append(line)
        reply.body = b"".join(pieces)

    def until(self, mark: bytes) -> bytes:
        """All bytes up to the mark and with it."""
        while mark not in self.buffer:
            self._more()
        end = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:end], self.buffer[end:]
        return data

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        pieces = [self.buffer]
        left = size - len(self.buffer)
        while left > 0:
            piece = self.socket.recv(262_144)
            if not piece:
                raise EOFError(b"".join(pieces)[-200:])
            pieces.append(piece)
            left -= len(piece)
        data = b"".join(pieces)
        self.buffer = data[size:]
        return data[:size]

    def rest(self) -> bytes:
        """All bytes up to the end of the connection, which has to come in good order."""
        pieces = [self.buffer]
        self.buffer = b""
        while piece := self.socket.recv(262_144):
            pieces.append(piece)
        return b"".join(pieces)

    def ended(self) -> bool:
        """Whether the server has ended the connection with nothing more to say, in whatever manner."""
        try:
            return not self.buffer and not self.socket.recv(65_536)
        except OSError as error:
            return not isinstance(error, TimeoutError)

    def _more(self) -> None:
        piece = self.socket.recv(262_144)
        if not piece:
            raise EOFError(self.buffer[-200:])
        self.buffer += piece

    def finish(self) -> None:
        """End the client's sending, which still reads."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Go away."""
        self.socket.close()
