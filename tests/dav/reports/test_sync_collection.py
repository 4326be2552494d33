"""sync-collection over a memory store: single answers, and clients that follow a history.

Verifies: RFC 6578, 3, 4, 6; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from davd.dav.properties import pages
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.testing.exchange import Trial, run
from tests.dav.answers import Answer, by_href, condition, prop, read

HOME = "/files/alice/"
ETAG = "{DAV:}getetag"


def body(token: str = "", limit: int | None = None, level: str | None = "1", props: str = "<getetag/>") -> bytes:
    wanted = f"<limit><nresults>{limit}</nresults></limit>" if limit is not None else ""
    sync_level = f"<sync-level>{level}</sync-level>" if level else ""
    return (
        f'<sync-collection xmlns="DAV:"><sync-token>{token}</sync-token>{sync_level}{wanted}'
        f"<prop>{props}</prop></sync-collection>"
    ).encode()


def report(made: Trial, content: bytes, path: str = HOME, user: str = "alice", **headers: str) -> Any:
    return made.request("REPORT", path, headers, content, user)


def token_of(made: Trial, path: str = HOME, user: str = "alice") -> str:
    response = made.request("PROPFIND", path, {"Depth": "0"}, prop("{DAV:}sync-token"), user)
    return by_href(made, response)[path].text("{DAV:}sync-token")


class Sync:
    """One answer, read: members by href, the new token, and whether there is more."""

    def __init__(self, made: Trial, response: Response) -> None:
        content = made.read(response)
        answers = by_href(made, Response(response.status, response.headers, content))
        root = etree.fromstring(content)
        (token,) = root.findall("{DAV:}sync-token")
        assert root[-1] is token
        self.token = str(token.text)
        own = answers.pop(HOME, None)
        self.truncated = own is not None
        if own is not None:
            assert (own.status, own.condition) == (507, "{DAV:}number-of-matches-within-limits")
        self.answers: dict[str, Answer] = answers

    @property
    def changed(self) -> set[str]:
        return {href for href, answer in self.answers.items() if answer.status is None}

    @property
    def removed(self) -> set[str]:
        return {href for href, answer in self.answers.items() if answer.status == 404}


def sync(made: Trial, *arguments: Any, **named: Any) -> Sync:
    return Sync(made, report(made, body(*arguments, **named)))


def put(made: Trial, name: str, content: bytes = b"x") -> None:
    assert made.request("PUT", HOME + name, {}, content).status in (201, 204)


class TestAnswers:
    """Verifies: RFC 6578, 3.2, 3.4, 3.5, 6"""

    def test_the_first_one_lists_the_members_and_no_removals(self) -> None:
        made = Trial()
        put(made, "a")
        put(made, "b")
        made.request("DELETE", HOME + "a")
        made.request("MKCOL", HOME + "c/")
        answer = sync(made)
        assert answer.changed == {HOME + "b", HOME + "c/"}
        assert not answer.removed
        assert answer.token == token_of(made)
        assert answer.answers[HOME + "b"].text(ETAG) == made.request("GET", HOME + "b").headers["ETag"]

    def test_later_ones_tell_what_changed_and_what_went(self) -> None:
        made = Trial()
        for name in ("a", "b", "c%20d"):
            put(made, name)
        first = sync(made)
        assert sync(made, first.token).answers == {}
        assert sync(made, first.token).token == first.token
        put(made, "a", b"new")
        put(made, "e")
        made.request("DELETE", HOME + "c%20d")
        second = sync(made, first.token)
        assert (second.changed, second.removed) == ({HOME + "a", HOME + "e"}, {HOME + "c%20d"})
        assert sync(made, second.token).answers == {}
        # The old token still gives the same, whoever else has asked meanwhile.
        assert sync(made, first.token).changed == second.changed

    def test_a_changed_property_is_a_change(self) -> None:
        made = Trial()
        put(made, "a")
        first = sync(made)
        update = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x"/></prop></set></propertyupdate>'
        made.request("PROPPATCH", HOME + "a", {}, update)
        assert sync(made, first.token).changed == {HOME + "a"}

    def test_a_member_that_comes_and_goes_is_removed_and_one_that_comes_back_is_changed(self) -> None:
        made = Trial()
        put(made, "a")
        first = sync(made)
        put(made, "b")
        made.request("DELETE", HOME + "b")
        made.request("DELETE", HOME + "a")
        put(made, "a")
        second = sync(made, first.token)
        assert (second.changed, second.removed) == ({HOME + "a"}, {HOME + "b"})

    def test_members_of_members_do_not_count(self) -> None:
        made = Trial()
        made.request("MKCOL", HOME + "c/")
        first = sync(made)
        put(made, "c/inner")
        assert sync(made, first.token).answers == {}

    def test_moving_out_removes(self) -> None:
        made = Trial()
        put(made, "a")
        made.request("MKCOL", HOME + "c/")
        first = sync(made)
        assert made.request("MOVE", HOME + "a", {"Destination": HOME + "c/a"}).status == 201
        assert sync(made, first.token).removed == {HOME + "a"}

    @pytest.mark.parametrize("props", ["", "<none/>"])
    def test_no_property_is_still_a_change(self, props: str) -> None:
        made = Trial()
        put(made, "a")
        assert sync(made, props=props).changed == {HOME + "a"}
        response = report(made, body(props=props), Prefer="return=minimal")
        assert Sync(made, response).answers[HOME + "a"].statuses() == {}
        assert response.headers["Preference-Applied"] == "return=minimal"

    def test_every_collection_can_be_followed_and_shows_nobody_else(self) -> None:
        made = Trial()
        for path in ("/", "/files/", "/principals/", "/principals/users/", "/principals/users/alice/", HOME):
            assert report(made, body(), path).status == 207
            assert token_of(made, path)
        response = report(made, body(), "/files/")
        assert list(by_href(made, response)) == [HOME]

    def test_the_homes_of_others_go_unnoticed(self) -> None:
        made = Trial()
        before = token_of(made, "/files/")

        async def remove() -> None:
            async with made.store.write() as transaction:
                await transaction.delete((await transaction.resolve(("files", "bob")))[-1], made.now)

        run(remove())
        response = report(made, body(before), "/files/")
        assert read(made, response) == []


class TestRefusals:
    """Verifies: RFC 6578, 3.2, 3.3; RFC 3253, 3.6"""

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: "nonsense",
            lambda token: token + "0",
            lambda token: token.replace("sync:", "sync:f"),
            lambda token: token.rsplit(":", 2)[0] + ":1:0",
            lambda token: token + ":99999",
        ],
    )
    def test_tokens_of_other_places_and_times_are_invalid(self, change: Any) -> None:
        made = Trial()
        put(made, "a")
        response = report(made, body(change(token_of(made))))
        assert (response.status, condition(made, response)) == (403, "{DAV:}valid-sync-token")

    def test_a_token_older_than_the_tombstones_is_invalid(self) -> None:
        made = Trial()
        put(made, "a")
        old = token_of(made)
        put(made, "b")
        made.request("DELETE", HOME + "a")
        recent = token_of(made)
        put(made, "c")

        async def sweep() -> None:
            async with made.store.write() as transaction:
                await transaction.sweep(made.now + 1, made.now + 1)

        run(sweep())
        response = report(made, body(old))
        assert (response.status, condition(made, response)) == (403, "{DAV:}valid-sync-token")
        assert sync(made, recent).changed == {HOME + "c"}

    def test_sync_level_infinite_is_not_supported(self) -> None:
        made = Trial()
        response = report(made, body(level="infinite"))
        assert (response.status, condition(made, response)) == (403, "{DAV:}sync-traversal-supported")

    def test_depth(self) -> None:
        made = Trial()
        assert report(made, body(), Depth="0").status == 207
        assert report(made, body(), Depth="1").status == 207
        assert report(made, body(), Depth="infinity").status == 400
        assert report(made, body(level=None), Depth="1").status == 207
        assert report(made, body(level=None)).status == 400

    def test_files_cannot_be_followed(self) -> None:
        made = Trial()
        put(made, "a")
        response = report(made, body(), HOME + "a")
        assert (response.status, condition(made, response)) == (403, "{DAV:}supported-report")
        assert report(made, body(), HOME + "none").status == 404
        assert report(made, body(), HOME, "bob").status == 404

    def test_a_limit_of_nothing_cannot_be_kept(self) -> None:
        made = Trial()
        response = report(made, body(limit=0))
        assert (response.status, condition(made, response)) == (507, "{DAV:}number-of-matches-within-limits")


class TestLimits:
    """Verifies: RFC 6578, 3.6, 3.7"""

    def test_a_truncated_answer_says_so_and_goes_on_from_its_token(self) -> None:
        made = Trial()
        for name in "abcde":
            put(made, name)
        first = sync(made, limit=2)
        assert first.truncated
        assert first.changed == {HOME + "a", HOME + "b"}
        second = sync(made, first.token, limit=2)
        assert second.truncated
        assert second.changed == {HOME + "c", HOME + "d"}
        third = sync(made, second.token, limit=2)
        assert not third.truncated
        assert (third.changed, third.token) == ({HOME + "e"}, token_of(made))

    def test_the_limit_of_the_server_counts_too(self) -> None:
        made = Trial(settings=DavSettings(max_sync_results=2))
        for name in "abc":
            put(made, name)
        assert sync(made).truncated
        assert sync(made, limit=5).changed == {HOME + "a", HOME + "b"}

    def test_as_many_as_the_limit_are_not_truncated(self) -> None:
        made = Trial()
        for name in "ab":
            put(made, name)
        assert not sync(made, limit=2).truncated

    def test_a_first_synchronisation_in_parts_tells_of_no_removal_before_it_began(self) -> None:
        made = Trial()
        for name in "abc":
            put(made, name)
        made.request("DELETE", HOME + "b")
        first = sync(made, limit=1)
        made.request("DELETE", HOME + "a")
        second = sync(made, first.token)
        assert first.changed == {HOME + "a"}
        assert (second.changed, second.removed) == ({HOME + "c"}, {HOME + "a"})

    def test_a_first_synchronisation_in_parts_survives_forgotten_removals(self) -> None:
        made = Trial()
        for name in "abc":
            put(made, name)
        made.request("DELETE", HOME + "b")
        put(made, "d")
        first = sync(made, limit=1)

        async def sweep() -> None:
            async with made.store.write() as transaction:
                await transaction.sweep(made.now + 1, made.now + 1)

        run(sweep())
        second = sync(made, first.token, limit=1)
        third = sync(made, second.token, limit=1)
        assert [first.changed, second.changed, third.changed] == [{HOME + "a"}, {HOME + "c"}, {HOME + "d"}]
        assert not (first.removed | second.removed | third.removed)
        assert third.token == token_of(made)


class TestConceal:
    """Verifies: RFC 6578, 3.6; RFC 3744, 7.1.1"""

    @pytest.mark.parametrize("limit", [1, 2, 10])
    def test_what_belongs_to_others_does_not_count(self, limit: int) -> None:
        # Both see one home and one principal, whichever of them came first.
        for user in ("alice", "bob"):
            for path in ("/files/", "/principals/users/"):
                made = Trial()
                assert set(by_href(made, report(made, body(limit=limit), path, user=user))) == {f"{path}{user}/"}

    def test_a_removed_home_is_nobody_elses_business(self) -> None:
        made = Trial()
        before = token_of(made, "/files/")

        async def remove() -> None:
            async with made.store.write() as transaction:
                await transaction.delete((await transaction.resolve(("files", "bob")))[-1], made.now)

        run(remove())
        answer = Sync(made, report(made, body(before, limit=1), "/files/"))
        assert (answer.answers, answer.truncated) == ({}, False)


class TestPages:
    """Verifies: RFC 6578, 3.2; docs/architecture.md, One request"""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "PAGE", 3)
        monkeypatch.setattr("davd.dav.reports.sync_collection.WHOLE", 4)
        monkeypatch.setattr("davd.dav.properties.members.WHOLE", 4)

    @pytest.mark.parametrize("number", [3, 4, 5, 6, 7, 9, 10])
    def test_long_answers_are_streamed(self, number: int) -> None:
        made = Trial()
        before = token_of(made)
        names = {f"{HOME}{index:02}" for index in range(number)}
        for name in sorted(names):
            put(made, name.removeprefix(HOME))
        first = report(made, body())
        assert isinstance(first.body, AsyncIterator) == (number > 4)
        assert Sync(made, first).changed == names
        later = report(made, body(before))
        assert isinstance(later.body, AsyncIterator) == (number > 4)
        assert Sync(made, later).changed == names

    @pytest.mark.parametrize("limit", [None, 5, 6, 7])
    def test_heavy_answers_are_streamed_and_keep_to_the_limit(self, limit: int | None) -> None:
        made = Trial()
        before = token_of(made)
        names = {f"{HOME}{index}" for index in range(6)}
        for name in names:
            put(made, name.removeprefix(HOME))
        props = "".join(f'<p{index} xmlns="urn:{"n" * 1000}"/>' for index in range(990))
        for token in ("", before):
            response = report(made, body(token, limit=limit, props=props))
            answer = Sync(made, response)
            assert answer.truncated == (limit == 5)
            assert len(answer.changed) == min(6, limit or 6)
            assert answer.changed <= names

    @pytest.mark.parametrize("initial", [True, False])
    def test_what_changes_while_the_answer_leaves_comes_with_the_next(self, initial: bool) -> None:
        made = Trial()
        before = "" if initial else token_of(made)
        for index in range(9):
            put(made, f"{index}")
        response = report(made, body(before))
        assert isinstance(response.body, AsyncIterator)
        put(made, "7", b"changed")
        made.request("DELETE", HOME + "8")
        put(made, "0new")
        first = Sync(made, response)
        second = sync(made, first.token)
        assert HOME + "8" not in first.changed
        assert (second.changed, second.removed) == ({HOME + "7", HOME + "0new"}, {HOME + "8"})


_NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
_STEP = st.one_of(
    st.tuples(st.just("put"), _NAMES, st.binary(max_size=2)),
    st.tuples(st.just("delete"), _NAMES),
    st.tuples(st.just("move"), _NAMES, _NAMES),
    st.tuples(st.just("out"), _NAMES),
    st.tuples(st.just("touch"), _NAMES),
    st.tuples(st.just("collection"), _NAMES),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("sync")),
)


class _Follower:
    """Keeps a map of the collection by nothing but what the reports say."""

    def __init__(self, made: Trial, limit: int | None) -> None:
        self.made = made
        self.limit = limit
        self.token = ""
        self.known: dict[str, str] = {}

    def step(self) -> bool:
        """One report; whether there is more."""
        response = report(self.made, body(self.token, self.limit, props="<getetag/><resourcetype/>"))
        if response.status == 403:
            assert condition(self.made, response) == "{DAV:}valid-sync-token"
            self.token = ""
            return True
        answer = Sync(self.made, response)
        assert self.limit is None or len(answer.answers) <= self.limit
        if not self.token:
            self.known = {}
        for href in answer.removed:
            self.known.pop(href.rstrip("/"), None)
        for href in answer.changed:
            found = answer.answers[href]
            self.known[href.rstrip("/")] = found.text(ETAG) if ETAG in found.found() else "collection"
        self.token = answer.token
        return answer.truncated


def _do(made: Trial, step: tuple[Any, ...]) -> None:
    update = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x"/></prop></set></propertyupdate>'
    match step:
        case ("put", name, content):
            made.request("PUT", HOME + name, {}, content)
        case ("delete", name):
            made.request("DELETE", HOME + name)
        case ("move", source, target):
            made.request("MOVE", HOME + source, {"Destination": HOME + target})
        case ("out", name):
            made.request("MOVE", HOME + name, {"Destination": "/files/alice/dir/" + name})
        case ("touch", name):
            made.request("PROPPATCH", HOME + name, {}, update)
        case ("collection", name):
            made.request("MKCOL", HOME + name)
        case ("sweep",):
            run(_sweep(made))


async def _sweep(made: Trial) -> None:
    async with made.store.write() as transaction:
        await transaction.sweep(made.now, made.now - 5)


def _truth(made: Trial) -> dict[str, str]:
    answers = by_href(made, made.request("PROPFIND", HOME, {"Depth": "1", "Prefer": "depth-noroot"}, prop(ETAG)))
    return {
        href.rstrip("/"): answer.text(ETAG) if ETAG in answer.found() else "collection"
        for href, answer in answers.items()
    }


@pytest.mark.parametrize("limit", [1, 3, None])
@settings(max_examples=60, deadline=None)
@given(history=st.lists(_STEP, max_size=25))
def test_a_follower_ends_with_what_is_there(limit: int | None, history: list[tuple[Any, ...]]) -> None:
    """Verifies: RFC 6578, 3.2, 3.4, 3.5, 3.6"""
    made = Trial()
    made.request("MKCOL", "/files/alice/dir/")
    follower = _Follower(made, limit)
    for step in history:
        made.now += 1
        if step == ("sync",):
            # One report and no more: the history goes on while the client is in the middle of it.
            follower.step()
        else:
            _do(made, step)
    for _ in range(100):
        if not follower.step():
            break
    else:
        raise AssertionError("the follower never comes to an end")
    assert follower.known == _truth(made)
    assert not follower.step()
    assert follower.known == _truth(made)
