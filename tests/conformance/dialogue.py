"""A raw HTTP/1.1 dialogue on one connection: the test writes each header, nothing is added behind its back."""

import base64
import gzip
import http.client
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from xml.etree import ElementTree

SECONDS = 30.0
Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One final answer: its status, its fields in the order sent, its body without transfer and content coding."""

    status: int
    fields: tuple[Header, ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """The values of every field line of this name."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name: str) -> str:
        """The one value of a field that must stand there exactly once."""
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values} in {self}"
        return values[0]

    def xml(self) -> ElementTree.Element:
        """The body as an XML document, which its media type must announce."""
        media_type = self.field("Content-Type").split(";")[0].strip()
        assert media_type in {"application/xml", "text/xml"}, media_type
        return ElementTree.fromstring(self.body)

    def properties(self) -> dict[str, dict[str, tuple[int, ElementTree.Element]]]:
        """A multistatus as {href: {property name in Clark notation: (status, element)}}."""
        root = self.xml()
        assert root.tag == "{DAV:}multistatus", root.tag
        found: dict[str, dict[str, tuple[int, ElementTree.Element]]] = {}
        for response in root.findall("{DAV:}response"):
            href = response.findtext("{DAV:}href") or ""
            assert href not in found, f"two responses for {href}"
            row = found[href] = {}
            for propstat in response.findall("{DAV:}propstat"):
                status = int((propstat.findtext("{DAV:}status") or "").split()[1])
                for element in propstat.findall("{DAV:}prop/*"):
                    row[element.tag] = (status, element)
        return found


class Dialogue:
    """One connection to `origin` (`https://…` without verification, or `http://…`) that must stay open throughout."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        assert parts.hostname and parts.port
        self.authority = f"{parts.hostname}:{parts.port}"
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            self.socket = ssl._create_unverified_context().wrap_socket(self.socket)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send_head(self, method: str, target: str, fields: Iterable[Header]) -> None:
        """Send a request line and exactly these fields."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
        self.socket.sendall("\r\n".join(lines).encode("ascii"))

    def send_chunk(self, octets: bytes) -> None:
        """Send one chunk of a chunked body; an empty one ends the body."""
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(octets), octets))

    def receive(self, method: str) -> Reply:
        """Read the next final answer; the server must not announce that it closes the connection."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.begin()
        body = response.read()
        fields = tuple(response.getheaders())
        assert response.version == 11
        assert not response.will_close, f"{method}: the server closes after {response.status} {fields}"
        reply = Reply(response.status, fields, body)
        coding = reply.all("Content-Encoding")
        assert coding in ([], ["gzip"]), coding
        return Reply(response.status, fields, gzip.decompress(body)) if coding and body else reply

    def ask(
        self,
        method: str,
        target: str,
        fields: Iterable[Header] = (),
        body: bytes | None = None,
        chunks: Sequence[bytes] | None = None,
    ) -> Reply:
        """Send one request and return its answer.

        `fields` go out as they are; `body` adds its Content-Length, `chunks` adds `Transfer-Encoding: Chunked` (as
        macOS writes it) and sends one chunk for each item; neither sends no body and no length.
        """
        fields = list(fields)
        if body is not None:
            fields.append(("Content-Length", str(len(body))))
        if chunks is not None:
            fields.append(("Transfer-Encoding", "Chunked"))
        self.send_head(method, target, fields)
        if body:
            self.socket.sendall(body)
        if chunks is not None:
            for octets in chunks:
                self.send_chunk(octets)
            self.send_chunk(b"")
        return self.receive(method)


def lock_token(reply: Reply) -> str:
    """The token of a new lock, without angle brackets: the one in Lock-Token, which the body must tell as well."""
    field = reply.field("Lock-Token")
    assert field.startswith("<") and field.endswith(">"), field
    root = reply.xml()
    assert root.tag == "{DAV:}prop"
    active = root.findall("{DAV:}lockdiscovery/{DAV:}activelock")
    assert [lock.findtext("{DAV:}locktoken/{DAV:}href") for lock in active] == [field[1:-1]]
    return field[1:-1]


def basic(user: str, password: str) -> Header:
    """The Authorization field of RFC 7617."""
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Account:
    """A dialogue that speaks for one account: Host and Authorization are added to every request."""

    def __init__(self, origin: str, user: str, password: str, agent: Sequence[Header] = ()) -> None:
        self.dialogue = Dialogue(origin)
        self.fields = [("Host", self.dialogue.authority), basic(user, password), *agent]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dialogue.__exit__(kind, error, trace)

    def ask(
        self,
        method: str,
        target: str,
        *fields: Header,
        body: bytes | None = None,
        chunks: Sequence[bytes] | None = None,
    ) -> Reply:
        """Send one request with the account's fields and return its answer (see `Dialogue.ask`)."""
        return self.dialogue.ask(method, target, [*self.fields, *fields], body, chunks)
