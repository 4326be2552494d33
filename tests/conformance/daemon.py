"""A davd process for a test: started on free ports, awaited, its output kept, stopped with SIGTERM.

Nothing of davd is imported here: the fixture knows the command line only, as an operator does.
"""

import ctypes
import http.client
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
TLS = "ssl:0:interface=127.0.0.1"
PLAIN = "tcp:0:interface=127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 30.0

# With nothing kept, and nothing done together: every answer has to be what it is otherwise.
BARE = """
[pool]
enable_batching = false
[application]
recall_bytes = 0
[caches]
memory_bytes = 0
derived_bytes = 0
[store]
route_cache = 0
query_cache = 0
snapshot_ms = 0.0
"""


def script(name: str) -> str:
    """The path of a console script that stands beside the interpreter in use."""
    return str(Path(sys.executable).parent / name)


def environment() -> dict[str, str]:
    """This process's environment, with the checkout on the import path, where the twistd plugin is found.

    davd may be root in it, as the tests may be themselves.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "DAVD_DAEMON__ALLOW_ROOT": "true"}


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listened on a moment ago.

    It is none of those that the kernel gives to outgoing connections, so that none of these takes it meanwhile.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.choice(range(10_000, first)) if first > 12_000 else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen


def end_with_parent() -> None:
    """For `preexec_fn`: the kernel sends the new process SIGTERM when this one ends, however it ends (prctl(2))."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class DaemonError(Exception):
    """The daemon ended early, did not answer in time, or did not stop when told."""


class Daemon:
    """One davd process with one account, as a context manager.

    `reactor` is the word behind `twistd -r`; `listeners` are Twisted endpoint strings of the kinds `ssl:` and `tcp:`
    whose port 0 is replaced by a free one; `config` is the text of a TOML file to start with; `data` is a folder to
    serve again (it is left in place afterwards), otherwise a new temporary one that goes away at the end.

    While it runs: `url` and `plain_url` are the origins (no slash at the end) of the first TLS and the first plain
    listener, `home` the path of the account's files, `user` and `password` the account, `certificate` the file with
    the listener's self-signed certificate, `pid` the process.
    """

    def __init__(
        self,
        reactor: str = "uvloop",
        listeners: Sequence[str] = (TLS, PLAIN),
        config: str | None = None,
        data: Path | None = None,
    ) -> None:
        self.reactor = reactor
        self.user = "conform"
        self.password = secrets.token_hex(18)
        self.home = f"/files/{self.user}/"
        self._folder = Path(tempfile.mkdtemp(prefix="davd-daemon-"))
        self._data = data or self._folder / "data"
        self._config = config
        self._listeners = [self._with_port(endpoint) for endpoint in listeners]
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _with_port(endpoint: str) -> str:
        kind, port, *rest = endpoint.split(":")
        return ":".join([kind, str(free_port()) if port == "0" else port, *rest])

    def _origin(self, kind: str, scheme: str) -> str:
        for endpoint in self._listeners:
            if endpoint.startswith(kind + ":"):
                return f"{scheme}://127.0.0.1:{endpoint.split(':')[1]}"
        raise DaemonError(f"no {kind} listener was asked for")

    @property
    def url(self) -> str:
        """The origin of the TLS listener, `https://127.0.0.1:PORT`."""
        return self._origin("ssl", "https")

    @property
    def plain_url(self) -> str:
        """The origin of the plain TCP listener, `http://127.0.0.1:PORT`."""
        return self._origin("tcp", "http")

    @property
    def certificate(self) -> Path:
        """The self-signed certificate of the TLS listener, in PEM."""
        return self._data / "certificate.pem"

    @property
    def data(self) -> Path:
        """The data folder the daemon serves."""
        return self._data

    @property
    def pid(self) -> int:
        """The process id of twistd."""
        if self._process is None:
            raise DaemonError("not started")
        return self._process.pid

    def log(self) -> str:
        """What the daemon wrote to its standard output and error so far."""
        return (self._folder / "twistd.log").read_text(errors="replace")

    def add_user(self, name: str, password: str) -> None:
        """Make an account with davctl, which works before the first start and while the daemon runs."""
        argv = [script("davctl"), *self._where(), "user", "add", name, "--password-file", "-"]
        done = subprocess.run(
            argv, input=password + "\n", text=True, capture_output=True, timeout=60, env=environment(), cwd=self._folder
        )
        if done.returncode:
            raise DaemonError(f"davctl user add: status {done.returncode}\n{done.stdout}{done.stderr}")

    def _where(self) -> list[str]:
        return ["--data", str(self._data)]

    def __enter__(self) -> Self:
        try:
            self._data.mkdir(mode=0o700, exist_ok=True)
            self.add_user(self.user, self.password)
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        argv = [script("twistd"), "-n", "--pidfile=", "-r", self.reactor, "davd", *self._where()]
        if self._config is not None:
            settings = self._folder / "davd.toml"
            settings.write_text(self._config)
            argv += ["--config", str(settings)]
        for endpoint in self._listeners:
            argv += ["--listen", endpoint]
        with (self._folder / "twistd.log").open("ab") as log:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                cwd=self._folder,
                preexec_fn=end_with_parent,
            )
        deadline = time.monotonic() + START_SECONDS
        for endpoint in self._listeners:
            kind, port = endpoint.split(":")[:2]
            while not self._answers(kind == "ssl", int(port)):
                if self._process.poll() is not None:
                    raise DaemonError(f"ended with status {self._process.returncode} at start:\n{self.log()}")
                if time.monotonic() > deadline:
                    raise DaemonError(f"no answer on {endpoint} within {START_SECONDS:.0f} s:\n{self.log()}")
                time.sleep(0.02)

    @staticmethod
    def _answers(tls: bool, port: int) -> bool:
        """Whether the listener answers OPTIONS now (which needs no account)."""
        connection = (
            http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=ssl._create_unverified_context())
            if tls
            else http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        )
        try:
            connection.request("OPTIONS", "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> int:
        """Send SIGTERM, wait at most STOP_SECONDS, and return the exit status (negative: the signal it ended by)."""
        if self._process is None:
            raise DaemonError("not started")
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise DaemonError(f"still there {STOP_SECONDS:.0f} s after SIGTERM:\n{self.log()}") from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._process is not None:
                self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
