"""Behind nginx, as docs/operate tells it.

Verifies: docs/architecture.md, Configuration; RFC 4918, 8.3, 10.3
"""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.daemon import ROOT, end_with_parent, free_port
from tests.daemon.twistd import Running, ask, basic

PREFIX = """
[net]
trusted_proxies = ["127.0.0.1"]
[dav]
prefix = "/dav"
"""


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[Running, http.client.HTTPConnection]]:
    """A davd and a connection to the nginx before it, whose configuration is the one in the documentation."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    page = (ROOT / "docs/operate/operate.md").read_text()
    match = re.search(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert match is not None
    port = free_port()
    with Running(tmp_path, config=PREFIX) as davd:
        locations = (
            match.group(1).replace("127.0.0.1:8080", "{}:{}".format(*davd.address())).replace("$scheme", "https")
        )
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; pid {tmp_path}/nginx.pid; error_log stderr; worker_processes 1; user root; events {{}}"
            f"http {{ access_log off; client_body_temp_path {tmp_path}/body; proxy_temp_path {tmp_path}/proxy;"
            f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;"
            f"server {{ listen 127.0.0.1:{port}; {locations} }} }}"
        )
        with (tmp_path / "nginx.log").open("wb") as log:
            nginx = subprocess.Popen(
                [program, "-p", str(tmp_path), "-c", "nginx.conf"], stderr=log, preexec_fn=end_with_parent
            )
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            deadline = time.monotonic() + 30
            while True:
                try:
                    connection.connect()
                    break
                except ConnectionRefusedError:
                    said = (tmp_path / "nginx.log").read_text()
                    assert nginx.poll() is None and time.monotonic() < deadline, said
                    time.sleep(0.02)
            yield davd, connection
            connection.close()
        finally:
            nginx.terminate()
            nginx.wait(30)


def test_files_go_through_it(proxied: tuple[Running, http.client.HTTPConnection]) -> None:
    davd, connection = proxied
    login = basic("admin", davd.password) | {"Host": "dav.example.org"}
    body = bytes(range(256)) * 8192
    assert ask(connection, "PUT", "/dav/files/admin/a%20b", body, login).status == 201
    # The client came by TLS to the proxy, and names the public address.
    away = {"Destination": "https://dav.example.org/dav/files/admin/c%20d"}
    assert ask(connection, "MOVE", "/dav/files/admin/a%20b", None, login | away).status == 201
    assert ask(connection, "GET", "/dav/files/admin/c%20d", None, login).content == body  # type: ignore[attr-defined]
    listing = ask(connection, "PROPFIND", "/dav/files/admin/", None, login | {"Depth": "1"})
    assert b"<D:href>/dav/files/admin/c%20d</D:href>" in listing.content  # type: ignore[attr-defined]
    elsewhere = {"Destination": "https://other.example.org/dav/files/admin/e"}
    assert ask(connection, "MOVE", "/dav/files/admin/c%20d", None, login | elsewhere).status == 502
    found = ask(connection, "PROPFIND", "/.well-known/caldav", None, {"Host": "dav.example.org"})
    assert found.status == 301
    assert found.headers["Location"].endswith("/dav/")
    guesses = [ask(connection, "GET", "/dav/", None, basic(f"n{n}", "x")).status for n in range(11)]
    assert guesses == [401] * 10 + [429]
