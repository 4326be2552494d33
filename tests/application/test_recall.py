"""Finished answers are right or not given.

Verifies: RFC 9111, 4.2
"""

from __future__ import annotations

import random

from davd.application.recall import OVERHEAD, Recall, Ticket
from davd.http.response import Response
from davd.tree.statistics import Route
from tests.application.test_application import ApplicationTestCase, run


class _World:
    generation = 1
    credentials = 1
    now = 100.0


def _recall(world: _World, max_bytes: int = 10_000, max_entry: int = 400) -> Recall:
    return Recall(max_bytes, max_entry, lambda: world.generation, lambda: world.credentials, lambda: world.now)


def _ticket(world: _World) -> Ticket:
    return Ticket(world.generation, world.credentials, world.now + 60, 200, None, Route("GET", "files", ""))


class TestRecall:
    """Verifies: RFC 9111, 4.2."""

    def test_an_answer_stands_while_nothing_has_changed(self) -> None:
        world = _World()
        recall = _recall(world)
        ticket = _ticket(world)
        recall.remember(b"head", True, ticket, b"before", b"after")
        assert recall.look_up(b"head", True) == (ticket, (b"before", b"after"))
        assert recall.look_up(b"head", False) is None
        assert recall.look_up(b"other", True) is None

    def test_a_commit_a_password_and_time_end_it(self) -> None:
        for change in ({"generation": 2}, {"credentials": 2}, {"now": 160.0}):
            world = _World()
            recall = _recall(world)
            recall.remember(b"head", True, _ticket(world), b"before", b"after")
            for name, value in change.items():
                setattr(world, name, value)
            assert recall.look_up(b"head", True) is None
            for name in change:
                setattr(world, name, getattr(_World, name))
            assert recall.look_up(b"head", True) is None, "an ended answer does not come back"

    def test_the_bound_on_bytes_holds(self) -> None:
        world = _World()
        recall = _recall(world, 10 * (84 + OVERHEAD))
        recall.remember(b"large", True, _ticket(world), b"x" * 401, b"")
        assert recall.look_up(b"large", True) is None
        for number in range(100):
            recall.remember(b"%3d" % number, True, _ticket(world), b"x" * 84, b"")
        kept = [number for number in range(100) if recall.look_up(b"%3d" % number, True)]
        assert kept == list(range(90, 100))


class RecalledAnswersTests(ApplicationTestCase):
    """The wire's part played by hand: every answer equals the one made anew.

    Verifies: docs/architecture.md, Recall
    """

    def setUp(self) -> None:
        super().setUp()
        self.source = self.application.source("192.0.2.1")

    def _head(self, name: str) -> bytes:
        return b"GET /files/alice/" + name.encode()

    def _get(self, name: str) -> bytes:
        kept = self.application.recall(self._head(name), True, self.source)
        fresh = self.ask("GET", f"/files/alice/{name}")
        made = self._bytes(fresh)
        if kept is not None:
            self.assertEqual(kept[1], made, name)
        elif fresh.ticket is not None:
            self.application.remember(self._head(name), True, fresh.ticket, b"", made)
        return made

    def _bytes(self, response: Response) -> bytes:
        assert isinstance(response.body, bytes)
        return repr(sorted(response.headers.items())).encode() + response.body

    def test_random_histories(self) -> None:
        randomness = random.Random(4)
        names = ["a", "b", "c"]
        for _ in range(400):
            name = randomness.choice(names)
            action = randomness.random()
            if action < 0.15:
                self.ask("PUT", f"/files/alice/{name}", randomness.randbytes(randomness.randrange(4)).hex().encode())
            elif action < 0.2:
                self.ask("DELETE", f"/files/alice/{name}")
            elif action < 0.25:
                other = randomness.choice(names)
                self.ask("MOVE", f"/files/alice/{name}", headers={"destination": f"/files/alice/{other}"})
            else:
                self._get(name)
        self.assertGreater(self.kept.hits, 50)

    def test_an_answer_that_rests_on_a_lock_is_not_kept(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        self.assertIsNotNone(self.ask("GET", "/files/alice/a").ticket)
        self.assertIsNone(self.ask("GET", "/files/alice/a", headers={"if": "(Not <urn:uuid:1>)"}).ticket)

    def test_an_answer_that_rests_on_the_age_of_a_date_is_not_kept(self) -> None:
        self.ask("PUT", "/files/alice/a", b"xyz")
        date = self.ask("GET", "/files/alice/a").headers["Last-Modified"]
        headers = {"range": "bytes=0-0", "if-range": date}
        first = self.ask("GET", "/files/alice/a", headers=dict(headers))
        self.assertEqual((first.status, first.ticket), (200, None))
        self.now += 2
        self.assertEqual(self.ask("GET", "/files/alice/a", headers=dict(headers)).status, 206)

    def test_a_removed_account_is_not_answered(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        self._get("a")
        self.assertIsNotNone(self.application.recall(self._head("a"), True, self.source))
        run(self._remove("alice"))
        self.assertIsNone(self.application.recall(self._head("a"), True, self.source))
        self.assertEqual(self.ask("GET", "/files/alice/a").status, 401)

    async def _remove(self, name: str) -> None:
        async with self.store.write() as transaction:
            await transaction.remove_account(name)


class TestReconfiguring:
    """Verifies: docs/architecture.md, Configuration."""

    def test_less_is_kept_from_now_on(self) -> None:
        world = _World()
        recall = _recall(world)
        for head in (b"one", b"two", b"three"):
            recall.remember(head, True, _ticket(world), b"x", b"y")
        recall.reconfigure(2 * (OVERHEAD + 2), 400)
        assert [recall.look_up(head, True) is None for head in (b"one", b"two", b"three")] == [True, False, False]
        recall.reconfigure(10_000, 1)
        recall.remember(b"four", True, _ticket(world), b"x", b"y")
        assert recall.look_up(b"four", True) is None
        recall.clear()
        assert recall.look_up(b"two", True) is None
        recall.reconfigure(10_000, 400)
        recall.remember(b"four", True, _ticket(world), b"x", b"y")
        assert recall.look_up(b"four", True) is not None
