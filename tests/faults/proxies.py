"""nginx and HAProxy as proxies in front of a server, and a tap that counts what went through between them."""

from __future__ import annotations

import os
import re
import selectors
import socket
import subprocess
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tests.conformance.daemon import end_with_parent, free_port
from tests.conformance.programs import program
from tests.faults.raw import wait_until

START_SECONDS = 20.0

# A status line at the start of an answer; no content davd sends to these requests holds one.
_FINAL = re.compile(rb"HTTP/1\.1 [2-5]\d\d ")

# The field that a proxy adds to each request it passes on, and that nobody else sends.
_MARK = re.compile(rb"\r\nx-passed: on\r\n", re.IGNORECASE)


class Tap:
    """Passes bytes on to `target` and back, and keeps both directions, connection by connection."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.pairs: list[tuple[bytearray, bytearray]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def answers(self) -> int:
        """How many final answers the target has given."""
        return sum(len(_FINAL.findall(back)) for _, back in self.pairs)

    def doubtful(self) -> list[tuple[bytes, bytes]]:
        """The connections on which the target gave more answers than the proxy had marked requests."""
        return [
            (bytes(there), bytes(back))
            for there, back in self.pairs
            if len(_FINAL.findall(back)) > len(_MARK.findall(there))
        ]

    def _run(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        there, back = bytearray(), bytearray()
        self.pairs.append((there, back))
        with near, socket.create_connection(self._target) as far, selectors.DefaultSelector() as ready:
            ready.register(near, selectors.EVENT_READ, (far, there))
            ready.register(far, selectors.EVENT_READ, (near, back))
            while ready.get_map():
                for key, _ in ready.select():
                    source, (sink, kept) = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    try:
                        piece = source.recv(65_536)
                        kept += piece
                        if piece:
                            sink.sendall(piece)
                        else:
                            ready.unregister(source)
                            sink.shutdown(socket.SHUT_WR)
                    except OSError:
                        return


class Proxy(ABC):
    """A proxy in a process of its own, as a context manager, on `port` of 127.0.0.1 in front of `target`."""

    name: ClassVar[str]
    package: ClassVar[str]

    def __init__(self, folder: Path, target: int) -> None:
        self.folder = folder
        self.target = target
        self.port = free_port()

    @abstractmethod
    def command(self) -> list[str]:
        """Write the configuration into the folder and give the command line that stays in the foreground."""

    @abstractmethod
    def forwarded(self) -> int:
        """How many requests it says it has passed on."""

    def __enter__(self) -> Self:
        self.folder.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        with (self.folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                preexec_fn=end_with_parent,
            )
        assert wait_until(self._listens, START_SECONDS), (self.folder / "output").read_text()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(START_SECONDS)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class Nginx(Proxy):
    """nginx, keeping its connections to the server open."""

    name = "nginx"
    package = "nginx-light"

    def command(self) -> list[str]:
        """Write nginx.conf, with a line for every request in its log."""
        paths = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.folder / "nginx.conf").write_text(
            f"""
            {"user root;" if os.geteuid() == 0 else ""}
            daemon off;
            worker_processes 1;
            pid {self.folder}/pid;
            error_log stderr crit;
            events {{ worker_connections 100; }}
            http {{
                {paths}
                log_format passed "$upstream_status $request";
                access_log {self.folder}/access passed;
                client_header_timeout 1s;
                client_body_timeout 1s;
                upstream davd {{ server 127.0.0.1:{self.target} max_fails=0; keepalive 4; }}
                server {{
                    listen 127.0.0.1:{self.port};
                    ignore_invalid_headers off;
                    underscores_in_headers on;
                    location / {{
                        proxy_pass http://davd;
                        proxy_http_version 1.1;
                        proxy_set_header X-Passed on;
                        proxy_set_header Connection "";
                        proxy_set_header Host $http_host;
                        proxy_request_buffering off;
                        proxy_next_upstream off;
                        proxy_read_timeout 2s;
                    }}
                }}
            }}"""
        )
        return [program("nginx", self.package), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def forwarded(self) -> int:
        """The requests whose line names an answer, or a failure, of the server behind."""
        lines = (self.folder / "access").read_text(errors="replace").splitlines()
        return sum(not line.startswith("-") for line in lines)


class HAProxy(Proxy):
    """HAProxy in HTTP mode, as liberal about requests as it can be told to be."""

    name = "haproxy"
    package = "haproxy"

    def command(self) -> list[str]:
        """Write haproxy.cfg, with a line for every request on its output."""
        (self.folder / "haproxy.cfg").write_text(
            f"""
global
    log stdout format raw local0
    nbthread 1
defaults
    mode http
    log global
    log-format "%s %ST %r"
    option accept-invalid-http-request
    timeout client 2s
    timeout connect 2s
    timeout server 2s
    timeout http-request 2s
frontend near
    bind 127.0.0.1:{self.port}
    http-request set-header X-Passed on
    default_backend far
backend far
    http-reuse always
    server davd 127.0.0.1:{self.target}
"""
        )
        return [program("haproxy", self.package), "-db", "-f", str(self.folder / "haproxy.cfg")]

    def forwarded(self) -> int:
        """The requests whose line names an answer, or a failure, of the server behind."""
        lines = (self.folder / "output").read_text(errors="replace").splitlines()
        return sum(line.startswith("davd ") for line in lines)
