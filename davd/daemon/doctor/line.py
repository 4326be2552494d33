"""HTTP/1.1 as a client speaks it, each octet as it is told to: what a library would mend has to be seen here.

Implements: RFC 9110, 10.1.1; RFC 9112, 3, 4, 6, 7.1, 9.3
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence

from davd.daemon.doctor.connect import Origin, connect
from davd.daemon.doctor.reply import Fault, Reply

# How a body is sent: with its length, in chunks, or after the server has said that it wants it.
LENGTH = "length"
CHUNKED = "chunked"
EXPECT = "expect"

# RFC 9110, 10.1.1: "A client that sends a 100-continue expectation ... SHOULD NOT wait for an indefinite period".
_CONTINUE_SECONDS = 3.0
_MOST_HEAD = 64 * 1024
_MOST_BODY = 16 * 1024 * 1024
_CHUNK = 64 * 1024

Field = tuple[str, str]


class Line:
    """One connection to `origin`, made when it is needed and kept while the server keeps it."""

    def __init__(self, origin: Origin, context: ssl.SSLContext, seconds: float) -> None:
        self.origin = origin
        self._context = context
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._buffer = b""

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._buffer = b""

    def ask(
        self, method: str, target: str, fields: Sequence[Field], body: bytes | None = None, sending: str = LENGTH
    ) -> Reply:
        """Send one request, with Host and the fields of its framing added, and give the answer; Fault."""
        kept = self._socket is not None
        try:
            return self._once(method, target, fields, body, sending)
        except Fault as fault:
            self.close()
            if not kept or fault.key != "closed":
                raise
        # RFC 9112, 9.3.1: a connection that was kept may have been closed meanwhile.
        return self._once(method, target, fields, body, sending)

    def _once(self, method: str, target: str, fields: Sequence[Field], body: bytes | None, sending: str) -> Reply:
        if self._socket is None:
            self._socket = connect(self.origin, self._context, self._seconds)
        started = time.monotonic()
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.origin.authority}"]
        lines += [f"{name}: {value}" for name, value in fields]
        if body is not None:
            lines.append("Transfer-Encoding: chunked" if sending == CHUNKED else f"Content-Length: {len(body)}")
        if sending == EXPECT:
            lines.append("Expect: 100-continue")
        try:
            reply = self._exchange(method, "\r\n".join([*lines, "", ""]).encode("utf-8"), body, sending, started)
        except TimeoutError:
            self.close()
            raise Fault("no-answer", method=method, target=target, seconds=f"{self._seconds:g}") from None
        except OSError as error:
            self.close()
            raise Fault("closed", method=method, target=target, why=error.strerror or type(error).__name__) from None
        except _EndOfStreamError:
            self.close()
            raise Fault("closed", method=method, target=target, why="nothing came") from None
        except ValueError as error:
            self.close()
            raise Fault("not-http", method=method, target=target, why=error) from None
        if reply.version != "HTTP/1.1" or "close" in reply.words("Connection"):
            self.close()
        return reply

    def _exchange(self, method: str, head: bytes, body: bytes | None, sending: str, started: float) -> Reply:
        assert self._socket is not None
        self._socket.settimeout(self._seconds)
        continued = True
        whole = b"" if body is None else _chunked(body) if sending == CHUNKED else body
        if sending == EXPECT:
            self._socket.sendall(head)
            version, status, fields = self._first_word()
            continued = status == 100
            if status > 100:
                # The server has refused the content unseen; what it says now is all it says on this connection.
                reply = self._rest(method, version, status, fields, started, True)
                self.close()
                return reply
            self._socket.sendall(whole)
        else:
            try:
                self._socket.sendall(head + whole)
            except ConnectionError:
                # It may have said why before it stopped reading.
                if not whole:
                    raise
        version, status, fields = self._head()
        while 100 <= status < 200:
            version, status, fields = self._head()
        return self._rest(method, version, status, fields, started, continued)

    def _first_word(self) -> tuple[str, int, tuple[Field, ...]]:
        """The head that comes while the content is held back; status 0 when none does."""
        assert self._socket is not None
        self._socket.settimeout(min(_CONTINUE_SECONDS, self._seconds))
        try:
            return self._head()
        except TimeoutError:
            return "", 0, ()
        finally:
            self._socket.settimeout(self._seconds)

    def _head(self) -> tuple[str, int, tuple[Field, ...]]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if self._buffer and not b"HTTP/1.".startswith(self._buffer[:7]):
                raise ValueError(f"it begins with {self._buffer[:16]!r}")
            if len(self._buffer) > _MOST_HEAD:
                raise ValueError(f"a head of more than {_MOST_HEAD} octets")
            self._more()
        head, self._buffer = self._buffer[:end].decode("latin-1"), self._buffer[end + 4 :]
        first, *rest = head.split("\r\n")
        version, _, code = first.partition(" ")
        if not version.startswith("HTTP/1.") or not code[:3].isdecimal():
            raise ValueError(f"it begins with {first[:40]!r}")
        parted = (line.partition(":") for line in rest)
        return version, int(code[:3]), tuple((name.strip(), value.strip()) for name, _, value in parted)

    def _rest(
        self, method: str, version: str, status: int, fields: tuple[Field, ...], started: float, continued: bool
    ) -> Reply:
        head = Reply(status, fields, version=version)
        try:
            body = b"" if method == "HEAD" or status in (204, 304) else self._body(head)
        except (_EndOfStreamError, ConnectionError):
            raise Fault("cut", method=method, status=status, expected=head.field("Content-Length") or "more") from None
        return Reply(status, fields, body, version, time.monotonic() - started, continued)

    def _body(self, head: Reply) -> bytes:
        if "chunked" in head.words("Transfer-Encoding"):
            pieces = []
            while length := int(self._until(b"\r\n").split(b";")[0], 16):
                pieces.append(self._exactly(length))
                self._exactly(2)
            while self._until(b"\r\n"):
                pass
            return b"".join(pieces)
        length_field = head.field("Content-Length")
        if length_field:
            return self._exactly(int(length_field))
        # RFC 9112, 6.3: without a length "the message body length is determined by the number of octets received
        # prior to the server closing the connection".
        try:
            while len(self._buffer) < _MOST_BODY:
                self._more()
        except _EndOfStreamError:
            pass
        body = self._buffer
        self.close()
        return body

    def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            if len(self._buffer) > _MOST_HEAD:
                raise ValueError("a line that does not end")
            self._more()
        line, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
        return line

    def _exactly(self, length: int) -> bytes:
        if length > _MOST_BODY:
            raise ValueError(f"an answer of {length} octets")
        while len(self._buffer) < length:
            self._more()
        octets, self._buffer = self._buffer[:length], self._buffer[length:]
        return octets

    def _more(self) -> None:
        assert self._socket is not None
        octets = self._socket.recv(_CHUNK)
        if not octets:
            raise _EndOfStreamError
        self._buffer += octets


class _EndOfStreamError(Exception):
    """The server closed its side."""


def _chunked(body: bytes) -> bytes:
    """`body` in two chunks, as a client sends what it does not know the length of."""
    half = len(body) // 2
    pieces = [piece for piece in (body[:half], body[half:]) if piece]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
