"""The mistakes that people make with nginx, each with the real one.

Verifies: RFC 9110, 15; RFC 4918, 8.3, 10.3; RFC 6764, 5
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon, end_with_parent, free_port
from tests.conformance.programs import program
from tests.daemon.doctor.conftest import PREFIX
from tests.daemon.doctor.examine import found, outcomes

SECONDS = 30.0
PASS = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://davd;'
HOST = "proxy_set_header Host $http_host;"
UNBUFFERED = "proxy_request_buffering off; proxy_buffering off;"
WELL_KNOWN = "location /.well-known/ { return 301 /dav/; } absolute_redirect off;"
SOUND = f"client_max_body_size 0; location / {{ {PASS} {HOST} {UNBUFFERED} }} {WELL_KNOWN}"


@contextmanager
def nginx(folder: Path, server: str, behind: int) -> Iterator[int]:
    """nginx with such a server block before `behind`; gives its port."""
    near = free_port()
    kinds = ("proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"user root; daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; {paths}\n"
        f"limit_req_zone $binary_remote_addr zone=all:1m rate=1r/m; limit_req_status 429;\n"
        f"upstream davd {{ server 127.0.0.1:{behind}; }}\n"
        f"server {{ listen 127.0.0.1:{near}; {server} }} }}\n"
    )
    argv = [program("nginx", "nginx-light"), "-p", str(folder), "-c", str(file)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output, preexec_fn=end_with_parent)
    try:
        deadline = time.monotonic() + SECONDS
        while not _listens(near):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "output").read_text()
            time.sleep(0.02)
        yield near
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


MISTAKES = {
    "nothing": ("rclone", SOUND, "", ""),
    "nothing for Apple": ("apple", SOUND, "", ""),
    "the default body limit": (
        "rclone",
        SOUND.replace("client_max_body_size 0;", ""),
        "body-limit",
        "Server: nginx",
    ),
    "no Host": ("rclone", SOUND.replace(HOST, ""), "destination", "proxy_set_header Host $http_host"),
    "a wrong proxy_redirect": (
        "apple",
        f"location / {{ {PASS} {HOST} proxy_redirect / http://backend.internal/; }}",
        "redirect-elsewhere",
        "proxy_redirect",
    ),
    "no well-known URLs": (
        "davx5",
        f"location /dav/ {{ {PASS} {HOST} }}",
        "well-known-method",
        "return 301 /PREFIX/",
    ),
    "well-known URLs for another prefix": (
        "davx5",
        SOUND.replace("301 /dav/", "301 /caldav/"),
        "well-known-elsewhere",
        "/caldav/",
    ),
    "methods of the web alone": (
        "thunderbird",
        f"location / {{ limit_except GET POST PUT {{ deny all; }} {PASS} {HOST} }}",
        "method-refused",
        "limit_except",
    ),
    "compression": (
        "rclone",
        f"gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0; {SOUND}",
        "weak-etag",
        "gzip off",
    ),
    "another path behind": (
        "rclone",
        f"location / {{ {HOST} proxy_pass http://davd/dav/; }}",
        "href-prefix",
        "without a path behind it",
    ),
    "Authorization taken away": (
        "davx5",
        SOUND.replace(HOST, HOST + ' proxy_set_header Authorization "";'),
        "login-refused",
        'proxy_set_header Authorization ""',
    ),
    "a limit of requests": (
        "davx5",
        SOUND.replace("location / {", "location / { limit_req zone=all;"),
        "rate-limited",
        "limit_req",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_is_named(davd: Daemon, port: int, tmp_path: Path, mistake: str) -> None:
    client, server, key, words = MISTAKES[mistake]
    path = PREFIX + davd.home if "davd/dav/" not in server else davd.home
    with nginx(tmp_path, server, port) as near:
        steps = outcomes(client, f"http://127.0.0.1:{near}{path}", davd, write=True)
    told = found(steps)
    if not key:
        assert told == {}
        return
    assert key in told
    assert words in f"{told[key].sentence} {told[key].remedy}"


def test_nothing_behind_it(davd: Daemon, tmp_path: Path) -> None:
    with nginx(tmp_path, SOUND, free_port()) as near:
        steps = outcomes("rclone", f"http://127.0.0.1:{near}/dav/", davd)
    assert "gateway" in found(steps)
