"""The tier in Redis against a real redis-server that is well.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.trial.unittest import TestCase

from davd.caches.frame import Framing
from davd.caches.redis import Redis
from davd.caches.settings import CacheSettings
from davd.net.certificates import self_signed
from tests.caches.redis_server import RedisServer, Stranger, until


class RedisCase(TestCase):
    """Redis tiers that are stopped when the test is over."""

    options: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.server = RedisServer(Path(self.mktemp()), *self.options)
        self.server.start()
        self.addCleanup(self.server.kill)
        self.reconnected = 0

    async def tier(self, *, there: bool = True, secret: bytes = b"", **settings: object) -> Redis:
        """A tier with these settings, started; with `there`, Redis has answered it."""
        # A busy machine is no reason for a miss where time is not what is tested.
        chosen = {"redis": self.server.url, "redis_timeout_ms": 5000.0} | settings
        redis = Redis(CacheSettings(**chosen), reactor, self.reconnect, secret)  # type: ignore[arg-type]
        self.addCleanup(lambda: Deferred.fromCoroutine(redis.stop()))
        await redis.start()
        if there:
            await until(lambda: redis.connected)
        return redis

    def reconnect(self) -> None:
        self.reconnected += 1

    async def put(self, redis: Redis, key: bytes, value: bytes) -> None:
        """Put, and wait until Redis has answered."""
        redis.put(key, value)
        await until(lambda: not redis.statistics()["under_way"])


class RedisTests(RedisCase):
    """Verifies: docs/architecture.md, Caches"""

    async def test_processes_share_it(self) -> None:
        one, other = await self.tier(), await self.tier()
        await self.put(one, b"key", b"value")
        self.assertEqual(await other.get(b"key"), b"value")

    async def test_keys_have_the_prefix_and_tell_nothing(self) -> None:
        redis = await self.tier(redis_prefix="here:")
        await self.put(redis, b"alice's calendar", b"value")
        (key,) = self.server.keys()
        self.assertRegex(key, rb"^here:[0-9a-f]{40}$")
        self.assertIsNone(await (await self.tier(redis_prefix="there:")).get(b"alice's calendar"))

    async def test_entries_have_a_lifetime(self) -> None:
        redis = await self.tier(redis_ttl=100.0)
        await self.put(redis, b"key", b"value")
        left = self.server.command("PTTL", self.server.keys()[0])
        self.assertTrue(0 < left <= 100_000, left)

    async def test_an_entry_that_is_over(self) -> None:
        redis = await self.tier(redis_ttl=1.0)
        await self.put(redis, b"key", b"value")
        self.server.command("PEXPIRE", self.server.keys()[0], 1)
        await until(lambda: not self.server.keys())
        self.assertIsNone(await redis.get(b"key"))

    async def test_the_database(self) -> None:
        redis = await self.tier(redis=f"{self.server.url}?db=3")
        await self.put(redis, b"key", b"value")
        self.assertEqual((self.server.keys(), len(self.server.keys(3))), ([], 1))
        self.assertEqual(await redis.get(b"key"), b"value")

    async def test_values_over_the_bound(self) -> None:
        redis = await self.tier(redis_entry_bytes=1000)
        await self.put(redis, b"fits", b"x" * 1000)
        await self.put(redis, b"large", b"x" * 1001)
        self.assertEqual((await redis.get(b"fits"), await redis.get(b"large")), (b"x" * 1000, None))
        self.assertEqual(len(self.server.keys()), 1)

    async def test_a_large_value_that_another_has_put(self) -> None:
        """No more of it is fetched than the bound."""
        generous, modest = await self.tier(), await self.tier(redis_entry_bytes=1000)
        await self.put(generous, b"key", os.urandom(500_000))
        sent = self.server.command("INFO", "stats")
        self.assertIsNone(await modest.get(b"key"))
        self.assertLess(_sent(self.server.command("INFO", "stats")) - _sent(sent), 20_000)

    async def test_damaged_and_foreign_values(self) -> None:
        redis = await self.tier()
        await self.put(redis, b"key", b"value")
        (name,) = self.server.keys()
        good: bytes = self.server.command("GET", name)
        others = [good[:-1], good + b"x", good[:-1] + b"\x00", b"\x02" + good[1:], b"", b"12", b"value"]
        others.append(Framing().wrap(b"other", b"value"))
        for content in others:
            self.server.command("SET", name, content)
            self.assertIsNone(await redis.get(b"key"), content)
        self.server.command("DEL", name)
        self.server.command("LPUSH", name, "a list")
        for _ in range(10):
            self.assertIsNone(await redis.get(b"key"))
        # None of it was Redis's fault.
        self.server.command("SET", name, good)
        self.assertEqual(await redis.get(b"key"), b"value")

    async def test_whoever_lacks_the_secret_makes_no_entries(self) -> None:
        redis, forger = await self.tier(secret=b"s" * 32), await self.tier()
        await self.put(redis, b"key", b"value")
        (name,) = self.server.keys()
        self.server.command("SET", name, Framing().wrap(b"key", b"forged"))
        self.assertEqual((await redis.get(b"key"), await forger.get(b"key")), (None, None))

    async def test_many_at_once(self) -> None:
        redis = await self.tier()
        for number in range(50):
            redis.put(b"%d" % number, b"value %d" % number)
        keys = [b"%d" % (number % 60) for number in range(600)]
        got = await gatherResults([Deferred.fromCoroutine(redis.get(key)) for key in keys])
        for key, value in zip(keys, got, strict=True):
            self.assertEqual(value, b"value " + key if int(key) < 50 else None)

    async def test_no_more_calls_than_allowed(self) -> None:
        redis = await self.tier(redis_calls=10)
        await self.put(redis, b"key", b"value")
        running = [Deferred.fromCoroutine(redis.get(b"key")) for _ in range(25)]
        self.assertEqual(redis.statistics()["under_way"], 10)
        for number in range(20):
            redis.put(b"%d" % number, b"value")
        self.assertEqual(redis.statistics()["under_way"], 10)
        self.assertEqual(await gatherResults(running), [b"value"] * 10 + [None] * 15)
        self.assertEqual(redis.statistics()["skipped"], 15)

    async def test_writes_leave_room_for_look_ups(self) -> None:
        redis = await self.tier(redis_calls=100)
        for number in range(100):
            redis.put(b"%d" % number, b"value")
        under_way = redis.statistics()["under_way"]
        self.assertLess(under_way, 50)
        self.assertEqual(redis.statistics()["dropped"], 100 - under_way)
        self.assertEqual(await redis.get(b"0"), b"value")

    async def test_a_bound_on_the_bytes_under_way(self) -> None:
        redis = await self.tier()
        for number in range(20):
            redis.put(b"%d" % number, bytes(2**20))
        self.assertEqual(redis.statistics()["puts"], 8)

    async def test_a_look_up_that_is_cancelled(self) -> None:
        """The answers to the others stay theirs."""
        redis = await self.tier(redis_connections=1)
        await self.put(redis, b"key", b"value")
        gone = Deferred.fromCoroutine(redis.get(b"none"))
        stays = Deferred.fromCoroutine(redis.get(b"key"))
        gone.cancel()
        await self.assertFailure(gone, CancelledError)
        self.assertEqual(await stays, b"value")

    async def test_stopped_with_look_ups_under_way(self) -> None:
        redis = await self.tier()
        running = [Deferred.fromCoroutine(redis.get(b"key")) for _ in range(5)]
        await redis.stop()
        self.assertEqual(await gatherResults(running), [None] * 5)


class LoginTests(RedisCase):
    """Verifies: docs/architecture.md, Caches"""

    options = ("--requirepass", "right#1", "--user", "davd", "on", ">mine", "~davd:*", "+@all")

    def url(self, login: str) -> str:
        return f"unix://{login}{self.server.path}"

    async def test_the_right_password(self) -> None:
        for login in (":right%231@", "davd:mine@"):
            redis = await self.tier(redis=self.url(login))
            await self.put(redis, b"key", b"value")
            self.assertEqual(await redis.get(b"key"), b"value")

    async def test_a_wrong_or_no_password(self) -> None:
        """There are misses, one line in the log, and no password in it."""
        for login in (":wrong@", "davd:wrong@", ""):
            redis = await self.tier(redis=self.url(login), there=False)
            await until(lambda redis=redis: bool(redis._told))  # type: ignore[misc]
            self.assertIsNone(await redis.get(b"key"))
            self.assertRegex(redis._told, "^(WRONGPASS|NOAUTH)")
            self.assertNotIn("wrong", redis._told.removeprefix("WRONGPASS"))


class TLSTests(TestCase):
    """Verifies: docs/architecture.md, Caches; RFC 9110, 4.3.4"""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        files = self_signed(self.folder)
        self.server = RedisServer(
            self.folder / "redis",
            *("--tls-port", "0", "--tls-cert-file", str(files.certificate), "--tls-key-file", str(files.key)),
            *("--tls-ca-cert-file", str(files.certificate), "--tls-auth-clients", "no"),
        )
        self.server.start()
        self.addCleanup(self.server.kill)
        self.port = self.server.listen("tls-port")
        self.authorities = str(files.certificate)

    async def connected(self, **settings: object) -> Redis:
        # One connection, so that what was put is there for the look-up behind it.
        chosen = {"redis_timeout_ms": 5000.0, "redis_connections": 1} | settings
        redis = Redis(CacheSettings(**chosen), reactor)  # type: ignore[arg-type]
        self.addCleanup(lambda: Deferred.fromCoroutine(redis.stop()))
        await redis.start()
        return redis

    async def test_a_certificate_that_is_trusted(self) -> None:
        redis = await self.connected(redis=f"rediss://localhost:{self.port}", redis_authorities=self.authorities)
        await until(lambda: redis.connected)
        redis.put(b"key", bytes(100_000))
        self.assertEqual(await redis.get(b"key"), bytes(100_000))

    async def test_a_certificate_that_is_not(self) -> None:
        redis = await self.connected(redis=f"rediss://localhost:{self.port}")
        await until(lambda: "certificate verify failed" in redis._told)
        self.assertFalse(redis.connected)

    async def test_authorities_that_are_none(self) -> None:
        """It is said, and there are misses."""
        for content in (b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
            path = self.folder / "authorities.pem"
            path.write_bytes(content)
            redis = await self.connected(redis="rediss://localhost", redis_authorities=str(path))
            self.assertIsNone(await redis.get(b"key"))
        redis = await self.connected(redis="rediss://localhost", redis_authorities=str(path) + "x")
        self.assertIsNone(await redis.get(b"key"))


class StrangerTests(TestCase):
    """Verifies: docs/architecture.md, Caches"""

    async def test_what_speaks_otherwise(self) -> None:
        """Nothing of it is taken for an answer, and nothing is raised."""
        for greeting, reply in (
            (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            (b"220 mail ESMTP\r\n", b"500\r\n"),
            (b"", b"+PONG\r\n+PONG\r\n"),
            (b"+PONG\r\n", b"+PONG\r\n"),
            (b"", b"$9999999999999\r\n"),
            (b"", b"*2\r\n+PONG\r\n+PONG\r\n"),
            (b"", b":1\r\n"),
        ):
            stranger = Stranger(greeting, reply)
            redis = Redis(CacheSettings(redis=stranger.url), reactor)
            await redis.start()
            await until(lambda redis=redis: bool(redis._told))  # type: ignore[misc]
            self.assertIsNone(await redis.get(b"key"))
            self.assertFalse(redis.connected, reply)
            await redis.stop()
            await stranger.stop()


def _sent(stats: bytes) -> int:
    (line,) = [line for line in stats.split(b"\r\n") if line.startswith(b"total_net_output_bytes:")]
    return int(line.split(b":")[1])
