"""Signals that come before davd serves, and after its end has begun.

Verifies: docs/operate/operate.md, Signals
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from davd.daemon import signalling
from tests.daemon.test_workers import process_of, until
from tests.daemon.twistd import PLAIN, SECONDS, Running, basic, command
from tests.daemon.wire import answers, request

LARGE = 100_000


class Calls:
    """A reactor that does at once what it is asked for from elsewhere."""

    _stopped = False

    def callFromThread(self, call: Callable[..., Any], *arguments: Any) -> None:
        call(*arguments)


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    """The signals of the process that tests are as they were afterwards."""
    numbers = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, action in before.items():
        signal.signal(number, action)


class TestHold:
    """Verifies: docs/operate/operate.md, Signals."""

    def test_what_was_asked_for_meanwhile_is_done_once(self) -> None:
        done: list[str] = []
        signalling.hold()
        for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            os.kill(os.getpid(), number)
        actions = {signal.SIGHUP: lambda: done.append("reload"), signal.SIGUSR1: lambda: done.append("reopen")}
        signalling.obey(Calls(), actions)
        assert done == ["reload"]
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGHUP)
        assert done == ["reload", "reopen", "reload"]

    def test_a_process_that_is_started_has_them_wait(self) -> None:
        done: list[int] = []
        signal.signal(signal.SIGHUP, lambda number, _: done.append(number))
        with signalling.blocked():
            # To this thread: another one of the process, which blocks nothing, would take one for the process.
            signal.raise_signal(signal.SIGHUP)
            assert signal.SIGHUP in signal.sigpending()
        assert done == [signal.SIGHUP]
        signal.pthread_sigmask(signal.SIG_BLOCK, signalling.WORKERS_WAIT)
        signalling.unblock()
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(signalling.WORKERS_WAIT)

    def test_the_end_begins_once(self) -> None:
        begun: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: begun.append(number))
        reactor = Calls()
        signalling.end_once(reactor)
        # The second one comes before the reactor has stopped for the first.
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
        assert begun == [signal.SIGTERM]

    def test_one_that_comes_when_the_reactor_stops_by_itself(self) -> None:
        begun: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: begun.append(number))
        reactor = Calls()
        signalling.end_once(reactor)
        reactor._stopped = True
        os.kill(os.getpid(), signal.SIGTERM)
        assert begun == []


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["alone", "workers"])
class TestProcesses:
    """Verifies: docs/operate/operate.md, Signals."""

    def test_a_second_term_is_told_and_no_failure(self, tmp_path: Path, words: list[str]) -> None:
        with Running(tmp_path, words=words) as davd:
            connection = davd.socket()
            login = basic("admin", davd.password)
            connection.sendall(request("PUT", "/files/admin/a", login, length=LARGE) + b"x" * 1000)
            davd.process.send_signal(signal.SIGTERM)
            davd.wait_for("Received SIGTERM")
            davd.process.send_signal(signal.SIGTERM)
            davd.wait_for("davd is ending already")
            davd.process.send_signal(signal.SIGINT)
            davd.wait_for("davd is ending already", 2)
            connection.sendall(b"x" * (LARGE - 1000))
            with connection:
                assert [status for status, _, _ in answers(connection)] == [201]
            assert davd.process.wait(SECONDS) == 0

    def test_signals_during_the_start_end_nothing(self, tmp_path: Path, words: list[str]) -> None:
        argv = command("uvloop", "--data", "data", "--listen", PLAIN, *words)
        output = tmp_path / "output"
        with process_of(argv, tmp_path) as process:
            # From when davd has taken over until it serves, to all of its processes.
            until(lambda: "davd serves" in output.read_text())
            while "davd#info] serving " not in output.read_text():
                for pid in (process.pid, *_children(process.pid)):
                    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
                        _send(pid, number)
                assert process.poll() is None, output.read_text()
                time.sleep(0.005)
            until(lambda: "the settings were read again" in output.read_text())
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0
        assert "Traceback" not in output.read_text()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
