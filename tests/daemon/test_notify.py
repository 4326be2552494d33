"""What the service manager is told.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.daemon.notify import Notify, Watchdog
from tests.daemon.twistd import SECONDS, Running, basic


class Manager:
    """The service manager's end; `heard` are the messages so far."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.settimeout(SECONDS)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """The lines of the next message."""
        self.heard.append(self._socket.recv(4096).decode())
        return self.heard[-1].split("\n")

    def until(self, line: str) -> list[str]:
        """The lines of the next message that has this one."""
        while line not in (lines := self.listen()):
            pass
        return lines

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A service manager in the file system."""
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


class TestNotify:
    """Verifies: docs/architecture.md, Configuration."""

    def test_messages(self, manager: Manager) -> None:
        notify = Notify({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"})
        assert notify.watchdog == 30
        notify.ready()
        assert manager.listen() == ["READY=1", f"MAINPID={os.getpid()}"]
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        notify.reloading()
        first, second = manager.listen()
        assert first == "RELOADING=1"
        assert (
            before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        )
        notify.stopping(35.5)
        assert manager.listen() == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=35500000"]
        notify.alive()
        assert manager.listen() == ["WATCHDOG=1"]

    def test_an_abstract_address(self) -> None:
        manager = Manager(f"@davd-notify-{os.getpid()}")
        Notify({"NOTIFY_SOCKET": manager.address}).alive()
        assert manager.listen() == ["WATCHDOG=1"]
        manager.close()

    def test_nobody_listens(self, tmp_path: Path) -> None:
        Notify({}).ready()
        Notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
        assert Notify({"WATCHDOG_USEC": "1000000"}).watchdog == 0
        assert Notify({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "soon"}).watchdog == 0


class WatchdogTests(SynchronousTestCase):
    """Verifies: docs/architecture.md, Overload."""

    def test_it_is_fed_only_while_all_is_well(self) -> None:
        manager = Manager(f"@davd-watchdog-{os.getpid()}")
        self.addCleanup(manager.close)
        well = [True]

        async def healthy() -> bool:
            return well[0]

        clock = Clock()
        notify = Notify({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "30000000"})
        watchdog = Watchdog(notify, healthy, clock)
        watchdog.start()
        clock.pump([10, 10])
        self.assertEqual([manager.listen() for _ in range(3)], [["WATCHDOG=1"]] * 3)
        well[0] = False
        clock.pump([10] * 5)
        manager._socket.setblocking(False)
        self.assertRaises(BlockingIOError, manager.listen)
        well[0] = True
        clock.advance(10)
        self.assertEqual(manager.listen(), ["WATCHDOG=1"])
        watchdog.stop()
        clock.advance(100)
        self.assertRaises(BlockingIOError, manager.listen)
        self.assertEqual(clock.getDelayedCalls(), [])


@pytest.mark.parametrize("words", [[], ["--workers", "2"]], ids=["alone", "workers"])
class TestDaemon:
    """Verifies: docs/architecture.md, Configuration."""

    def test_from_start_to_end(self, tmp_path: Path, manager: Manager, words: list[str]) -> None:
        more = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "3000000"}
        with Running(tmp_path, words=words, more=more) as davd:
            assert f"MAINPID={davd.process.pid}" in manager.until("READY=1")
            assert davd.ask("OPTIONS", "/", None, basic("admin", davd.password)).status == 200
            for _ in range(3):
                manager.until("WATCHDOG=1")
            davd.process.send_signal(signal.SIGHUP)
            manager.until("RELOADING=1")
            manager.until("READY=1")
            davd.process.send_signal(signal.SIGTERM)
            assert manager.until("STOPPING=1")[1].startswith("EXTEND_TIMEOUT_USEC=")
            assert davd.process.wait(SECONDS) == 0

    def test_it_starves_when_the_store_is_gone(self, tmp_path: Path, manager: Manager, words: list[str]) -> None:
        more = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "3000000"}
        with Running(tmp_path, words=words, more=more) as davd:
            manager.until("WATCHDOG=1")
            (davd.data / "davd.sqlite").rename(davd.data / "elsewhere")
            (davd.data / "davd.sqlite").write_bytes(b"")
            # The workers are asked every five seconds.
            manager._socket.settimeout(7)
            with pytest.raises(TimeoutError):
                while True:
                    manager.listen()
            (davd.data / "elsewhere").rename(davd.data / "davd.sqlite")
            manager._socket.settimeout(SECONDS)
            manager.until("WATCHDOG=1")


class TestRoot:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can try to be root")
    def test_root_has_to_be_allowed(self, tmp_path: Path) -> None:
        from tests.daemon.twistd import PLAIN, command, run

        argv = command("epoll", "--data", "data", "--listen", PLAIN)
        done = run(argv, tmp_path, {"DAVD_DAEMON__ALLOW_ROOT": "false"})
        assert done.returncode == 1
        assert done.stderr.startswith("davd: davd does not run as root")
        assert not (tmp_path / "data").exists()
        with Running(tmp_path, words=["--allow-root"], more={"DAVD_DAEMON__ALLOW_ROOT": "false"}) as davd:
            assert davd.ask("OPTIONS", "/").status == 200
