"""A davd whose answers come from Redis, while Redis is stopped, killed, full, slow: right answers, hardly later.

One client polls a collection, reads and writes its members, and holds every answer against what it has written. What
goes wrong with a request ends the test: a connection that is lost, another status, a member too many or too few.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import http.client
import math
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from xml.etree import ElementTree

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.caches.redis_server import Delay, RedisServer, until
from tests.daemon.twistd import PLAIN, Running, basic, davctl
from tests.faults.raw import wait_until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(120)]

# The listings of the collection are larger than the memory of the process, so they come from Redis or are made; what is
# told of one member is kept in memory, which shows when it is emptied.
CONFIG = """
[caches]
redis = "{url}"
memory_bytes = 65536
derived_bytes = 0
shared_after_ms = 0.0

[application]
recall_bytes = 0

[rates]
address_requests = 0.0
address_cpu = 0.0
account_requests = 0.0
account_cpu = 0.0
"""

MEMBERS = 300
# Of the members, how many are told of in answers that stay in memory.
SMALL = 10
ROUNDS = 50
POLLS_A_ROUND = 4

# What is promised, in seconds: by how much p99 may rise, and when Redis is used again.
RISE = 0.050
RECOVERY = 5.0
# The answer that is made after Redis was given up takes its time as in the healthy phase, but the machine may also
# give the processor to others for a moment when the timer is due. Waiting for a Redis that is away is far beyond this.
ALLOWANCE = 0.025

# Of each period, for how long a Redis that stutters does nothing, and works: seconds.
STUTTER = (0.120, 0.020)

_FIND = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/><getcontentlength/></prop></propfind>'
_DAV = "{DAV:}"


def p99(times: list[float]) -> float:
    """The nearest-rank percentile."""
    return sorted(times)[math.ceil(0.99 * len(times)) - 1]


class Client:
    """The one who writes to a collection, and asks for what is there; `polls` are the seconds each listing took."""

    def __init__(self, davd: Running, login: dict[str, str]) -> None:
        self.polls: list[float] = []
        self._davd = davd
        self._login = login
        self._path = "/files/writer/many/"
        # What the listing has to tell: the ETag and the length of each member, by its path; and what is in it.
        self._told: dict[str, tuple[str, str]] = {}
        self._contents: dict[str, bytes] = {}
        # The bytes of the last listing that told this.
        self._right = b""
        self._writes = 0
        self._connection = davd.connect()

    def __enter__(self) -> Self:
        assert self._ask("MKCOL", self._path, 201).read() == b""
        for number in range(MEMBERS):
            self.put(number)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def put(self, number: int) -> None:
        """Write something new, of another length than before, to a member."""
        self._writes += 1
        path = self._member(number)
        content = b"%d " % self._writes + b"x" * (self._writes % 97)
        answer = self._ask("PUT", path, 204 if path in self._told else 201, content)
        answer.read()
        etag = answer.getheader("ETag")
        assert etag is not None
        self._told[path] = (etag, str(len(content)))
        self._contents[path] = content
        self._right = b""

    def get(self, number: int) -> None:
        """Read a member, and see that it is what was written last."""
        path = self._member(number)
        answer = self._ask("GET", path, 200)
        assert answer.read() == self._contents[path]
        assert answer.getheader("ETag") == self._told[path][0]

    def poll(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """List the collection; `meanwhile` is done when the request has been sent."""
        since = time.perf_counter()
        answer = self._ask("PROPFIND", self._path, 207, _FIND, "1", meanwhile)
        content = answer.read()
        self.polls.append(time.perf_counter() - since)
        if content != self._right:
            told = _listed(content)
            del told[self._path]
            assert told == self._told
            self._right = content

    def find(self, number: int) -> None:
        """Ask for the properties of one member."""
        path = self._member(number)
        told = _listed(self._ask("PROPFIND", path, 207, _FIND, "0").read())
        assert told == {path: self._told[path]}

    def work(self) -> None:
        """Write, poll and read in turns; the listing that is asked for after a write is a new one."""
        for turn in range(ROUNDS):
            number = self._writes % MEMBERS
            self.put(number)
            for _ in range(POLLS_A_ROUND):
                self.poll()
            self.get(number)
            self.get((number + 37 * turn) % MEMBERS)

    def _member(self, number: int) -> str:
        return f"{self._path}member{number}.txt"

    def _ask(
        self,
        method: str,
        path: str,
        status: int,
        content: bytes | None = None,
        depth: str | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> http.client.HTTPResponse:
        fields = self._login if depth is None else self._login | {"Depth": depth, "Content-Type": "application/xml"}
        self._connection.request(method, path, content, fields)
        meanwhile()
        answer = self._connection.getresponse()
        assert answer.status == status, f"{method} {path}: {answer.status} {answer.read()!r}"
        return answer


def _listed(content: bytes) -> dict[str, tuple[str, str]]:
    """ETag and length by path, of a multistatus answer; each path once."""
    responses = ElementTree.fromstring(content).findall(f"{_DAV}response")
    told = {
        response.findtext(f"{_DAV}href", ""): (
            response.findtext(f".//{_DAV}getetag", ""),
            response.findtext(f".//{_DAV}getcontentlength", ""),
        )
        for response in responses
    }
    assert len(told) == len(responses)
    return told


class Scene:
    """A davd, its client, and the p99 of the polls while all was well: `healthy`, in seconds."""

    def __init__(self, davd: Running, client: Client) -> None:
        self.client = client
        self._davd = davd
        assert wait_until(lambda: self.redis("connected") == 1, RECOVERY)
        client.work()
        fetched = self.fetched
        client.polls.clear()
        client.work()
        # The first listing after each write is made, and the others come from Redis; some were asked for too soon.
        assert self.fetched - fetched > ROUNDS
        sys.stdout.write(f"from Redis: {self.fetched - fetched} of {ROUNDS * POLLS_A_ROUND}\n")
        self.healthy = p99(client.polls)
        self._say("healthy")

    @property
    def fetched(self) -> int:
        """How many answers have come from Redis."""
        return int(self._davd.statistics()["answers"]["fetched"])

    @property
    def remembered(self) -> int:
        """How many answers are in the memory of the process."""
        return int(self._davd.statistics()["caches"]["memory"]["entries"])

    def redis(self, counter: str) -> float:
        """A counter of the tier."""
        return float(self._davd.statistics()["caches"]["tiers"][f"redis_{counter}"])

    def remember(self) -> None:
        """Have answers in the memory of the process that were given while Redis was well."""
        for number in range(SMALL):
            self.client.find(number)
        assert self.remembered == SMALL

    def until_used(self) -> None:
        """Poll until answers come from Redis; AssertionError when that takes longer than is promised."""
        fetched, since = self.fetched, time.monotonic()
        while self.fetched == fetched:
            assert time.monotonic() - since < RECOVERY, self._davd.statistics()["caches"]
            self.client.poll()
        sys.stdout.write(f"used again after {time.monotonic() - since:.2f} s\n")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What happens within may make polls later by what is promised, and no more."""
        self.client.polls.clear()
        yield
        self._say(name)
        # A single late poll would be the hundredth part of too few.
        assert len(self.client.polls) >= ROUNDS * POLLS_A_ROUND
        assert p99(self.client.polls) <= self.healthy + RISE + ALLOWANCE

    def _say(self, name: str) -> None:
        times = sorted(self.client.polls)
        median, last = times[len(times) // 2], times[-1]
        sys.stdout.write(
            f"{name}: {len(times)} polls, p50 {median * 1000:.1f} ms, p99 {p99(times) * 1000:.1f} ms,"
            f" longest {last * 1000:.1f} ms\n"
        )


@contextmanager
def serving(folder: Path, url: str) -> Iterator[Scene]:
    """A davd that shares its answers in the Redis at that URL, and has done so for a while."""
    password = secrets.token_hex(12)
    added = davctl(folder / "data", "user", "add", "writer", "--password-file", "-", text=password + "\n")
    assert added.returncode == 0, added.stderr
    with (
        Running(folder, config=CONFIG.format(url=url), words=("--admin", PLAIN)) as davd,
        Client(davd, basic("writer", password)) as client,
    ):
        yield Scene(davd, client)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that every test leaves running and well."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def scene(redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A davd that uses it; every test leaves it so."""
    with serving(tmp_path_factory.mktemp("davd"), redis.url) as made:
        yield made


@pytest.mark.parametrize(
    ("away", "back"), [("freeze", "thaw"), ("kill", "start")], ids=["stopped and continued", "killed and started again"]
)
def test_away_and_back(redis: RedisServer, scene: Scene, away: str, back: str) -> None:
    """After SIGSTOP the kernel takes connections and bytes, and nothing comes back; after SIGKILL nobody listens."""
    scene.remember()
    with scene.phase(away):
        scene.client.poll(getattr(redis, away))
        fetched = scene.fetched
        scene.client.work()
        assert scene.fetched == fetched
    assert scene.redis("connected") == 0
    # Nothing is forgotten for as long as Redis is away.
    assert scene.remembered == SMALL
    reconnections = scene.redis("reconnections")
    with scene.phase(back):
        getattr(redis, back)()
        scene.until_used()
        assert scene.redis("reconnections") == reconnections + 1
        assert scene.remembered == 0
        scene.client.work()
    scene.remember()


def test_full(redis: RedisServer, scene: Scene) -> None:
    """What is there is still used; what is new is soon not sent any more."""
    scene.until_used()
    with scene.phase("full"):
        redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
        redis.command("CONFIG", "SET", "maxmemory", "1")
        scene.until_used()
        openings, skipped, fetched = scene.redis("openings"), scene.redis("skipped"), scene.fetched
        scene.client.work()
        assert scene.fetched == fetched
        assert scene.redis("openings") > openings
        assert (scene.redis("skipped"), scene.redis("connected")) == (skipped, 1)
    with scene.phase("room again"):
        redis.command("CONFIG", "SET", "maxmemory", "0")
        scene.until_used()
        scene.client.work()


def test_stuttering(redis: RedisServer, scene: Scene) -> None:
    """Some calls are answered in time and some are not, so that Redis is neither well nor given up for long."""
    scene.until_used()
    timeouts = scene.redis("timeouts")
    over = threading.Event()
    stutter = threading.Thread(target=_stutter, args=(redis, over))
    with scene.phase("stuttering"):
        stutter.start()
        try:
            scene.client.work()
        finally:
            over.set()
            stutter.join()
    assert scene.redis("timeouts") > timeouts
    scene.until_used()


def _stutter(redis: RedisServer, over: threading.Event) -> None:
    stopped, working = STUTTER
    while not over.wait(working):
        redis.freeze()
        over.wait(stopped)
        redis.thaw()


class SlowTests(TestCase):
    """Verifies: docs/architecture.md, Caches"""

    async def test_slow(self) -> None:
        """Every answer comes late: in time at first, then too late to be waited for."""
        server = RedisServer(Path(self.mktemp()))
        server.start()
        self.addCleanup(server.kill)
        delay = Delay(server.listen())
        self.addCleanup(lambda: Deferred.fromCoroutine(delay.stop()))
        # What the reactor reads from by itself is there when it has begun to run.
        await deferLater(reactor, 0)
        idle = set(reactor.getReaders())
        # The client waits in a thread; here the reactor passes on what davd and Redis say.
        await deferToThread(self._slow, Path(self.mktemp()), delay)
        server.kill()
        await until(lambda: set(reactor.getReaders()) == idle)

    def _slow(self, folder: Path, delay: Delay) -> None:
        folder.mkdir()
        with serving(folder, delay.url) as scene:
            with scene.phase("30 ms late"):
                delay.delay = 0.030
                fetched = scene.fetched
                scene.client.work()
                assert scene.fetched > fetched
            with scene.phase("500 ms late"):
                delay.delay = 0.500
                scene.client.work()
            assert scene.redis("connected") == 0
            with scene.phase("in time again"):
                delay.delay = 0.0
                scene.until_used()
                scene.client.work()
