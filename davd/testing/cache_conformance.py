"""The tests that every cache tier passes; a plugin's author mixes them into a TestCase of their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from zope.interface.verify import verifyObject

from davd.interfaces.cache import ICache

if TYPE_CHECKING:
    from twisted.trial.unittest import TestCase as _Base
else:
    _Base = object


class CacheConformance(_Base):
    """Verifies: docs/architecture.md, Caches

    `make_cache` gives a tier, not yet started; `settled` waits until what has been put into it can be got, as far as
    it will ever be. A tier may forget, so what is asked here is that it keeps one value for a moment, and that what it
    gives is what was put.
    """

    def make_cache(self) -> ICache:
        """The tier under test."""
        raise NotImplementedError

    async def settled(self, cache: ICache) -> None:
        """Wait until the tier is ready, and has done what it does later."""

    async def started(self) -> ICache:
        """A tier that is ready."""
        cache = self.make_cache()
        await cache.start()
        await self.settled(cache)
        return cache

    async def test_it_provides_the_interface(self) -> None:
        """All of `ICache`, with the right signatures."""
        cache = self.make_cache()
        verifyObject(ICache, cache)
        self.assertRegex(cache.name, r"^[a-z][a-z0-9_]*$")

    async def test_what_was_put(self) -> None:
        """It is there, byte for byte, as often as it is asked for."""
        cache = await self.started()
        every = bytes(range(256))
        for key, value in ((b"key", b"value"), (every, every * 20), (b"key" * 1000, b"\r\n$-1\r\n"), (b"0", b"12")):
            cache.put(key, value)
            await self.settled(cache)
            for _ in range(2):
                self.assertEqual(await cache.get(key), value)
        await cache.stop()

    async def test_what_was_never_put(self) -> None:
        """None, for keys near one that is there too."""
        cache = await self.started()
        cache.put(b"key", b"value")
        await self.settled(cache)
        for key in (b"ke", b"key ", b"KEY", b"key\x00", b"", os.urandom(16)):
            self.assertIsNone(await cache.get(key), key)
        await cache.stop()

    async def test_the_last_value_counts(self) -> None:
        """A key that is put again has the new value, or none."""
        cache = await self.started()
        for value in (b"one", b"two" * 1000, b"3"):
            cache.put(b"key", value)
            await self.settled(cache)
        self.assertIn(await cache.get(b"key"), (b"3", None))
        await cache.stop()

    async def test_a_value_beyond_all_bounds(self) -> None:
        """It is kept whole or not at all, and does no harm."""
        cache = await self.started()
        value = os.urandom(2**16) * 2**9
        cache.put(b"large", value)
        cache.put(b"small", b"value")
        await self.settled(cache)
        self.assertTrue(await cache.get(b"large") in (value, None))
        self.assertIn(await cache.get(b"small"), (b"value", None))
        await cache.stop()

    async def test_one_of_many_gives_up(self) -> None:
        """A look-up that is cancelled ends by that alone; the others have their answer."""
        cache = await self.started()
        cache.put(b"key", b"value")
        await self.settled(cache)
        running = [Deferred.fromCoroutine(cache.get(b"key")) for _ in range(5)]
        running[0].addErrback(lambda failure: failure.trap(CancelledError) and b"value")
        running[0].cancel()
        for answer in running:
            self.assertEqual(await answer, b"value")
        await cache.stop()

    async def test_before_its_start_and_after_its_end(self) -> None:
        """It raises nothing, and gives what was put or nothing."""
        cache = self.make_cache()
        cache.put(b"key", b"value")
        self.assertIn(await cache.get(b"key"), (b"value", None))
        await cache.start()
        await cache.stop()
        cache.put(b"key", b"value")
        self.assertIn(await cache.get(b"key"), (b"value", None))

    async def test_started_again(self) -> None:
        """After `stop` comes `start`, and it works as before."""
        cache = await self.started()
        await cache.stop()
        await cache.start()
        await self.settled(cache)
        cache.put(b"key", b"value")
        await self.settled(cache)
        self.assertEqual(await cache.get(b"key"), b"value")
        await cache.stop()

    async def test_statistics(self) -> None:
        """Hits, misses and puts are counted, and never fall."""
        cache = await self.started()
        before = dict(cache.statistics())
        cache.put(b"key", b"value")
        await self.settled(cache)
        await cache.get(b"key")
        await cache.get(b"other")
        after = cache.statistics()
        for name in ("hits", "misses", "puts"):
            self.assertEqual(after[name], before[name] + 1, name)
        self.assertEqual(after["failures"], before["failures"])
        await cache.stop()
