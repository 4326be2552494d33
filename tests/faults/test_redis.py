"""Redis killed, stopped, slow and full: look-ups end in time with nothing, and all is well again soon after Redis is.

That no exception leaves the tier needs no assertion: trial fails a test during which one was logged.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from davd.caches.redis import Redis
from tests.caches.redis_server import Delay, until
from tests.caches.test_redis import RedisCase

# What is promised, in seconds, between Redis being well and entries coming from it again.
RECOVERY = 5.0
# The promise is 50 ms; this tells it from a look-up that waits for Redis to come back, on a busy machine too.
AT_ONCE = 3.0


def works(redis: Redis) -> Callable[[], Awaitable[object]]:
    """A condition for `until`: a value that is put can be got."""

    async def holds() -> bool:
        redis.put(b"key", b"value")
        return await redis.get(b"key") == b"value"

    return holds


async def asked(redis: Redis, count: int, key: bytes = b"key") -> set[bytes | None]:
    """What so many look-ups at the same time give; each must end in time."""
    since = reactor.seconds()
    got = await gatherResults([Deferred.fromCoroutine(redis.get(key)) for _ in range(count)])
    assert reactor.seconds() - since < AT_ONCE
    return set(got)


class FaultTests(RedisCase):
    """Verifies: docs/architecture.md, Caches"""

    async def working(self, **settings: object) -> Redis:
        """A tier with the times of the settings' defaults, that has already given a value."""
        redis = await self.tier(redis_timeout_ms=50.0, **settings)
        await until(works(redis))
        return redis

    async def asked_until_given_up(self, redis: Redis) -> None:
        """Ask until look-ups are no longer sent."""
        for _ in range(100):
            skipped = redis.statistics()["skipped"]
            self.assertLessEqual(await asked(redis, 1), {None})
            if redis.statistics()["skipped"] > skipped:
                return
        self.fail("Redis is asked again and again")

    async def test_killed_and_started_again(self) -> None:
        redis = await self.working()
        for _ in range(3):
            before = self.reconnected
            running = [Deferred.fromCoroutine(redis.get(b"key")) for _ in range(20)]
            self.server.kill()
            self.assertLessEqual(set(await gatherResults(running)), {b"value", None})
            await until(lambda: not redis.connected)
            self.assertEqual(await asked(redis, 100), {None})
            self.assertEqual(redis.statistics()["under_way"], 0)
            self.server.start()
            await until(works(redis), RECOVERY)
            self.assertGreater(self.reconnected, before)

    async def test_one_of_two_connections_is_lost(self) -> None:
        """The other is enough: nothing is said, nothing is emptied; when both are lost, that is done once."""
        redis = await self.tier(redis_connections=2)

        def both() -> set[object]:
            return {line.connection for line in redis._lines} - {None}

        await until(lambda: len(both()) == 2)
        before = both()
        first, *_ = [
            word for word in self.server.command("CLIENT", "LIST", "TYPE", "normal").split() if word[:3] == b"id="
        ]
        self.server.command("CLIENT", "KILL", "ID", first[3:])
        await until(lambda: len(both()) == 2 and both() != before)
        self.assertEqual((redis._told, self.reconnected, redis.statistics()["reconnections"]), ("", 0, 0))
        before = both()
        self.server.command("CLIENT", "KILL", "TYPE", "normal")
        await until(lambda: len(both()) == 2 and not both() & before)
        self.assertEqual((redis._told, self.reconnected, redis.statistics()["reconnections"]), ("", 1, 1))

    async def test_one_of_two_connections_cannot_be_made(self) -> None:
        """While the other works, nobody is told that Redis is not used."""
        redis = await self.tier(redis_connections=2)
        redis._attempted("no more clients")
        self.assertEqual(redis._told, "")
        self.assertTrue(redis.connected)

    async def test_not_there_at_the_start(self) -> None:
        self.server.kill()
        redis = await self.tier(there=False, redis_timeout_ms=50.0)
        self.assertEqual(await asked(redis, 100), {None})
        self.server.start()
        await until(works(redis), RECOVERY)
        self.assertEqual(self.reconnected, 0)

    async def test_stopped(self) -> None:
        """SIGSTOP: the kernel still takes connections and bytes, but nothing comes back."""
        redis = await self.working()
        before = self.reconnected
        self.server.freeze()
        self.assertEqual(await asked(redis, 100), {None})
        await self.asked_until_given_up(redis)
        timeouts = redis.statistics()["timeouts"]
        for _ in range(20):
            self.assertEqual(await asked(redis, 50), {None})
        self.assertEqual(redis.statistics()["timeouts"], timeouts)
        self.server.thaw()
        await until(works(redis), RECOVERY)
        self.assertGreater(self.reconnected, before)

    async def test_stopped_while_values_are_sent(self) -> None:
        """What is on the way stays bounded, and is given up."""
        redis = await self.working(redis_calls=100)
        self.server.freeze()
        for number in range(1000):
            redis.put(b"%d" % number, bytes(100_000))
        self.assertLess(redis.statistics()["under_way"], 100)
        self.assertEqual(await asked(redis, 10), {None})
        await until(lambda: not redis.connected and not redis.statistics()["under_way"])
        self.server.thaw()
        await until(works(redis), RECOVERY)

    async def test_stopped_for_a_moment(self) -> None:
        """Late answers are nobody's: the next look-ups have their own."""
        redis = await self.working(redis_connections=1)
        redis.put(b"other", b"another value")
        for _ in range(3):
            self.server.freeze()
            self.assertEqual(await asked(redis, 2), {None})
            self.server.thaw()

            async def other() -> bool:
                got = await redis.get(b"other")
                assert got in (b"another value", None), got
                return got is not None

            await until(other, RECOVERY)

    async def test_slow(self) -> None:
        delay = Delay(self.server.listen())
        self.addCleanup(lambda: Deferred.fromCoroutine(delay.stop()))
        redis = await self.working(redis=delay.url)
        for _ in range(2):
            delay.delay = 0.5
            self.assertEqual(await asked(redis, 10), {None})
            await self.asked_until_given_up(redis)
            delay.delay = 0.0
            await until(works(redis), RECOVERY)
        await redis.stop()

    async def test_slow_from_the_start(self) -> None:
        """It is never believed to be there, so nobody waits for it."""
        delay = Delay(self.server.listen(), 0.2)
        self.addCleanup(lambda: Deferred.fromCoroutine(delay.stop()))
        redis = await self.tier(there=False, redis_timeout_ms=50.0, redis=delay.url)
        await until(lambda: redis._told == "no answer within 0.05 s")
        self.assertEqual(await asked(redis, 10), {None})
        self.assertEqual(redis.statistics()["timeouts"], 0)
        delay.delay = 0.0
        await until(works(redis), RECOVERY)
        await redis.stop()

    async def test_full(self) -> None:
        """What is there can still be got; what is put is soon not even sent."""
        redis = await self.tier()
        await self.put(redis, b"key", b"value")
        self.server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.server.command("CONFIG", "SET", "maxmemory", "1")
        for number in range(50):
            await self.put(redis, b"%d" % number, b"value")
            self.assertEqual(await redis.get(b"key"), b"value")
        told = redis.statistics()
        self.assertGreaterEqual(told["failures"], 3)
        self.assertGreater(told["dropped"], 0)
        self.assertEqual((told["timeouts"], told["skipped"]), (0, 0))
        self.server.command("CONFIG", "SET", "maxmemory", "0")

        async def takes() -> bool:
            redis.put(b"new", b"value")
            return await redis.get(b"new") == b"value"

        await until(takes, RECOVERY)
        self.assertEqual(self.reconnected, 0)

    async def test_a_password_that_is_changed(self) -> None:
        """Refused on a new connection; trusted again when it is right again."""
        redis = await self.working()
        self.server.kill()
        self.server.options = ("--requirepass", "secret")
        self.server.start()
        await until(lambda: redis._told.startswith("NOAUTH"))
        self.assertEqual(await asked(redis, 10), {None})
        self.server.kill()
        self.server.options = ()
        self.server.start()
        await until(works(redis), RECOVERY)
