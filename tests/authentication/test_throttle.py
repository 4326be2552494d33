"""Guessing is slowed down.

Verifies: RFC 6585, 4
"""

from __future__ import annotations

from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.interfaces.store import StoreFull
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import run as drive

SETTINGS = AuthenticationSettings()


def _throttle(store: MemoryStore | None = None) -> tuple[Throttle, MemoryStore]:
    store = store or _store()
    return Throttle(SETTINGS, store), store


def _store() -> MemoryStore:
    store = MemoryStore()
    drive(store.start())
    return store


def _fail(throttle: Throttle, keys: tuple[str, ...], now: float) -> None:
    throttle.begin(keys)
    drive(throttle.finish(keys, True, now))


class TestThrottle:
    """Verifies: RFC 6585, 4."""

    def test_ten_failures_block_for_the_window(self) -> None:
        throttle, _ = _throttle()
        keys = throttle.keys("alice", "192.0.2.1")
        for turn in range(10):
            assert drive(throttle.wait(keys, 100.0 + turn)) == 0
            _fail(throttle, keys, 100.0 + turn)
        assert drive(throttle.wait(keys, 109.5)) == 59.5

    def test_the_name_is_blocked_from_any_address_and_the_address_for_any_name(self) -> None:
        throttle, _ = _throttle()
        for _ in range(10):
            _fail(throttle, throttle.keys("alice", "192.0.2.1"), 100.0)
        assert drive(throttle.wait(throttle.keys("ALICE", "192.0.2.9"), 100.0)) > 0
        assert drive(throttle.wait(throttle.keys("bob", "192.0.2.1"), 100.0)) > 0
        assert drive(throttle.wait(throttle.keys("bob", "192.0.2.9"), 100.0)) == 0

    def test_old_failures_do_not_count(self) -> None:
        throttle, _ = _throttle()
        keys = throttle.keys("alice", "192.0.2.1")
        for turn in range(50):
            _fail(throttle, keys, 100.0 + 7 * turn)
        assert drive(throttle.wait(keys, 443.5)) == 0

    def test_each_further_failure_doubles_the_block(self) -> None:
        throttle, _ = _throttle()
        keys = throttle.keys("alice", "")
        for _ in range(10):
            _fail(throttle, keys, 0.0)
        blocks = []
        now = 0.0
        for _ in range(6):
            wait = drive(throttle.wait(keys, now))
            blocks.append(wait)
            now += wait
            assert drive(throttle.wait(keys, now)) == 0
            _fail(throttle, keys, now)
        assert blocks == [60, 120, 240, 480, 900, 900]

    def test_attempts_under_way_count(self) -> None:
        throttle, _ = _throttle()
        keys = throttle.keys("alice", "192.0.2.1")
        for _ in range(10):
            throttle.begin(keys)
        assert drive(throttle.wait(keys, 0.0)) > 0
        for _ in range(10):
            drive(throttle.finish(keys, False, 0.0))
        assert drive(throttle.wait(keys, 0.0)) == 0

    def test_a_block_survives_a_restart(self) -> None:
        throttle, store = _throttle()
        keys = throttle.keys("alice", "192.0.2.1")
        for _ in range(10):
            _fail(throttle, keys, 100.0)
        again, _ = _throttle(store)
        assert drive(again.wait(keys, 110.0)) == 50.0
        _fail(again, keys, 160.0)
        assert drive(again.wait(keys, 160.0)) == 120.0

    def test_a_block_that_cannot_be_stored_is_one_all_the_same(self) -> None:
        class Full(MemoryStore):
            """A store on a disk that is full."""

            def write(self) -> None:  # type: ignore[override]
                raise StoreFull("the disk is full")

        throttle, _ = _throttle(Full())
        keys = throttle.keys("alice", "192.0.2.1")
        for turn in range(10):
            _fail(throttle, keys, 100.0 + turn)
        assert drive(throttle.wait(keys, 110.0)) > 0
