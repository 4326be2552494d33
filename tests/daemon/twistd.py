"""`twistd davd` as a process: run to its end, or running, with what it has said so far."""

from __future__ import annotations

import base64
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conformance.daemon import end_with_parent, environment, script

PLAIN = "tcp:0:interface=127.0.0.1"
TLS = "ssl:0:interface=127.0.0.1"
SECONDS = 60.0


def command(reactor: str, *words: str | Path, background: bool = False) -> list[str]:
    """The command line of `twistd davd WORDS`; in the foreground unless said otherwise."""
    mode = [] if background else ["-n", "--pidfile="]
    return [script("twistd"), *mode, "-r", reactor, "davd", *map(str, words)]


def run(
    argv: Sequence[str], folder: Path, more: Mapping[str, str] | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder` until it ends, with `more` in its environment and `text` as its input."""
    return subprocess.run(
        argv,
        cwd=folder,
        env=environment() | dict(more or {}),
        input=text,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=end_with_parent,
    )


def davctl(data: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run `davctl --data DATA WORDS`."""
    return run([script("davctl"), "--data", str(data), *words], data.parent, text=text)


def basic(name: str, password: str) -> dict[str, str]:
    """The Authorization field of a name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


class Running:
    """A davd in the foreground, as a context manager: entered when all its listeners serve, left with SIGTERM.

    `folder` holds its data folder, its configuration and its log. `words` are more words for its command line, `more`
    variables for its environment, `before` the words of a command that starts it, `pass_fds` descriptors it inherits.
    `places` are the URLs or paths it serves on, in the order of `listen`; `admin` is the URL of its admin plane.
    """

    def __init__(
        self,
        folder: Path,
        *listen: str,
        reactor: str = "uvloop",
        config: str | None = None,
        words: Sequence[str] = (),
        more: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.places: list[str] = []
        self.admin = ""
        self.process: subprocess.Popen[bytes]
        self._listen = listen or (PLAIN,)
        self._more = dict(more or {})
        self._pass_fds = pass_fds
        self._argv = [*before] + command(reactor, "--data", self.data, *words)
        for endpoint in self._listen:
            self._argv += ["--listen", endpoint]
        if config is not None:
            (folder / "davd.toml").write_text(config)
            self._argv += ["--config", str(folder / "davd.toml")]
        self._log = folder / "log"
        self._before = 0

    def log(self) -> str:
        """What this process has said so far."""
        return self._log.read_bytes()[self._before :].decode(errors="replace")

    def __enter__(self) -> Self:
        self._before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._argv,
                cwd=self.folder,
                env=environment() | self._more,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,
                pass_fds=self._pass_fds,
            )
        try:
            self.wait_for("davd#info] serving ", len(self._listen))
        except BaseException:
            self.kill()
            raise
        lines = re.findall(r"^  (\S.*)$", self.log().partition(" on:\n")[2], re.MULTILINE)
        self.places = lines[: len(self._listen)]
        if "--admin" in self._argv:
            self.admin = lines[len(self._listen)].removeprefix("admin plane: ")
        return self

    def wait_for(self, text: str, times: int = 1) -> None:
        """Return when the log has `text` so many times."""
        deadline = time.monotonic() + SECONDS
        while self.log().count(text) < times:
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log()}"
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.log()}"
            time.sleep(0.01)

    @property
    def password(self) -> str:
        """The password of `admin` that the first start has told."""
        match = re.search(r"^  password  (\S+)$", self.log(), re.MULTILINE)
        assert match is not None, self.log()
        return match.group(1)

    def address(self, place: int = 0) -> tuple[str, int]:
        """Host and port of a listener."""
        match = re.fullmatch(r"https?://localhost:(\d+)/\S*", self.places[place])
        assert match is not None, self.places
        return "127.0.0.1", int(match.group(1))

    def connect(self, place: int = 0) -> http.client.HTTPConnection:
        """A connection to a listener, kept alive until it is closed."""
        host, port = self.address(place)
        if self.places[place].startswith("https"):
            return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl._create_unverified_context())
        return http.client.HTTPConnection(host, port, timeout=SECONDS)

    def socket(self, place: int = 0) -> socket.socket:
        """A plain TCP connection to a listener."""
        return socket.create_connection(self.address(place), SECONDS)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        place: int = 0,
    ) -> http.client.HTTPResponse:
        """One request on a connection of its own; the response, read to its end into `.content`."""
        connection = self.connect(place)
        try:
            return ask(connection, method, path, body, headers)
        finally:
            connection.close()

    def statistics(self) -> dict[str, Any]:
        """What the admin plane tells of the counters; it has to be listening."""
        host, port = re.fullmatch(r"http://(\S+):(\d+)/\S*", self.admin).groups()  # type: ignore[union-attr]
        connection = http.client.HTTPConnection(host, int(port), timeout=SECONDS)
        try:
            counters: dict[str, Any] = json.loads(ask(connection, "GET", "/statistics", None, self.token()).content)  # type: ignore[attr-defined]
            return counters
        finally:
            connection.close()

    def token(self) -> dict[str, str]:
        """The Authorization field that the admin plane wants."""
        return {"Authorization": "Bearer " + (self.data / "admin-token").read_text().strip()}

    def terminate(self) -> int:
        """Send SIGTERM and give the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.process.kill()
        self.process.wait(SECONDS)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            status = self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        if kind is None:
            assert "Traceback" not in self.log(), self.log()
            assert "Unhandled" not in self.log(), self.log()
            assert status in (0, -signal.SIGKILL), f"ended with {status}:\n{self.log()}"


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    """One request on a connection that stays; the response, read to its end into `.content`."""
    connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    response.content = response.read()  # type: ignore[attr-defined]
    return response


def pid_in(file: Path) -> int:
    """The process id in a file of twistd's."""
    return int(file.read_text())


def ended(pid: int) -> bool:
    """Whether a process, which need not be our child, has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_ended(pid: int) -> None:
    """Return when the process has ended."""
    deadline = time.monotonic() + SECONDS
    while not ended(pid):
        assert time.monotonic() < deadline, f"{pid} runs on"
        time.sleep(0.01)
