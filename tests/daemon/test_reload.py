"""Settings are read again whole, or not at all.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import msgspec
import pytest
from twisted.internet.task import Clock

from davd.config.load import ConfigError, load_with_origins
from davd.config.origin import Loaded
from davd.config.reload import Changes
from davd.config.settings import Settings
from davd.daemon.reload import Refused, Reload, ReloadOutcome
from davd.daemon.watch import SETTLED
from tests.daemon.test_watch import Poller
from tests.daemon.twistd import PLAIN, Running, ask, basic


class TestReload:
    """Verifies: docs/architecture.md, Configuration."""

    def _reload(self, *results: Changes | Exception) -> Reload:
        """A reload whose runs end like that, one after the other."""
        left = list(results)

        def read() -> Loaded:
            if isinstance(left[0], ConfigError):
                raise left.pop(0)  # type: ignore[misc]
            return Loaded(Settings(), {"data": "file b", "net.server": "file b"}, "b")

        def apply(settings: Settings) -> Changes:
            result = left.pop(0)
            if isinstance(result, Exception):
                raise result
            return result

        return Reload(read, apply, Clock(), Loaded(Settings(), {"data": "a", "net.server": "a"}), lambda: 1e9)

    def test_what_is_in_force_and_what_waits_is_told(self) -> None:
        reload = self._reload(Changes(("net.server",), ("data",)))
        assert reload.last is None
        outcome = reload.reload()
        assert outcome == ReloadOutcome(
            True,
            "the settings were read again; in force now: net.server; after a restart: data",
            ("net.server",),
            ("data",),
            1e9,
        )
        assert reload.last is outcome
        # What waits for a restart is still what it was, and came from where it came from.
        assert reload.loaded.origins == {"data": "a", "net.server": "file b"}

    def test_refusals(self) -> None:
        reload = self._reload(ConfigError("x: it is wrong"), Refused("y: it does not work"), Changes())
        assert [reload.reload().sentence for _ in range(3)] == [
            "the settings stay as they were: x: it is wrong",
            "the settings stay as they were: y: it does not work",
            "the settings were read again: nothing has changed",
        ]
        assert reload.loaded.file == "b"
        told = reload.statistics()
        assert (told["reloads"], told["refused"], told["watched"]) == (3, 2, False)
        assert told["last"]["ok"] is True

    def test_a_change_between_the_reading_and_the_start_is_noticed(self, tmp_path: Path) -> None:
        file = tmp_path / "davd.toml"
        file.write_text("data = 'one'")

        def read() -> Loaded:
            return load_with_origins(str(file), {})

        reload = Reload(read, lambda settings: Changes(("data",)), Poller(), read(), lambda: 1e9)
        file.write_text("data = 'two'")
        reload.start()
        assert reload.count == 1
        reload.stop()

    def test_what_was_read_because_of_a_signal_is_not_read_again_because_of_the_change(self, tmp_path: Path) -> None:
        file = tmp_path / "davd.toml"
        file.write_text("data = 'one'")

        def read() -> Loaded:
            return load_with_origins(str(file), {})

        reactor = Poller()
        reload = Reload(read, lambda settings: Changes(("data",)), reactor, read(), lambda: 1e9)
        reload.start()
        assert reload.count == 0
        file.write_text("data = 'two'")
        reload.reload()
        reactor.read()
        reactor.advance(SETTLED)
        assert reload.count == 1
        reload.stop()

    def test_an_outcome_can_be_sent_to_another_process(self) -> None:
        outcome = ReloadOutcome(False, "why", (), ("data",), 5.0)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(outcome), type=ReloadOutcome) == outcome


@pytest.fixture(params=["uvloop", "epoll"])
def reactor(request: pytest.FixtureRequest) -> str:
    """The word behind `-r`."""
    return str(request.param)


class TestRunning:
    """Verifies: docs/architecture.md, Configuration."""

    def test_a_file_that_has_changed_is_in_force_by_itself(self, tmp_path: Path, reactor: str) -> None:
        file = tmp_path / "davd.toml"
        with Running(tmp_path, reactor=reactor, config="[net]\nserver = 'one'\n", words=["--admin", PLAIN]) as davd:
            login = basic("admin", davd.password)
            kept = davd.connect()

            def server() -> str | None:
                return ask(kept, "GET", "/files/admin/", None, login).getheader("Server")

            assert server() == server() == "one"
            file.write_text("[net]\nserver = 'two'\n[store]\ncache_mb = 5\n[dav]\nquota_bytes = 1000\n")
            davd.wait_for("in force now: net.server, dav.quota_bytes; after a restart: store.cache_mb")
            assert server() == "two"
            assert ask(kept, "PUT", "/files/admin/large", b"x" * 2000, login).status == 507

            new = tmp_path / "new.toml"
            new.write_text("[net]\nserver = 'three'\nbody_rate = 0\n[caldav]\ntime_zone = 'No/Where'\n")
            os.replace(new, file)
            davd.wait_for("net.body_rate: expected a whole number, 1 or more, not 0")
            assert server() == "two"
            file.write_text("[net]\nserver = 'four'\n[caldav]\ntime_zone = 'No/Where'\n")
            davd.wait_for("the settings stay as they were: caldav.time_zone")
            assert server() == "two"
            told = davd.statistics()["configuration"]
            assert (told["watched"], told["last"]["ok"], told["last"]["applied"]) == (True, False, [])
            assert "No/Where" in told["last"]["sentence"]

            file.unlink()
            davd.wait_for("cannot read the configuration file")
            file.write_text("[net]\nserver = 'five'\n[dav]\nquota_bytes = 1000\n")
            davd.wait_for("in force now: net.server\n")
            assert server() == "five"
            kept.close()

    def test_reloads_under_load_drop_nothing(self, tmp_path: Path, reactor: str) -> None:
        text = "[pool]\nbatch_size = {number}\n[net]\nmax_connections = {number}00\n[dav]\nmax_aces = {number}\n"
        text += "[caldav]\nmax_instances = {number}\n[store]\nroute_cache = {number}\n"
        text += "[authentication]\nrealm = 'r{number}'\n"
        file = tmp_path / "davd.toml"
        with Running(tmp_path, reactor=reactor, config=text.format(number=5), words=["--admin", PLAIN]) as davd:
            login = basic("admin", davd.password)
            failures: list[str] = []
            counts = [0] * 4
            ended = threading.Event()

            def client(number: int) -> None:
                connection = davd.connect()
                path = f"/files/admin/{number}"
                while not ended.is_set():
                    content = b"%d of %d" % (counts[number], number)
                    put = ask(connection, "PUT", path, content, login)
                    for _ in range(3):
                        got = ask(connection, "GET", path, None, login)
                        if (got.status, got.content) != (200, content):  # type: ignore[attr-defined]
                            failures.append(f"GET {got.status}")
                    found = ask(connection, "PROPFIND", path, None, login | {"Depth": "0"})
                    if put.status not in (201, 204) or found.status != 207:
                        failures.append(f"PUT {put.status}, PROPFIND {found.status}")
                    counts[number] += 1
                connection.close()

            def watched(number: int) -> None:
                try:
                    client(number)
                except Exception as error:
                    failures.append(repr(error))

            clients = [threading.Thread(target=watched, args=(number,)) for number in range(4)]
            for thread in clients:
                thread.start()
            try:
                for number in range(6, 16):
                    before = sum(counts)
                    file.write_text(text.format(number=number))
                    davd.process.send_signal(signal.SIGHUP)
                    davd.wait_for("the settings were read again", number - 5)
                    while sum(counts) < before + 8 and not failures:
                        ended.wait(0.01)
            finally:
                ended.set()
                for thread in clients:
                    thread.join()
            assert failures == []
            assert min(counts) > 0
            told = davd.statistics()["configuration"]
            assert told["refused"] == 0
            assert told["last"]["ok"]
            assert davd.log().count("in force now: ") >= 10
