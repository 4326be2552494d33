"""Kept multistatus answers are those that would be made anew.

Verifies: RFC 9111, 4.2
"""

from __future__ import annotations

import random

from twisted.internet.task import Clock

from davd.admission.settings import AsyncPoolConfig
from davd.application.answers import OVERHEAD, Answers
from davd.caches.envelope import seal, unseal
from davd.caches.memory import Local, Memory
from davd.http.body import Body
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.cache import ICache
from davd.model.principal import Principal
from davd.testing.admission import admission
from davd.testing.exchange import run
from tests.application.test_application import ApplicationTestCase

# More members than one piece tells of.
STREAMED = 600

ALICE, BOB = Principal("alice"), Principal("bob")
LOCK = b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
NAMES = b'<propfind xmlns="DAV:"><prop><getetag/><displayname/><lockdiscovery/><quota-used-bytes/></prop></propfind>'


KEY = ("PROPFIND", "/", "alice", True, b"x", (None,), 0)


def _answers(shared: ICache | None = None, view: bytes = b"") -> Answers:
    # Room for ten entries of a hundred bytes with a path of three.
    return Answers(Memory(10 * (103 + OVERHEAD), 10_000), 100, shared, 0.1, view, _pack, _unpack)


def _pack(response: Response) -> bytes:
    return seal(response.status, response.headers, response.body)


def _unpack(sealed: bytes) -> Response | None:
    envelope = unseal(sealed)
    return None if envelope is None else Response(envelope.status, envelope.headers, envelope.body)


def _request(path: str = "/", **headers: str) -> Request:
    return Request("PROPFIND", path, "", {name.replace("_", "-"): value for name, value in headers.items()}, Body())


class TestAnswers:
    """Verifies: RFC 9111, 4.2."""

    def test_the_key_has_all_that_an_answer_depends_on(self) -> None:
        answers = _answers()
        plain = answers.key(_request(depth="1"), b"", ALICE)
        others = [
            answers.key(_request(depth="0"), b"", ALICE),
            answers.key(_request("/a", depth="1"), b"", ALICE),
            answers.key(_request(depth="1"), b"x", ALICE),
            answers.key(_request(depth="1"), b"", BOB),
            answers.key(_request(depth="1", prefer="return=minimal"), b"", ALICE),
            answers.key(_request(depth="1", brief="t"), b"", ALICE),
            answers.key(_request(depth="1", accept_encoding="gzip"), b"", ALICE),
        ]
        assert plain == answers.key(_request(depth="1", user_agent="x"), b"", ALICE)
        assert plain not in others
        assert len(set(others)) == len(others)

    def test_conditional_requests_are_not_kept(self) -> None:
        answers = _answers()
        for name in ("if", "if_match", "if_none_match", "overwrite", "lock_token"):
            assert answers.key(_request(**{name: "x"}), b"", ALICE) is None

    def test_fields_made_up_at_length_are_given_no_memory(self) -> None:
        assert _answers().key(_request(depth="1", prefer="x" * 2000), b"", ALICE) is None

    def test_a_commit_ends_an_answer(self) -> None:
        answers = _answers()
        answers.keep(KEY, 1, None, Response(207, {"A": "b"}, [b"x", b"y"]))
        found = answers.look_up(KEY, 1)
        assert found is not None
        assert (found.status, found.headers, found.body) == (207, {"A": "b"}, b"xy")
        assert answers.look_up(KEY, 2) is None
        assert answers.revalidate(KEY, ("v",), 2) is None, "it rested on the whole store"

    def test_an_answer_stands_while_its_version_does(self) -> None:
        answers = _answers()
        answers.keep(KEY, 1, ("v", 1), Response(207, {}, b"x"))
        assert answers.look_up(KEY, 2) is None
        assert answers.revalidate(KEY, ("v", 1), 2) is not None
        assert answers.look_up(KEY, 2) is not None, "it was found to be right for this generation"
        assert answers.revalidate(KEY, ("v", 2), 3) is None
        assert answers.revalidate(KEY, ("v", 1), 4) is None, "what was wrong once does not come back"

    def test_the_bounds_hold(self) -> None:
        answers = _answers()
        answers.keep(KEY, 1, None, Response(207, {}, b"x" * 101))
        assert answers.look_up(KEY, 1) is None
        keys = [(*KEY[:1], f"/{number}", *KEY[2:]) for number in range(100)]
        for key in keys:
            answers.keep(key, 1, None, Response(207, {}, [b"x" * 50, b"y" * 49]))
        assert [place for place, key in enumerate(keys) if answers.look_up(key, 1)] == list(range(90, 100))

    def test_what_took_long_is_shared_by_version(self) -> None:
        tier = Local(10_000, 1000)
        first, second, other = (_answers(tier, view) for view in (b"view", b"view", b"another"))
        first.keep(KEY, 1, ("v",), Response(207, {"A": "b"}, [b"x", b"y"]), 0.5)
        found = run(second.fetch(KEY, ("v",), 7))
        assert found is not None
        assert (found.status, found.headers, found.body) == (207, {"A": "b"}, b"xy")
        assert second.look_up(KEY, 7) is not None
        assert run(second.fetch(KEY, ("w",), 7)) is None
        assert run(other.fetch(KEY, ("v",), 7)) is None

    def test_what_was_quick_or_rests_on_the_store_is_not_shared(self) -> None:
        tier = Local(10_000, 1000)
        answers = _answers(tier)
        answers.keep(KEY, 1, ("v",), Response(207, {}, b"x"), 0.01)
        answers.keep(KEY, 1, None, Response(207, {}, b"x"), 0.5)
        assert tier.statistics()["puts"] == 0


class KeptAnswersTests(ApplicationTestCase):
    """Verifies: docs/architecture.md, Recall."""

    def setUp(self) -> None:
        super().setUp()
        apart = admission(Clock(), AsyncPoolConfig(enable_batching=False))
        self.forgetful = self.make(Answers(Memory(0, 0), 0), apart)

    def _same(self, method: str, path: str, body: bytes, depth: str, user: str) -> None:
        kept = self.ask(method, path, body, user, {"depth": depth})
        keeping, self.application = self.application, self.forgetful
        anew = self.ask(method, path, body, user, {"depth": depth})
        self.application = keeping
        self.assertEqual((kept.status, kept.headers, kept.body), (anew.status, anew.headers, anew.body))

    def test_random_histories(self) -> None:
        randomness = random.Random(7)
        for turn in range(500):
            user = randomness.choice(["alice", "bob"])
            path = f"/files/{user}/{randomness.choice('abc')}"
            action = randomness.random()
            if action < 0.1:
                self.ask("PUT", path, b"%d" % turn, user)
            elif action < 0.14:
                self.ask("DELETE", path, b"", user)
            elif action < 0.18:
                self.ask("LOCK", path, LOCK, user, {"timeout": "Second-5"})
            elif action < 0.22:
                self.now += 3
            else:
                place = randomness.choice(["/", "/files/", "/files/alice/", "/files/bob/", path])
                method, body, depth = randomness.choice(
                    [("PROPFIND", NAMES, "1"), ("PROPFIND", b"", "0"), ("REPORT", SYNC, "0")]
                )
                self._same(method, place, body, depth, user)
        self.assertGreater(self.answers.hits, 20)

    def test_what_tells_of_the_room_on_the_disk_is_made_anew(self) -> None:
        body = b'<propfind xmlns="DAV:"><prop><quota-available-bytes/></prop></propfind>'
        for _ in range(3):
            self.ask("PROPFIND", "/files/alice/", body, headers={"depth": "0"})
        self.assertEqual(self.answers.hits, 0)

    def test_what_tells_of_a_lock_is_made_anew(self) -> None:
        self.ask("PUT", "/files/alice/a", b"x")
        self.ask("LOCK", "/files/alice/a", LOCK, headers={"timeout": "Second-100"})
        first = self.ask("PROPFIND", "/files/alice/a", NAMES, headers={"depth": "0"})
        self.assertIn(b"Second-100", first.body)
        self.now += 40
        second = self.ask("PROPFIND", "/files/alice/a", NAMES, headers={"depth": "0"})
        self.assertIn(b"Second-60", second.body)

    def test_a_streamed_answer_is_kept_as_it_passes(self) -> None:
        for number in range(STREAMED):
            self.ask("PUT", f"/files/alice/{number}", b"x")
        first = self._pieces(self.ask("PROPFIND", "/files/alice/", NAMES, headers={"depth": "1"}))
        again = self.ask("PROPFIND", "/files/alice/", NAMES, headers={"depth": "1"})
        self.assertEqual(self.answers.hits, 1)
        self.assertTrue(b"".join(again.body) == first)

    def test_a_streamed_answer_of_ordinary_size_is_kept_whole(self) -> None:
        for number in range(STREAMED):
            self.ask("PUT", f"/files/alice/{number}", b"x")
        fields = {"depth": "1", "accept-encoding": "gzip"}
        first = self._pieces(self.ask("PROPFIND", "/files/alice/", NAMES, headers=fields))
        again = self.ask("PROPFIND", "/files/alice/", NAMES, headers=fields)
        self.assertTrue(again.body == first)
        self.assertIsNotNone(again.ticket, "so that the next one can be recalled")

    def test_a_streamed_answer_that_saw_two_states_is_not_kept(self) -> None:
        for number in range(STREAMED):
            self.ask("PUT", f"/files/alice/{number}", b"x")
        response = self.ask("PROPFIND", "/files/alice/", NAMES, headers={"depth": "1"})
        pieces = response.body
        run(anext(pieces))
        self.ask("PUT", "/files/alice/0", b"changed")
        self._pieces(response)
        self.ask("PROPFIND", "/files/alice/", NAMES, headers={"depth": "1"})
        self.assertEqual(self.answers.hits, 0)

    def _pieces(self, response: Response) -> bytes:
        async def all_of() -> bytes:
            return b"".join([piece async for piece in response.body])

        return run(all_of())


class TestRenewal:
    """Verifies: docs/architecture.md, Configuration."""

    def test_no_answer_outlives_the_settings_that_made_it(self) -> None:
        answers = _answers()
        before = answers.key(_request(), b"", ALICE)
        assert before is not None
        answers.keep(before, 1, None, Response(207, {}, b"old"))
        answers.renew(b"another")
        after = answers.key(_request(), b"", ALICE)
        assert after is not None
        assert answers.look_up(after, 1) is None
        # It was begun before and is ready after: it is nobody's, even when the settings are the old ones again.
        answers.keep(before, 1, None, Response(207, {}, b"old"))
        answers.renew(b"")
        last = answers.key(_request(), b"", ALICE)
        assert last is not None
        assert answers.look_up(last, 1) is None
        answers.keep(last, 1, None, Response(207, {}, b"new"))
        kept = answers.look_up(last, 1)
        assert kept is not None
        assert kept.body == b"new"

    def test_what_is_shared_is_found_by_processes_that_have_changed_their_settings_more_often(self) -> None:
        shared = Local(10_000, 1000)
        one, other = _answers(shared, b"a"), _answers(shared, b"b")
        other.renew(b"c")
        other.renew(b"a")
        key = one.key(_request(), b"", ALICE)
        same = other.key(_request(), b"", ALICE)
        assert key is not None
        assert same is not None
        one.keep(key, 1, "version", Response(207, {}, b"content"), seconds=1.0)
        found = run(other.fetch(same, "version", 1))
        assert found is not None
        assert found.body == b"content"
        other.renew(b"c")
        changed = other.key(_request(), b"", ALICE)
        assert changed is not None
        assert run(other.fetch(changed, "version", 1)) is None
