"""PROPFIND over a memory store.

Verifies: RFC 4918, 9.1; RFC 8144, 2.1, 3; RFC 4331, 3; RFC 5397, 3; RFC 3744, 4, 5; docs/architecture.md, One request
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from davd.dav.properties import members, pages, trees
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.model.lock import EXCLUSIVE, Lock
from davd.testing.exchange import Trial, run
from tests.dav.answers import by_href, condition, prop, read

HOME = "/files/alice/"
ETAG = "{DAV:}getetag"
ALLPROP = b'<propfind xmlns="DAV:"><allprop/></propfind>'
PROPNAME = b'<propfind xmlns="DAV:"><propname/></propfind>'


def filled(settings: DavSettings | None = None) -> Trial:
    """alice has a.txt, `b c.txt` and dir/ with inner.txt; bob has bob.txt."""
    made = Trial(settings=settings)
    for path in ("a.txt", "b%20c.txt"):
        made.request("PUT", HOME + path, {"Content-Type": "text/plain"}, b"content")
    run(_collection(made, "dir"))
    made.request("PUT", HOME + "dir/inner.txt", {}, b"inner")
    made.request("PUT", "/files/bob/bob.txt", {}, b"of bob", user="bob")
    return made


async def _collection(made: Trial, name: str) -> None:
    async with made.store.write() as transaction:
        home = (await transaction.resolve(("files", "alice")))[-1]
        await transaction.create(home, name, "collection", "alice", made.now)


async def _lock(made: Trial, *segments: str, infinite: bool) -> Lock:
    async with made.store.write() as transaction:
        root = (await transaction.resolve(segments))[-1]
        token = f"urn:uuid:{root.id:032x}"
        lock = Lock(token, root.id, EXCLUSIVE, infinite, "alice", b"", 60, made.now + 60)
        await transaction.add_lock(lock)
        return lock


async def _store(made: Trial, segments: tuple[str, ...], name: str, element: bytes) -> None:
    async with made.store.write() as transaction:
        resource = (await transaction.resolve(segments))[-1]
        await transaction.set_properties(resource, [(name, element)], made.now)


def ask(made: Trial, path: str, depth: str | None, body: bytes = b"", **headers: str) -> Any:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if depth is not None:
        fields["Depth"] = depth
    return made.request("PROPFIND", path, fields, body)


class TestDepth:
    """Verifies: RFC 4918, 9.1, 10.2"""

    def test_zero_is_the_resource_itself(self) -> None:
        made = filled()
        assert list(by_href(made, ask(made, HOME, "0"))) == [HOME]
        assert list(by_href(made, ask(made, HOME + "a.txt", "0"))) == [HOME + "a.txt"]

    def test_one_adds_the_members_and_begins_with_the_resource(self) -> None:
        made = filled()
        answers = read(made, ask(made, HOME, "1"))
        assert answers[0].href == HOME
        assert {answer.href for answer in answers[1:]} == {HOME + "a.txt", HOME + "b%20c.txt", HOME + "dir/"}

    @pytest.mark.parametrize("depth", ["infinity", "Infinity", None])
    def test_no_depth_means_infinity(self, depth: str | None) -> None:
        made = filled()
        answers = read(made, ask(made, HOME, depth))
        assert answers[0].href == HOME
        assert {answer.href for answer in answers} == {
            HOME,
            HOME + "a.txt",
            HOME + "b%20c.txt",
            HOME + "dir/",
            HOME + "dir/inner.txt",
        }

    def test_any_depth_of_a_file_is_the_file(self) -> None:
        made = filled()
        for depth in ("0", "1", "infinity", None):
            assert list(by_href(made, ask(made, HOME + "a.txt", depth))) == [HOME + "a.txt"]

    def test_another_depth_is_malformed(self) -> None:
        made = filled()
        assert ask(made, HOME, "2").status == 400

    @pytest.mark.parametrize("path", [HOME, "/"])
    def test_a_tree_beyond_the_budget_is_refused_whole(self, path: str) -> None:
        whole = {HOME: 5, "/": 10}[path]
        made = filled(DavSettings(max_propfind_nodes=whole))
        assert len(read(made, ask(made, path, "infinity"))) == whole
        made = filled(DavSettings(max_propfind_nodes=whole - 1))
        answer = ask(made, path, "infinity")
        assert answer.status == 403
        assert condition(made, answer) == "{DAV:}propfind-finite-depth"

    def test_missing_and_concealed_resources_are_plain_404(self) -> None:
        made = filled()
        for path in (HOME + "none", "/files/bob/", "/files/bob/bob.txt", "/files/carol/"):
            assert ask(made, path, "1").status == 404

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_members_of_others_are_left_out(self, depth: str) -> None:
        made = filled()
        hrefs = by_href(made, ask(made, "/files/", depth))
        assert HOME in hrefs
        assert not [href for href in hrefs if "bob" in href]
        assert "/principals/users/alice/" in by_href(made, ask(made, "/", "infinity"))

    def test_the_prefix_stands_before_every_href(self) -> None:
        made = filled(DavSettings(prefix="/dav"))
        run(_lock(made, "files", "alice", "a.txt", infinite=False))
        answers = by_href(made, ask(made, "/dav/files/", "infinity", prop("{DAV:}current-user-principal", ETAG)))
        assert set(answers) >= {"/dav/files/", "/dav/files/alice/", "/dav/files/alice/dir/"}
        assert answers["/dav/files/"].text("{DAV:}current-user-principal") == "/dav/principals/users/alice/"
        assert "/dav/" in by_href(made, ask(made, "/dav/", "0"))


class TestKinds:
    """Verifies: RFC 4918, 9.1, 14.2, 14.8, 14.20, 14.24"""

    def test_named_properties_come_with_a_status_each(self) -> None:
        made = filled()
        body = prop(ETAG, "{urn:x}unknown", "{DAV:}getcontentlength", "{DAV:}displayname")
        answer = by_href(made, ask(made, HOME + "a.txt", "0", body))[HOME + "a.txt"]
        assert answer.statuses() == {
            ETAG: 200,
            "{DAV:}getcontentlength": 200,
            "{urn:x}unknown": 404,
            "{DAV:}displayname": 404,
        }
        assert answer.text("{DAV:}getcontentlength") == "7"
        assert answer.text(ETAG) == made.request("GET", HOME + "a.txt").headers["ETag"]

    def test_collections_have_no_etag_and_no_length(self) -> None:
        made = filled()
        answer = by_href(made, ask(made, HOME, "0", prop(ETAG, "{DAV:}getcontentlength", "{DAV:}resourcetype")))[HOME]
        assert answer.statuses() == {ETAG: 404, "{DAV:}getcontentlength": 404, "{DAV:}resourcetype": 200}
        assert [child.tag for child in answer.element("{DAV:}resourcetype")] == ["{DAV:}collection"]

    @pytest.mark.parametrize("body", [b"", ALLPROP])
    def test_allprop_is_rfc_4918_and_what_is_stored(self, body: bytes) -> None:
        made = filled()
        run(_store(made, ("files", "alice", "a.txt"), "{urn:x}dead", b'<d xmlns="urn:x">v</d>'.replace(b"d ", b"dead ")
                   .replace(b"/d>", b"/dead>")))  # fmt: skip
        answers = by_href(made, ask(made, HOME, "1", body))
        expected = {
            "{DAV:}creationdate",
            "{DAV:}getcontentlength",
            "{DAV:}getcontenttype",
            "{DAV:}getetag",
            "{DAV:}getlastmodified",
            "{DAV:}lockdiscovery",
            "{DAV:}resourcetype",
            "{DAV:}supportedlock",
        }
        assert answers[HOME + "b%20c.txt"].statuses() == dict.fromkeys(expected, 200)
        assert answers[HOME + "a.txt"].statuses() == dict.fromkeys(expected | {"{urn:x}dead"}, 200)
        assert answers[HOME + "a.txt"].text("{urn:x}dead") == "v"

    def test_include_adds_to_allprop(self) -> None:
        made = filled()
        body = b'<propfind xmlns="DAV:"><allprop/><include><owner/><none/><getetag/></include></propfind>'
        answer = by_href(made, ask(made, HOME + "a.txt", "0", body))[HOME + "a.txt"]
        assert answer.text("{DAV:}owner") == "/principals/users/alice/"
        assert answer.statuses()["{DAV:}none"] == 404
        assert answer.statuses()["{DAV:}getetag"] == 200

    def test_propname_gives_names_without_values(self) -> None:
        made = filled()
        run(_store(made, ("files", "alice", "a.txt"), "{urn:x}dead", b'<x:dead xmlns:x="urn:x">v</x:dead>'))
        answers = by_href(made, ask(made, HOME, "1", PROPNAME))
        names = answers[HOME + "a.txt"].statuses()
        assert set(names.values()) == {200}
        assert {"{urn:x}dead", ETAG, "{DAV:}owner", "{DAV:}lockdiscovery"} <= set(names)
        for name in names:
            element = answers[HOME + "a.txt"].element(name)
            assert len(element) == 0
            assert not element.text
        assert ETAG not in answers[HOME].statuses()
        assert "{DAV:}sync-token" in answers[HOME].statuses()

    @pytest.mark.parametrize(
        "body",
        [
            b"<propfind xmlns='DAV:'>",
            b"<prop xmlns='DAV:'/>",
            b"<propfind xmlns='DAV:'><prop><a/></prop><allprop/></propfind>",
            b"<propfind xmlns='DAV:'/>",
        ],
    )
    def test_malformed_bodies_are_400(self, body: bytes) -> None:
        made = filled()
        assert ask(made, HOME, "0", body).status == 400

    def test_an_empty_prop_still_answers_for_each_resource(self) -> None:
        made = filled()
        answers = by_href(made, ask(made, HOME, "1", prop()))
        assert len(answers) == 4
        assert all(not answer.properties for answer in answers.values())

    def test_a_failing_if_header_is_412(self) -> None:
        made = filled()
        assert ask(made, HOME + "a.txt", "0", If='(["no such etag"])').status == 412
        assert ask(made, HOME + "a.txt", "0", If='(Not ["no such etag"])').status == 207


class TestPreferences:
    """Verifies: RFC 8144, 2.1, 3; RFC 7240, 3"""

    BODY = prop(ETAG, "{urn:x}unknown")

    @pytest.mark.parametrize("headers", [{"Prefer": "return=minimal"}, {"Brief": "t"}])
    def test_minimal_leaves_out_what_is_missing(self, headers: dict[str, str]) -> None:
        made = filled()
        response = ask(made, HOME, "1", self.BODY, **headers)
        answers = by_href(made, response)
        assert answers[HOME + "a.txt"].statuses() == {ETAG: 200}
        assert answers[HOME].statuses() == {}
        assert response.headers.get("Preference-Applied") == ("return=minimal" if "Prefer" in headers else None)

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_depth_noroot_leaves_out_the_target(self, depth: str) -> None:
        made = filled()
        response = ask(made, HOME, depth, self.BODY, Prefer="depth-noroot")
        assert HOME not in by_href(made, response)
        assert HOME + "a.txt" in by_href(made, response)
        assert response.headers["Preference-Applied"] == "depth-noroot"

    def test_depth_noroot_means_nothing_at_depth_zero(self) -> None:
        made = filled()
        response = ask(made, HOME, "0", self.BODY, Prefer="depth-noroot, return=minimal")
        assert HOME in by_href(made, response)
        assert response.headers["Preference-Applied"] == "return=minimal"


class TestLocks:
    """Verifies: RFC 4918, 6.1, 15.8, 15.10"""

    def tokens(self, made: Trial, path: str, depth: str) -> dict[str, list[str]]:
        answers = by_href(made, ask(made, path, depth, prop("{DAV:}lockdiscovery")))
        return {
            href: [str(token.text) for token in answer.element("{DAV:}lockdiscovery").iter("{DAV:}href")][::2]
            for href, answer in answers.items()
        }

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_a_lock_of_depth_infinity_shows_on_all_below(self, depth: str) -> None:
        made = filled()
        lock = run(_lock(made, "files", "alice", infinite=True))
        inner = run(_lock(made, "files", "alice", "dir", infinite=True))
        alone = run(_lock(made, "files", "alice", "a.txt", infinite=False))
        found = self.tokens(made, HOME, depth)
        assert found[HOME] == [lock.token]
        assert sorted(found[HOME + "a.txt"]) == sorted([lock.token, alone.token])
        assert sorted(found[HOME + "dir/"]) == sorted([lock.token, inner.token])
        assert found[HOME + "b%20c.txt"] == [lock.token]
        if depth == "infinity":
            assert sorted(found[HOME + "dir/inner.txt"]) == sorted([lock.token, inner.token])
        assert sorted(self.tokens(made, HOME + "dir/inner.txt", "0")[HOME + "dir/inner.txt"]) == sorted(
            [lock.token, inner.token]
        )

    def test_a_lock_of_depth_zero_stays_where_it_is(self) -> None:
        made = filled()
        lock = run(_lock(made, "files", "alice", infinite=False))
        found = self.tokens(made, HOME, "infinity")
        assert found.pop(HOME) == [lock.token]
        assert not any(found.values())

    def test_an_expired_lock_is_gone(self) -> None:
        made = filled()
        run(_lock(made, "files", "alice", infinite=True))
        made.now += 60
        assert not any(self.tokens(made, HOME, "1").values())

    def test_both_scopes_are_supported_everywhere(self) -> None:
        made = filled()
        for answer in by_href(made, ask(made, HOME, "1", prop("{DAV:}supportedlock"))).values():
            scopes = [scope[0].tag for scope in answer.element("{DAV:}supportedlock").iter("{DAV:}lockscope")]
            assert scopes == ["{DAV:}exclusive", "{DAV:}shared"]


async def _pieces(body: AsyncIterator[bytes]) -> list[bytes]:
    return [piece async for piece in body]


class TestPages:
    """Verifies: docs/architecture.md, One request"""

    def many(self, monkeypatch: pytest.MonkeyPatch, number: int) -> Trial:
        monkeypatch.setattr(members, "WHOLE", 4)
        monkeypatch.setattr(pages, "PAGE", 3)
        made = Trial()
        for index in range(number):
            made.request("PUT", f"{HOME}{index:03}", {}, b"x")
        return made

    @pytest.mark.parametrize("number", [0, 3, 4, 5, 6, 7, 8, 10, 11])
    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_every_member_comes_once(self, monkeypatch: pytest.MonkeyPatch, number: int, depth: str) -> None:
        made = self.many(monkeypatch, number)
        response = ask(made, HOME, depth)
        assert isinstance(response.body, AsyncIterator) == (number > 4)
        assert list(by_href(made, response)) == [HOME, *[f"{HOME}{index:03}" for index in range(number)]]

    @pytest.mark.parametrize("path", [HOME, "/"])
    def test_large_trees_are_told_like_small_ones(self, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        made = filled()
        small = made.read(ask(made, path, "infinity"))
        for walked in range(6):
            monkeypatch.setattr(trees, "WALKED", walked)
            monkeypatch.setattr(trees, "_ROWS", walked + 1)
            assert made.read(ask(made, path, "infinity")) == small

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_later_pages_show_stored_properties_and_locks(self, monkeypatch: pytest.MonkeyPatch, depth: str) -> None:
        made = self.many(monkeypatch, 9)
        run(_store(made, ("files", "alice", "008"), "{urn:x}dead", b'<x:dead xmlns:x="urn:x">v</x:dead>'))
        lock = run(_lock(made, "files", "alice", infinite=True))
        answers = by_href(made, ask(made, HOME, depth, prop("{urn:x}dead", "{DAV:}lockdiscovery")))
        assert answers[HOME + "008"].text("{urn:x}dead") == "v"
        assert answers[HOME + "007"].statuses()["{urn:x}dead"] == 404
        assert all(lock.token in answer.text("{DAV:}lockdiscovery") for answer in answers.values())

    @pytest.mark.parametrize("depth", ["1", "infinity"])
    def test_many_long_names_make_small_pages(self, depth: str) -> None:
        made = Trial()
        for index in range(60):
            made.request("PUT", f"{HOME}{index:03}", {}, b"x")
        # 10 KB that ask for half a megabyte of each member.
        names = "".join([f"<n:p{index}/>" for index in range(500)])
        body = f'<propfind xmlns="DAV:" xmlns:n="urn:{"n" * 1000}"><prop>{names}</prop></propfind>'
        response = ask(made, HOME, depth, body.encode())
        assert isinstance(response.body, AsyncIterator)
        pieces = run(_pieces(response.body))
        assert sum(map(len, pieces)) > 25 * 1024**2
        assert max(map(len, pieces)) < 10 * 1024**2
        answers = by_href(made, Response(207, response.headers, b"".join(pieces)))
        assert list(answers) == [HOME, *[f"{HOME}{index:03}" for index in range(60)]]

    def test_what_goes_meanwhile_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = self.many(monkeypatch, 9)
        response = ask(made, HOME, "1")
        assert isinstance(response.body, AsyncIterator)
        made.request("DELETE", HOME + "006")
        made.request("DELETE", HOME + "008")
        hrefs = list(by_href(made, response))
        assert hrefs == [HOME, *[f"{HOME}{index:03}" for index in (0, 1, 2, 3, 4, 5, 7)]]
