"""Behind nginx, HAProxy and Caddy, each with the configuration in conf/ that operators copy.

Verifies: docs/architecture.md, Configuration; RFC 4918, 8.3, 9.9.4, 10.3; RFC 6764, 5; PROXY protocol, 2.2
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.net.certificates import self_signed
from tests.conformance.daemon import ROOT, Daemon, end_with_parent, free_port
from tests.conformance.programs import program

NAME = "dav.example.org"
LARGE = 64 * 1024 * 1024
SECONDS = 30.0
PROXIES = ["nginx", "haproxy", "caddy"]
FILES = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg", "caddy": "Caddyfile"}


class Proxied:
    """A davd behind a proxy on `port`; `prefix` is where it serves."""

    def __init__(self, daemon: Daemon, port: int, prefix: str) -> None:
        self.daemon = daemon
        self.port = port
        self.prefix = prefix
        login = base64.b64encode(f"{daemon.user}:{daemon.password}".encode()).decode()
        self.login = {"Authorization": f"Basic {login}"}

    @property
    def home(self) -> str:
        """The path of the account's files."""
        return self.prefix + self.daemon.home

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the proxy, by the public name."""
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=SECONDS, context=context)
        plain = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        connection.sock = context.wrap_socket(plain, server_hostname=NAME)
        return connection

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, fields and content of the answer to one request."""
        fields = self.login | {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, fields, encode_chunked=body is not None)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


def settings_in(text: str, port: int, certificates: Path) -> tuple[str, str]:
    """What the head of a proxy's file says that davd has: the endpoint to listen on, and the rest of it."""
    commented = re.findall(r"^#   ?(.*)$", text, re.MULTILINE)
    toml = "\n".join(line.strip() for line in commented)
    match = re.search(r'^listen = \["(\w+):\d+:(.*)"\]$', toml, re.MULTILINE)
    assert match is not None
    rest = toml.replace(match.group(0), "").replace("/etc/davd/certificates", str(certificates))
    return f"{match.group(1)}:{port}:{match.group(2)}", rest


def command_of(proxy: str, folder: Path, text: str, far: int, near: int) -> list[str]:
    """Write the proxy's file with the ports and paths of a test in it, and give the command that stays."""
    text = re.sub(r"127\.0\.0\.1:8(080|443)", f"127.0.0.1:{far}", text)
    file = folder / FILES[proxy]
    if proxy == "nginx":
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{near} ssl").replace(
            "/etc/nginx/davd", f"{folder}/davd"
        )
        kinds = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        file.write_text(
            f"user root; daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; events {{}}"
            f"http {{ access_log off; client_body_temp_path {folder}/body; {kinds}\n{text} }}"
        )
        return [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(file)]
    if proxy == "haproxy":
        file.write_text(text.replace("bind :443", f"bind 127.0.0.1:{near}"))
        return [program("haproxy", "haproxy"), "-db", "-f", str(file)]
    site = f"https://{NAME}:{near} {{\n\ttls {folder}/davd.pem {folder}/davd.key\n"
    text = text.replace(f"{NAME} {{\n", site)
    file.write_text("{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n" + text)
    return [program("caddy", "caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


@pytest.fixture(params=PROXIES)
def proxied(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxied]:
    """A davd behind each of the proxies."""
    proxy = str(request.param)
    text = (ROOT / "conf" / FILES[proxy]).read_text()
    far, near = free_port(), free_port()
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    made = self_signed(certificates, [NAME])
    for source, name in ((made.certificate, "davd.pem"), (made.key, "davd.key")):
        (tmp_path / name).write_bytes(source.read_bytes())
        (certificates / name).write_bytes(source.read_bytes())
        (certificates / name).chmod(0o600)
        source.unlink()
    endpoint, config = settings_in(text, far, certificates)
    argv = command_of(proxy, tmp_path, text, far, near)
    environment = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with contextlib.ExitStack() as stack:
        daemon = Daemon(listeners=[endpoint], config=config + "\n")
        if proxy == "haproxy":
            # It does not answer connections that begin without a header.
            daemon._answers = staticmethod(_listens)  # type: ignore[method-assign]
        stack.enter_context(daemon)
        output = stack.enter_context((tmp_path / "output").open("wb"))
        process = subprocess.Popen(
            argv, stdout=output, stderr=output, cwd=tmp_path, env=environment, preexec_fn=end_with_parent
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        deadline = time.monotonic() + SECONDS
        while not _listens(True, near):
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "output").read_text()
            time.sleep(0.02)
        yield Proxied(daemon, near, "" if proxy == "haproxy" else "/dav")


def _listens(tls: bool, port: int) -> bool:
    """Whether somebody accepts connections on a port of ours."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class TestBehind:
    """Verifies: docs/architecture.md, Configuration."""

    def test_clients_find_the_server_by_any_method(self, proxied: Proxied) -> None:
        for service in ("caldav", "carddav"):
            for method in ("GET", "PROPFIND"):
                status, fields, _ = proxied.ask(method, f"/.well-known/{service}")
                assert status in (301, 307, 308)
                where = (
                    fields["Location"].removeprefix(f"https://{NAME}:{proxied.port}").removeprefix(f"https://{NAME}")
                )
                assert where == f"{proxied.prefix}/"
        status, _, body = proxied.ask("PROPFIND", f"{proxied.prefix}/", Depth="0")
        assert status == 207
        hrefs = re.findall(rb"<[A-Za-z]*:?href>([^<]*)</", body)
        assert hrefs
        assert all(href.startswith(proxied.prefix.encode() + b"/") for href in hrefs)

    def test_move_and_copy_by_the_public_name(self, proxied: Proxied) -> None:
        odd = "a%20b%2Bc%25%C3%A9;x=1"
        assert proxied.ask("PUT", proxied.home + odd, b"odd")[0] == 201
        there = f"https://{NAME}:{proxied.port}{proxied.home}"
        assert proxied.ask("MOVE", proxied.home + odd, Destination=f"{there}moved%20%C3%A9")[0] == 201
        assert proxied.ask("COPY", f"{proxied.home}moved%20%C3%A9", Destination=f"{there}copy", Overwrite="F")[0] == 201
        assert proxied.ask("COPY", f"{proxied.home}copy", Destination=f"{there}moved%20%C3%A9", Overwrite="F")[0] == 412
        assert proxied.ask("GET", f"{proxied.home}copy")[2] == b"odd"
        assert proxied.ask("GET", proxied.home + odd)[0] == 404
        foreign = "https://elsewhere.example.org" + proxied.home + "copy"
        assert proxied.ask("MOVE", f"{proxied.home}copy", Destination=foreign)[0] == 502

    def test_large_content_goes_through_as_it_comes(self, proxied: Proxied) -> None:
        piece = bytes(range(256)) * 4096
        digest = hashlib.sha256(piece * (LARGE // len(piece))).digest()
        path = f"{proxied.home}large"
        pieces = iter([piece] * (LARGE // len(piece)))
        assert proxied.ask("PUT", path, pieces)[0] == 201
        status, fields, body = proxied.ask("GET", path)
        assert (status, len(body)) == (200, LARGE)
        assert hashlib.sha256(body).digest() == digest
        assert proxied.ask("GET", path, If_None_Match=fields["ETag"])[0] == 304
        status, _, body = proxied.ask("GET", path, Range="bytes=1000-1999")
        assert (status, body) == (206, (piece * 2)[1000:2000])

    def test_log_ins_count_as_those_of_tls_and_of_the_client(self, proxied: Proxied) -> None:
        proxied.login = {"Authorization": "Basic " + base64.b64encode(b"nobody:wrong").decode()}
        # Who claims to be somebody else counts as himself.
        status, fields, _ = proxied.ask("GET", proxied.home, X_Forwarded_For="192.0.2.9")
        assert status == 401
        assert "Basic" in fields["WWW-Authenticate"]
        assert "192.0.2.9" not in proxied.daemon.log()
        assert "127.0.0.1" in proxied.daemon.log()
        assert fields["Strict-Transport-Security"]
