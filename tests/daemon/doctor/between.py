"""A proxy that makes mistakes: it stands before a DAV server, on a thread of the test's own and on a free port."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECONDS = 20.0


@dataclass
class Asked:
    """What the proxy was asked, and may change before it passes it on."""

    method: str
    path: str
    fields: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What it answers, and may change before it passes it back."""

    status: int
    fields: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Mistake:
    """A proxy that passes everything on as it is; a mistake overrides one of the two."""

    def forward(self, asked: Asked) -> Answer | None:
        """Change the request; an answer takes the server's place."""
        return None

    def back(self, asked: Asked, answer: Answer) -> None:
        """Change the answer."""

    def expectation(self) -> bool:
        """Whether 100 (Continue) is sent."""
        return True


class _Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._pass
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle_expect_100(self) -> bool:
        return super().handle_expect_100() if self.server.mistake.expectation() else True

    def _pass(self) -> None:
        body = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        elif self.headers.get("Content-Length"):
            body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = Asked(self.command, self.path, dict(self.headers.items()), body)
        answer = self.server.mistake.forward(asked) or self._server(asked)
        self.server.mistake.back(asked, answer)
        lines = [f"HTTP/1.1 {answer.status} Answer", *(f"{name}: {value}" for name, value in answer.fields.items())]
        length = len(answer.body)
        lines += [f"Content-Length: {length}"] if asked.method != "HEAD" and answer.status not in (204, 304) else []
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)

    def _server(self, asked: Asked) -> Answer:
        hops = ("connection", "transfer-encoding", "content-length", "expect")
        fields = {name: value for name, value in asked.fields.items() if name.lower() not in hops}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=SECONDS)) as line:
            line.request(asked.method, asked.path, asked.body or None, fields)
            reply = line.getresponse()
            body = reply.read()
        kept = {name: value for name, value in reply.getheaders() if name.lower() not in hops}
        return Answer(reply.status, kept, body)


@contextlib.contextmanager
def between(mistake: Mistake, behind: int, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Such a proxy before the server on port `behind` of 127.0.0.1; gives its own port."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that does not trust the certificate goes away."""

    server: Any = Server(("127.0.0.1", 0), _Passing)
    server.mistake, server.behind = mistake, behind
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Signed:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, folder: Path, name: str) -> Path:
        """Write both into one PEM file."""
        file = folder / f"{name}.pem"
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM) + key)
        return file


def signed(
    name: str = "localhost", issuer: Signed | None = None, authority: bool = False, days: tuple[int, int] = (-10, 10)
) -> Signed:
    """A certificate for `name`, valid between those days from now, by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]), False
        )
    )
    return Signed(builder.sign(key if issuer is None else issuer.key, hashes.SHA256()), key)
