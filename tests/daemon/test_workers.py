"""Several processes that serve as one: what they count together, how they are replaced, and how they end.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.conformance.daemon import end_with_parent, environment
from tests.daemon.twistd import PLAIN, SECONDS, Running, ask, basic, command, davctl, run, wait_until_ended
from tests.daemon.wire import answers, request

IN_FLIGHT = 1002
LARGE = 100_000
ADMIN = ["--workers", "2", "--admin", PLAIN]
COUNTED = "[net]\nexempt_networks = []\n"


def until(true: Callable[[], Any]) -> None:
    """Return when something has become true; fails when it does not."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def workers(davd: Running) -> list[int]:
    """The process ids of the workers that serve, by their number."""
    rows = [row for row in davd.statistics()["workers"] if row["serves"] and not row["leaving"]]
    return [row["pid"] for row in sorted(rows, key=lambda row: row["number"])]


def connections_of(pid: int, port: int) -> int:
    """How many established connections to a port of ours a process holds."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if match := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)):
                inodes.add(match.group(1))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[3] == "01" and int(row[1].split(":")[1], 16) == port and row[9] in inodes for row in rows)


@contextlib.contextmanager
def process_of(argv: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in `folder`, which also holds what it says on its output; it is ended in any case."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


class Asking:
    """Threads that ask without pause, as a context manager; `lost` are the failures, `answered` how many got answers.

    Each keeps its connection for as long as the server does.
    """

    def __init__(self, davd: Running, threads: int = 4) -> None:
        self._davd = davd
        self._login = basic("admin", davd.password)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(threads)]
        self.lost: list[str] = []
        self.answered = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        connection = self._davd.connect()
        path = f"/files/admin/asked-{number}"
        while not self._stop.is_set():
            try:
                put = ask(connection, "PUT", path, b"%d" % self.answered, self._login)
                got = ask(connection, "GET", path, None, self._login)
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                continue
            if put.status not in (201, 204) or got.status != 200:
                self.lost.append(f"{put.status} {got.status}")
            self.answered += 2
            if number % 2:
                # Half of them connect for every other request.
                connection.close()
        connection.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Running]:
    """Two workers on uvloop with an admin plane."""
    with Running(tmp_path, words=ADMIN) as davd:
        yield davd


class TestTogether:
    """Verifies: docs/architecture.md, Admission; docs/architecture.md, One request."""

    def test_they_serve_one_store_and_are_counted_as_one(self, pair: Running) -> None:
        login = basic("admin", pair.password)
        kept = [pair.connect() for _ in range(20)]
        for number, connection in enumerate(kept):
            assert ask(connection, "PUT", f"/files/admin/{number}", b"x", login).status == 201
        for number, connection in enumerate(reversed(kept)):
            assert ask(connection, "GET", f"/files/admin/{number}", None, login).status == 200
        counters = pair.statistics()
        assert counters["connections"]["requests"] == 40
        assert counters["connections"]["connections"] == 20
        assert counters["statuses"]["201"] == counters["statuses"]["200"] == 20
        assert len(workers(pair)) == 2
        with contextlib.closing(http.client.HTTPConnection(pair.admin.split("/")[2], timeout=SECONDS)) as plane:
            assert ask(plane, "GET", "/health").status == 200
        for connection in kept:
            connection.close()

    def test_each_takes_its_part_of_many_connections(self, pair: Running) -> None:
        kept = [pair.socket() for _ in range(200)]
        parts = [connections_of(pid, pair.address()[1]) for pid in workers(pair)]
        until(lambda: pair.statistics()["connections"]["connections"] == 200)
        parts = [connections_of(pid, pair.address()[1]) for pid in workers(pair)]
        assert sum(parts) == 200
        assert min(parts) >= 20
        for connection in kept:
            connection.close()

    @pytest.mark.parametrize("reactor", ["epoll", "uvloop"])
    def test_on_either_reactor_and_a_unix_socket(self, tmp_path: Path, reactor: str) -> None:
        path = tmp_path / "socket"
        with Running(tmp_path, PLAIN, f"unix:{path}", reactor=reactor, words=["--workers", "2"]) as davd:
            login = basic("admin", davd.password)
            assert davd.ask("PUT", "/files/admin/a", b"a", login).status == 201
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(request("GET", "/files/admin/a", login | {"Connection": "close"}))
                assert [(status, body) for status, _, body in answers(connection)] == [(200, b"a")]
        assert not path.exists()

    def test_what_is_wrong_is_told_before_anything_runs(self, tmp_path: Path) -> None:
        done = run(command("epoll", "--data", "data", "--workers", "2", "--listen", "haproxy:tcp:0"), tmp_path)
        assert done.returncode == 1
        assert "cannot be shared by several workers" in done.stderr
        done = run(command("epoll", "--data", "data", "--workers", "several"), tmp_path)
        assert done.returncode == 1
        assert "Traceback" not in done.stdout + done.stderr


class TestLimits:
    """Limits hold for the machine, not for each process.

    Verifies: docs/architecture.md, Admission; RFC 6585, 4.
    """

    def test_connections_of_one_address(self, tmp_path: Path) -> None:
        config = COUNTED + "max_connections_per_address = 30\n"
        with Running(tmp_path, words=ADMIN, config=config) as davd:
            login = basic("admin", davd.password)
            kept, refused = [], 0
            for _ in range(60):
                connection = davd.connect()
                try:
                    ask(connection, "OPTIONS", "/", None, login)
                    kept.append(connection)
                except (OSError, http.client.HTTPException):
                    refused += 1
                    connection.close()
            assert (len(kept), refused) == (30, 30)
            parts = [connections_of(pid, davd.address()[1]) for pid in workers(davd)]
            assert 0 not in parts
            # A worker that is killed takes its connections with it, and gives their places back.
            os.kill(workers(davd)[0], signal.SIGKILL)
            until(lambda: davd.statistics()["connections"]["connections"] == parts[1])
            until(lambda: len(workers(davd)) == 2)
            again = [davd.connect() for _ in range(parts[0])]
            for connection in again:
                assert ask(connection, "OPTIONS", "/", None, login).status == 200
            for connection in [*kept, *again]:
                connection.close()

    def test_connections_in_all(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN, config="[net]\nmax_connections = 20\n") as davd:
            kept, refused = [], 0
            for _ in range(40):
                connection = davd.connect()
                try:
                    ask(connection, "OPTIONS", "/")
                    kept.append(connection)
                except (OSError, http.client.HTTPException):
                    refused += 1
            assert (len(kept), refused) == (20, 20)
            for connection in kept:
                connection.close()

    def test_requests_of_one_address_under_way(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN, config=COUNTED + "[pool]\nmax_requests_per_ip = 10\n") as davd:
            login = basic("admin", davd.password)
            slow = []
            for number in range(10):
                connection = davd.socket()
                connection.sendall(request("PUT", f"/files/admin/{number}", login, length=LARGE) + b"x" * 1000)
                slow.append(connection)
            until(lambda: davd.statistics()["pool"]["in_flight"] == 10)
            # Whichever worker they come to.
            assert {davd.ask("GET", "/files/admin/", None, login).status for _ in range(16)} == {429}
            for connection in slow:
                connection.close()
            until(lambda: davd.statistics()["pool"]["in_flight"] == 0)
            assert davd.ask("OPTIONS", "/files/admin/", None, login).status == 200

    def test_the_rate_of_one_address(self, tmp_path: Path) -> None:
        config = COUNTED + "[rates]\naddress_requests = 0.001\naddress_requests_burst = 40\n"
        with Running(tmp_path, words=ADMIN, config=config) as davd:
            login = basic("admin", davd.password)
            kept = [davd.connect() for _ in range(16)]
            statuses = [ask(kept[n % 16], "GET", "/files/admin/none", None, login).status for n in range(120)]
            assert statuses.count(429) == 120 - statuses.count(404)
            # Exactly the burst when each knows at once what the other let pass; a few more when not.
            assert 40 <= statuses.count(404) <= 44
            for connection in kept:
                connection.close()


class TestEnds:
    """Verifies: docs/architecture.md, One request; RFC 9112, 9.6."""

    def test_no_request_under_way_is_lost(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=["--workers", "2"]) as davd:
            login = basic("admin", davd.password)
            flying = []
            for number in range(IN_FLIGHT):
                connection = davd.socket()
                body = bytes([number % 256]) * LARGE
                connection.sendall(request("PUT", f"/files/admin/{number}", login, length=LARGE) + body[: LARGE // 2])
                flying.append((connection, body))
            davd.process.send_signal(signal.SIGTERM)
            for connection, body in flying:
                connection.sendall(body[LARGE // 2 :])
            for connection, _ in flying:
                with connection:
                    assert [status for status, _, _ in answers(connection)] == [201]
            assert davd.process.wait(SECONDS) == 0
        assert davctl(tmp_path / "data", "fsck").returncode == 0

    def test_a_killed_worker_takes_only_its_own_connections(self, pair: Running) -> None:
        login = basic("admin", pair.password)
        kept = [pair.connect() for _ in range(40)]
        for connection in kept:
            assert ask(connection, "OPTIONS", "/", None, login).status == 200
        first, second = workers(pair)
        lost = connections_of(first, pair.address()[1])
        os.kill(first, signal.SIGKILL)
        wait_until_ended(first)
        failed = 0
        for connection in kept:
            try:
                assert ask(connection, "OPTIONS", "/", None, login).status == 200
            except (OSError, http.client.HTTPException):
                failed += 1
        assert failed == lost
        until(lambda: len(workers(pair)) == 2)
        assert workers(pair)[1] == second
        assert pair.log().count("a new one starts in") == 1
        for connection in kept:
            connection.close()

    def test_without_their_supervisor_they_end(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN) as davd:
            pids = workers(davd)
            davd.kill()
            for pid in pids:
                wait_until_ended(pid)
            assert davd.log().count("the supervisor has gone") == 2
            with pytest.raises(ConnectionRefusedError):
                davd.socket()

    def test_a_worker_that_ends_before_it_serves_ends_the_start(self, tmp_path: Path) -> None:
        argv = command("uvloop", "--data", "data", "--listen", PLAIN, "--workers", "2")
        with process_of(argv, tmp_path) as process:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            until(lambda: len(children.read_text().split()) == 2)
            os.kill(int(children.read_text().split()[1]), signal.SIGKILL)
            assert process.wait(SECONDS) == 1
            assert "davd could not start" in (tmp_path / "output").read_text()


class TestRestart:
    """Verifies: docs/architecture.md, One request; RFC 9112, 9.6."""

    def test_under_load_nobody_is_refused(self, pair: Running) -> None:
        before = workers(pair)
        idle = pair.connect()
        assert ask(idle, "OPTIONS", "/").status == 200
        with Asking(pair) as asking:
            pair.process.send_signal(signal.SIGUSR2)
            pair.wait_for("all workers are new")
            # A connection that has rested meanwhile is answered, and told that this was the last time as soon as its
            # worker has heard that it is to go.
            until(lambda: ask(idle, "OPTIONS", "/").getheader("Connection") == "close")
            pair.process.send_signal(signal.SIGUSR2)
            pair.wait_for("all workers are new", 2)
            until(lambda: asking.answered > 100)
        assert asking.lost == []
        assert not set(before) & set(workers(pair))
        for pid in before:
            wait_until_ended(pid)
        assert pair.ask("GET", "/files/admin/asked-0", None, basic("admin", pair.password)).status == 200

    def test_settings_are_read_by_all(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN, config=COUNTED) as davd:
            login = basic("admin", davd.password)
            kept = [davd.connect() for _ in range(16)]
            assert {ask(connection, "OPTIONS", "/", None, login).status for connection in kept} == {200}
            (tmp_path / "davd.toml").write_text(COUNTED + "[pool]\nmax_requests_per_ip = 1\n")
            davd.process.send_signal(signal.SIGHUP)
            davd.wait_for("pool.max_requests_per_ip", 2)
            slow = davd.socket()
            slow.sendall(request("PUT", "/files/admin/slow", login, length=LARGE) + b"x")
            until(lambda: davd.statistics()["pool"]["in_flight"] == 1)
            assert {ask(connection, "GET", "/files/admin/", None, login).status for connection in kept} == {429}
            for connection in [*kept, slow]:
                connection.close()


class TestLogs:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["alone", "workers"])
    def test_usr1_opens_them_again(self, tmp_path: Path, words: list[str]) -> None:
        log, moved = tmp_path / "davd.log", tmp_path / "davd.log.1"
        argv = command("uvloop", "--data", "data", "--listen", PLAIN, *words)
        argv[1:1] = ["--logfile", str(log)]
        with process_of(argv, tmp_path) as process:
            until(lambda: log.exists() and "serving" in log.read_text())
            before = log.read_text()
            log.rename(moved)
            process.send_signal(signal.SIGUSR1)
            until(lambda: log.exists() and log.read_text().count("log files opened again") == (3 if words else 1))
            process.send_signal(signal.SIGHUP)
            until(lambda: log.read_text().count("the settings were read again") == (3 if words else 1))
            assert moved.read_text().startswith(before)
            assert "the settings were read again" not in moved.read_text()
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0

    def test_without_a_file_usr1_does_nothing(self, pair: Running) -> None:
        before = workers(pair)
        pair.process.send_signal(signal.SIGUSR1)
        for pid in before:
            os.kill(pid, signal.SIGUSR1)
        assert pair.ask("OPTIONS", "/").status == 200
        assert workers(pair) == before
        assert "opened again" not in pair.log()
