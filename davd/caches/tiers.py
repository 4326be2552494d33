"""Several tiers as one: the near ones are asked first and filled from the far ones.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from davd.interfaces.cache import ICache


@implementer(ICache)
class Tiers:
    """Tiers in the order in which they are asked: `Redis`, `Derived`, those of them that there are.

    Look-ups of one key that are under way at the same time are one: the tiers are asked once. A tier that breaks its
    word and raises is logged and has nothing.
    """

    name = "tiers"
    _log = Logger()

    def __init__(self, tiers: Sequence[ICache]) -> None:
        self.tiers = tuple(tiers)
        self._waiting: dict[bytes, list[Deferred[bytes | None]]] = {}
        self._hits = self._misses = self._puts = self._failures = self._shared = 0

    async def start(self) -> None:
        """Start all, in order."""
        for tier in self.tiers:
            try:
                await tier.start()
            except Exception:
                self._broken(tier)

    async def stop(self) -> None:
        """Stop all, the far ones first."""
        for tier in reversed(self.tiers):
            try:
                await tier.stop()
            except Exception:
                self._broken(tier)

    async def get(self, key: bytes) -> bytes | None:
        """What the first tier that has something has; the tiers before it are given it."""
        value = await self._look_up(key)
        if value is None:
            self._misses += 1
        else:
            self._hits += 1
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Give a value to all tiers."""
        self._puts += 1
        self._fill(self.tiers, key, value)

    def statistics(self) -> Mapping[str, float]:
        """Counters of the whole; `shared` look-ups joined one under way. Those of tiers are `NAME_COUNTER`."""
        counters: dict[str, float] = {
            "hits": self._hits,
            "misses": self._misses,
            "puts": self._puts,
            "failures": self._failures,
            "shared": self._shared,
        }
        for tier in self.tiers:
            for name, value in tier.statistics().items():
                counters[f"{tier.name}_{name}"] = value
        return counters

    def _look_up(self, key: bytes) -> Deferred[bytes | None]:
        answer: Deferred[bytes | None] = Deferred()
        waiting = self._waiting.get(key)
        if waiting is not None:
            self._shared += 1
            waiting.append(answer)
            return answer
        self._waiting[key] = [answer]
        # Not the coroutine of the first who asks: when that is cancelled the others still want the answer.
        Deferred.fromCoroutine(self._ask(key)).addCallback(self._tell, key)
        return answer

    def _tell(self, value: bytes | None, key: bytes) -> None:
        for answer in self._waiting.pop(key):
            if not answer.called:
                answer.callback(value)

    async def _ask(self, key: bytes) -> bytes | None:
        for place, tier in enumerate(self.tiers):
            try:
                value: bytes | None = await tier.get(key)
            except Exception:
                self._broken(tier)
                continue
            if value is not None:
                self._fill(self.tiers[:place], key, value)
                return value
        return None

    def _fill(self, tiers: Sequence[ICache], key: bytes, value: bytes) -> None:
        for tier in tiers:
            try:
                tier.put(key, value)
            except Exception:
                self._broken(tier)

    def _broken(self, tier: ICache) -> None:
        self._failures += 1
        self._log.failure("the cache tier {name} has failed", name=tier.name)
