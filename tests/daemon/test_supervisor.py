"""Workers that do not do what the supervisor expects of them: that hang, answer late, or come up while it speaks.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from davd.config.origin import Loaded
from davd.config.settings import Settings
from davd.daemon.control import Line, Message
from davd.daemon.reload import ReloadOutcome
from davd.daemon.workers import ANSWER_SECONDS, HUNG_SECONDS, READY_SECONDS, Outfit, WorkerProcess
from tests.daemon.test_workers import ADMIN, COUNTED, process_of, until, workers
from tests.daemon.twistd import PLAIN, SECONDS, Running, command, wait_until_ended


def _loaded() -> Loaded:
    return Loaded(Settings())


class Processes(Clock):
    """A reactor whose one process is played by the test, which hears its line and may speak on it.

    The life of a `short` one is over when it has begun, which is found out at once.
    """

    pid = 4711

    def __init__(self, short: bool = False) -> None:
        super().__init__()
        self.short = short
        self.told: list[Message] = []
        self._out = StringTransport()
        self._far = Line(self.told.append, lambda: None)
        self._far.makeConnection(StringTransport())

    def adoptStreamConnection(self, descriptor: int, family: int, factory: Any) -> None:
        self._near = factory.buildProtocol(None)
        self._near.makeConnection(self._out)

    def spawnProcess(self, protocol: ProcessProtocol, *_: object) -> Processes:
        protocol.makeConnection(self)  # type: ignore[arg-type]
        if self.short:
            protocol.processEnded(Failure(ProcessDone(0)))
        return self

    def signalProcess(self, name: str) -> None:
        raise AssertionError(name)

    def hear(self) -> list[Message]:
        """What was said to the process since this was called last."""
        self.told.clear()
        self._far.dataReceived(self._out.value())
        self._out.clear()
        return list(self.told)

    def say(self, kind: str, **more: Any) -> None:
        """Speak for the process, in pieces of three bytes as a line may bring them."""
        text = msgspec.msgpack.encode({"kind": kind, **more})
        framed = len(text).to_bytes(4, "big") + text
        for begin in range(0, len(framed), 3):
            self._near.dataReceived(framed[begin : begin + 3])


class TestWorkerProcess(SynchronousTestCase):
    """Verifies: docs/architecture.md, Configuration."""

    def setUp(self) -> None:
        self.reactor = Processes()
        self.lost: list[WorkerProcess] = []
        self.worker = WorkerProcess(self.reactor, 0, 0, Outfit([], 0, [], 1, 3, _loaded), self.lost.append)

    def test_an_answer_is_not_waited_for_without_end(self) -> None:
        first, second = self.worker.ask_snapshot(), self.worker.ask_snapshot()
        asked = [message["id"] for message in self.reactor.hear() if message["kind"] == "snapshot"]
        self.reactor.say("snapshot", id=asked[1], statistics={"a": 1})
        assert self.successResultOf(second)["statistics"] == {"a": 1}
        self.reactor.advance(ANSWER_SECONDS + 0.1)
        self.failureResultOf(first)
        # One that comes too late is nobody's, and the next one finds who has asked.
        self.reactor.say("snapshot", id=asked[0], statistics={})
        third = self.worker.ask_snapshot()
        self.reactor.say("snapshot", id=self.reactor.hear()[0]["id"], statistics={"a": 3})
        assert self.successResultOf(third)["statistics"] == {"a": 3}

    def test_one_that_has_gone_before_it_was_known(self) -> None:
        lost: list[WorkerProcess] = []
        reactor = Processes(short=True)
        worker = WorkerProcess(reactor, 0, 0, Outfit([], 0, [], 1, 1, _loaded), lost.append)
        self.assertEqual((worker.pid, lost), (4711, []))
        reactor.advance(0)
        self.assertEqual(lost, [worker])
        self.failureResultOf(worker.ready)
        self.successResultOf(worker.ended)

    def test_every_reload_has_its_own_outcome(self) -> None:
        first, second, third = (self.worker.reload(given) for given in (_loaded(), None, None))
        self.reactor.say("outcome", outcome={"ok": True, "sentence": "done"})
        self.assertEqual(self.successResultOf(first), ReloadOutcome(True, "done"))
        self.assertNoResult(second)
        self.worker.ready.addErrback(lambda _: None)
        self.worker.processEnded(Failure(ProcessDone(0)))
        self.reactor.advance(0)
        self.assertIsNone(self.successResultOf(second))
        self.assertIsNone(self.successResultOf(third))
        assert self.lost == [self.worker]

    def test_one_that_lives_but_never_serves_is_overdue(self) -> None:
        for _ in range(int(READY_SECONDS) // 5):
            self.reactor.advance(5)
            self.reactor.say("health", ok=False)
            assert not self.worker.overdue()
        self.reactor.advance(1)
        assert self.worker.overdue()

    def test_one_that_serves_and_says_nothing_is_overdue(self) -> None:
        self.reactor.say("ready")
        for _ in range(int(READY_SECONDS) // 5 + 1):
            self.reactor.advance(5)
            self.reactor.say("health", ok=True)
        assert not self.worker.overdue()
        self.reactor.advance(HUNG_SECONDS + 1)
        assert self.worker.overdue()

    def test_one_that_should_have_gone_is_overdue_whatever_it_says(self) -> None:
        self.reactor.say("ready")
        self.worker.drain(True, 200.0)
        self.reactor.advance(199)
        assert not self.worker.overdue()
        self.reactor.advance(2)
        self.reactor.say("health", ok=True)
        assert self.worker.overdue()


class TestHanging:
    """Verifies: docs/architecture.md, Configuration."""

    def test_the_others_are_counted(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN) as davd:
            assert davd.ask("OPTIONS", "/").status == 200
            pids = workers(davd)
            os.kill(pids[0], signal.SIGSTOP)
            try:
                counters = davd.statistics()
            finally:
                os.kill(pids[0], signal.SIGCONT)
            assert [row["pid"] for row in counters["workers"]] == pids
            assert counters["process"]["number"] == 1

    def test_one_that_does_not_go_is_killed_and_the_next_restart_comes_about(self, tmp_path: Path) -> None:
        with Running(tmp_path, words=ADMIN, config="[daemon]\ndrain_seconds = 0.1\n") as davd:
            pids = workers(davd)
            os.kill(pids[0], signal.SIGSTOP)
            davd.process.send_signal(signal.SIGUSR2)
            davd.wait_for("all workers are new")
            davd.process.send_signal(signal.SIGUSR2)
            davd.wait_for("all workers are new", 2)
            wait_until_ended(pids[0])


class TestSignals:
    """Verifies: docs/architecture.md, Configuration."""

    def test_a_reload_while_workers_come_up(self, tmp_path: Path) -> None:
        """Not before they serve is davd ready, and they serve with what was to be read."""
        config = tmp_path / "davd.toml"
        config.write_text(COUNTED)
        argv = command("uvloop", "--data", "data", "--listen", PLAIN, "--workers", "2", "--config", config)
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.settimeout(0.2)
            with process_of(["env", f"NOTIFY_SOCKET={tmp_path / 'notify'}", *argv], tmp_path) as process:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
                until(lambda: len(children.read_text().split()) == 2)
                message = b""

                def told() -> bytes:
                    nonlocal message
                    process.send_signal(signal.SIGHUP)
                    with contextlib.suppress(TimeoutError):
                        message = manager.recv(4096)
                    return message

                until(told)
                assert message.startswith(b"READY=1\n")
                output = tmp_path / "output"
                assert "davd#info] serving " in output.read_text()
                config.write_text(COUNTED + "[pool]\nmax_requests_per_ip = 7\n")
                process.send_signal(signal.SIGHUP)
                until(lambda: output.read_text().count("in force now: pool.max_requests_per_ip") == 3)
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == 0
