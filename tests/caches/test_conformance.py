"""The tiers that come with davd pass the suite for tiers.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.caches.derived import Derived
from davd.caches.memory import Local
from davd.caches.redis import Redis
from davd.caches.settings import CacheSettings
from davd.caches.tiers import Tiers
from davd.interfaces.cache import ICache
from davd.testing.cache_conformance import CacheConformance
from tests.caches.redis_server import RedisServer, until


def local() -> Local:
    return Local(2**20, 2**18)


class LocalTests(CacheConformance, TestCase):
    """Verifies: docs/architecture.md, Caches"""

    def make_cache(self) -> ICache:
        return local()


class DerivedTests(CacheConformance, TestCase):
    """Verifies: docs/architecture.md, Caches"""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def make_cache(self) -> ICache:
        return Derived(CacheSettings(), self.folder, deferToThread, reactor)


class RedisTests(CacheConformance, TestCase):
    """Verifies: docs/architecture.md, Caches"""

    def setUp(self) -> None:
        self.server = RedisServer(Path(self.mktemp()))
        self.server.start()
        self.addCleanup(self.server.kill)

    def make_cache(self) -> ICache:
        # A busy machine is no reason for a miss here.
        return Redis(CacheSettings(redis=self.server.url, redis_timeout_ms=5000), reactor)

    async def settled(self, cache: ICache) -> None:
        redis = cast(Redis, cache)
        await until(lambda: redis.connected and not redis.statistics()["under_way"])


class TiersTests(RedisTests):
    """Verifies: docs/architecture.md, Caches"""

    def make_cache(self) -> ICache:
        folder = Path(self.mktemp())
        folder.mkdir()
        return Tiers([local(), super().make_cache(), Derived(CacheSettings(), folder, deferToThread, reactor)])

    async def settled(self, cache: ICache) -> None:
        await super().settled(cast(Tiers, cache).tiers[1])


class NoTiersTests(TestCase):
    """Verifies: docs/architecture.md, Caches"""

    async def test_tiers_without_tiers(self) -> None:
        """Nothing is kept, and everything works."""
        cache = Tiers([])
        await cache.start()
        cache.put(b"key", b"value")
        self.assertIsNone(await cache.get(b"key"))
        self.assertEqual(cache.statistics()["misses"], 1)
        await cache.stop()
