"""Several tiers as one, over tiers that a test can hold up and break.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from davd.caches.tiers import Tiers
from davd.interfaces.cache import ICache


@implementer(ICache)
class Far:
    """A tier over a dict whose answers wait for `release` while `holds`."""

    def __init__(self, name: str, *, holds: bool = False) -> None:
        self.name = name
        self.kept: dict[bytes, bytes] = {}
        self.asked: list[bytes] = []
        self._holds = holds
        self._waiting: list[Deferred[None]] = []

    async def start(self) -> None:
        """Ready."""

    async def stop(self) -> None:
        """Over."""

    async def get(self, key: bytes) -> bytes | None:
        """What is kept, when it is released."""
        self.asked.append(key)
        if self._holds:
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
            await waiting
        return self.kept.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep it."""
        self.kept[key] = value

    def statistics(self) -> Mapping[str, float]:
        """How often it was asked."""
        return {"hits": 0, "misses": len(self.asked), "puts": len(self.kept), "failures": 0}

    def release(self) -> None:
        """Answer all that wait."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)


class Broken(Far):
    """A tier that raises, against its interface."""

    async def start(self) -> None:
        raise OSError("start")

    async def stop(self) -> None:
        raise OSError("stop")

    async def get(self, key: bytes) -> bytes | None:
        raise OSError("get")

    def put(self, key: bytes, value: bytes) -> None:
        raise OSError("put")


class TiersTests(SynchronousTestCase):
    """Verifies: docs/architecture.md, Caches"""

    def get(self, tiers: Tiers, key: bytes = b"key") -> Deferred[bytes | None]:
        return Deferred.fromCoroutine(tiers.get(key))

    def test_the_near_ones_are_filled(self) -> None:
        near, middle, far = Far("near"), Far("middle"), Far("far")
        far.kept[b"key"] = b"value"
        tiers = Tiers([near, middle, far])
        for _ in range(3):
            self.assertEqual(self.successResultOf(self.get(tiers)), b"value")
        self.assertEqual((middle.asked, far.asked), ([b"key"], [b"key"]))
        self.assertEqual((near.kept[b"key"], middle.kept), (b"value", {b"key": b"value"}))

    def test_the_far_ones_are_left_alone(self) -> None:
        """A value found half way is not put into those behind."""
        middle, far = Far("middle"), Far("far")
        middle.kept[b"key"] = b"value"
        tiers = Tiers([Far("near"), middle, far])
        self.assertEqual(self.successResultOf(self.get(tiers)), b"value")
        self.assertEqual((far.asked, far.kept), ([], {}))

    def test_a_value_goes_to_all(self) -> None:
        near, far = Far("near"), Far("far")
        Tiers([near, far]).put(b"key", b"value")
        self.assertEqual((near.kept[b"key"], far.kept), (b"value", {b"key": b"value"}))

    def test_nothing_anywhere(self) -> None:
        tiers = Tiers([Far("near"), Far("far")])
        self.assertIsNone(self.successResultOf(self.get(tiers)))
        self.assertEqual(tiers.statistics()["misses"], 1)

    def test_one_look_up_for_all_who_ask_at_the_same_time(self) -> None:
        far = Far("far", holds=True)
        far.kept[b"key"] = b"value"
        tiers = Tiers([Far("near"), far])
        answers = [self.get(tiers) for _ in range(5)]
        other = self.get(tiers, b"other")
        self.assertEqual(far.asked, [b"key", b"other"])
        far.release()
        self.assertEqual([self.successResultOf(answer) for answer in answers], [b"value"] * 5)
        self.assertIsNone(self.successResultOf(other))
        self.assertEqual(tiers.statistics()["shared"], 4)

    def test_the_first_who_asked_goes_away(self) -> None:
        far = Far("far", holds=True)
        far.kept[b"key"] = b"value"
        tiers = Tiers([far])
        first, second = self.get(tiers), self.get(tiers)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertNoResult(second)
        far.release()
        self.assertEqual(self.successResultOf(second), b"value")

    def test_all_who_asked_go_away(self) -> None:
        """The next who asks has an answer."""
        far = Far("far", holds=True)
        far.kept[b"key"] = b"value"
        tiers = Tiers([far])
        first = self.get(tiers)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        far.release()
        again = self.get(tiers)
        far.release()
        self.assertEqual(self.successResultOf(again), b"value")
        self.assertEqual(far.asked, [b"key", b"key"])

    def test_who_asks_while_others_are_told(self) -> None:
        """A look-up begun in an answer's callback is a new one."""
        far = Far("far", holds=True)
        tiers = Tiers([far])
        again: list[Deferred[bytes | None]] = []
        self.get(tiers).addCallback(lambda _: again.append(self.get(tiers)))
        far.release()
        self.assertNoResult(again[0])
        far.release()
        self.assertIsNone(self.successResultOf(again[0]))

    def test_a_tier_that_raises(self) -> None:
        """It is passed over, counted and logged; the others do their work."""
        far = Far("far")
        tiers = Tiers([Far("near"), Broken("broken"), far])
        self.successResultOf(Deferred.fromCoroutine(tiers.start()))
        far.kept[b"key"] = b"value"
        self.assertEqual(self.successResultOf(self.get(tiers)), b"value")
        tiers.put(b"other", b"value")
        self.assertEqual(far.kept[b"other"], b"value")
        self.successResultOf(Deferred.fromCoroutine(tiers.stop()))
        self.assertEqual(tiers.statistics()["failures"], len(self.flushLoggedErrors(OSError)))
        self.assertEqual(tiers.statistics()["failures"], 5)

    def test_statistics_of_each(self) -> None:
        tiers = Tiers([Far("near"), Far("far")])
        tiers.put(b"key", b"value")
        self.successResultOf(self.get(tiers))
        told = tiers.statistics()
        self.assertEqual((told["hits"], told["puts"], told["near_puts"], told["far_puts"]), (1, 1, 1, 1))
