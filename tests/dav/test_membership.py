"""Collections that say what may be in them and where they may be, by a toy: a shelf holds notes of upper-case letters.

Verifies: RFC 4918, 9.3.1, 9.7.1, 9.8.5, 9.9.4; RFC 5689, 3.3; docs/extend/extensions.md, Collection types
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from lxml import etree

from davd.dav import membership
from davd.dav.exchange import Exchange
from davd.dav.registry import CollectionType, Extension, Member
from davd.dav.settings import DavSettings
from davd.http.body import Body
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery, ObjectIndex
from davd.model.principal import Account
from davd.model.resource import FILE, NewContent, Resource
from davd.testing.exchange import ChunkedBody, Trial, run
from tests.dav.answers import condition
from tests.dav.locking import lock

HOME = "/files/alice/"
SHELF = HOME + "shelf/"
NOTE = SHELF + "note"
VALID = "{urn:toy}valid-note"


async def _check(exchange: Exchange, shelf: Resource, member: Member) -> NewContent | None:
    if member.type != FILE or member.content is None:
        raise HTTPError(403, "{urn:toy}notes-only")
    content = member.content
    data = content.data
    if data is None:
        descriptor, length = exchange.store.blobs.open(content.blob)
        with open(descriptor, "rb") as file:
            data = file.read(length)
    if not data.isalpha() or (member.replaced is not None and data == b"never"):
        raise HTTPError(403, VALID)
    others = [row.name for row in await exchange.transaction.members(shelf.id, "", 10)]
    if len(others) >= 3 and member.name not in others and (member.source is None or member.source.name not in others):
        raise HTTPError(403, "{urn:toy}full")
    if data == data.upper():
        return None
    changed = data.upper() + b"!" * (member.content_type == "text/loud")
    return NewContent(len(changed), sha256(changed).hexdigest(), data=changed)


TOY = Extension(
    "toy",
    collection_types=[
        CollectionType("case", ("{DAV:}collection", "{urn:toy}case"), frozenset({"collection"})),
        CollectionType("shelf", ("{DAV:}collection", "{urn:toy}shelf"), frozenset({"collection", "case"}), _check),
        CollectionType("attic", ("{DAV:}collection", "{urn:toy}attic"), frozenset()),
    ],
)


def mkcol(trial: Trial, path: str, kind: str | None):
    if kind is None:
        return trial.request("MKCOL", path)
    body = (
        f'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><t:{kind} xmlns:t="urn:toy"/></resourcetype>'
        "</prop></set></mkcol>"
    )
    return trial.request("MKCOL", path, {"Content-Type": "application/xml"}, body.encode())


@pytest.fixture(params=[16 * 1024, 2], ids=["inline", "blob"])
def trial(request) -> Trial:
    made = Trial(TOY, settings=DavSettings(inline_bytes=request.param))
    assert mkcol(made, SHELF, "shelf").status == 201
    for name, content in (("lower", b"small"), ("upper", b"LARGE"), ("digits", b"1234")):
        made.request("PUT", HOME + name, {}, content)
    return made


def blobs(trial: Trial) -> int:
    return len(trial.store.blobs.names())


class TestPut:
    """Verifies: RFC 4918, 9.7.1; RFC 9110, 9.3.4"""

    def test_what_fits_is_stored_as_it_came(self, trial):
        response = trial.request("PUT", NOTE, {}, b"ABC")
        assert response.status == 201
        assert response.headers["ETag"] == trial.request("HEAD", NOTE).headers["ETag"]

    def test_what_is_transformed_has_no_validator(self, trial):
        before = blobs(trial)
        response = trial.request("PUT", NOTE, {"Content-Type": "text/loud"}, b"abc")
        assert (response.status, "ETag" in response.headers) == (201, False)
        assert trial.tree()[NOTE] == b"ABC!"
        # The client's own bytes are kept nowhere.
        assert blobs(trial) == before

    def test_the_client_may_see_what_became_of_it(self, trial):
        response = trial.request("PUT", NOTE, {"Prefer": "return=representation"}, b"abc")
        assert (response.status, response.body) == (201, b"ABC")
        assert response.headers["ETag"] == trial.request("HEAD", NOTE).headers["ETag"]

    def test_what_does_not_fit_is_refused(self, trial):
        before, kept = trial.tree(), blobs(trial)
        response = trial.request("PUT", NOTE, {}, b"12345")
        assert (response.status, condition(trial, response)) == (403, VALID)
        assert (trial.tree(), blobs(trial)) == (before, kept)

    def test_the_member_that_is_replaced_is_known(self, trial):
        assert trial.request("PUT", NOTE, {}, b"never").status == 201
        assert trial.request("PUT", NOTE, {}, b"never").status == 403

    def test_elsewhere_nobody_asks(self, trial):
        assert trial.request("PUT", HOME + "free", {}, b"12345").status == 201

    def test_what_it_becomes_counts_for_the_quota(self, trial):
        async def limit() -> None:
            async with trial.store.write() as transaction:
                used = (await transaction.quota("alice")).used
                await transaction.update_account(Account("alice", quota=used + 3))

        run(limit())
        assert trial.request("PUT", NOTE, {"Content-Type": "text/loud"}, b"abc").status == 507
        assert trial.request("PUT", NOTE, {}, b"abc").status == 201


class TestLock:
    """Verifies: RFC 4918, 9.10.4"""

    def test_an_empty_member_is_one_too(self, trial):
        response = lock(trial, NOTE)
        assert (response.status, condition(trial, response)) == (403, VALID)
        assert NOTE not in trial.tree()


class TestCopyAndMove:
    """Verifies: RFC 4918, 9.8.5, 9.9.4"""

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_members_are_checked_and_transformed(self, trial, method):
        for name, content in (("upper", b"LARGE"), ("lower", b"SMALL")):
            assert trial.request(method, HOME + name, {"Destination": NOTE}).status in (201, 204)
            assert trial.tree()[NOTE] == content
        before = trial.tree()
        response = trial.request(method, HOME + "digits", {"Destination": NOTE})
        assert (response.status, condition(trial, response)) == (403, VALID)
        assert trial.tree() == before

    def test_the_copied_original_stays_as_it_is(self, trial):
        trial.request("COPY", HOME + "lower", {"Destination": NOTE})
        assert trial.tree()[HOME + "lower"] == b"small"

    def test_where_a_member_comes_from_is_known(self, trial):
        for name in "abc":
            assert trial.request("PUT", SHELF + name, {}, b"X").status == 201
        assert trial.request("MOVE", SHELF + "a", {"Destination": SHELF + "d"}).status == 201
        response = trial.request("MOVE", HOME + "upper", {"Destination": NOTE})
        assert (response.status, condition(trial, response)) == (403, "{urn:toy}full")

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_collections_keep_to_their_places(self, trial, method):
        assert mkcol(trial, HOME + "case/", "case").status == 201
        assert mkcol(trial, HOME + "other/", "case").status == 201
        response = trial.request(method, HOME + "other/", {"Destination": HOME + "case/inner/"})
        assert (response.status, condition(trial, response)) == (403, "{DAV:}valid-resourcetype")
        assert trial.request(method, SHELF, {"Destination": HOME + "case/inner/"}).status == 201
        response = trial.request(method, HOME + "other/", {"Destination": HOME + "case/inner/plain/"})
        assert response.status == 403

    def test_what_it_becomes_counts_for_the_quota(self, trial):
        trial.request("PUT", HOME + "lower", {"Content-Type": "text/loud"}, b"small")

        async def limit() -> None:
            async with trial.store.write() as transaction:
                used = (await transaction.quota("alice")).used
                await transaction.update_account(Account("alice", quota=used + 5))

        run(limit())
        assert trial.request("COPY", HOME + "lower", {"Destination": NOTE}).status == 507
        assert trial.request("COPY", HOME + "upper", {"Destination": NOTE}).status == 201


class TestMkcol:
    """Verifies: RFC 5689, 3.3"""

    def test_where_a_type_may_be(self, trial):
        assert mkcol(trial, HOME + "case/", "case").status == 201
        assert mkcol(trial, HOME + "case/shelf/", "shelf").status == 201
        for path, kind in ((HOME + "case/case/", "case"), (HOME + "attic/", "attic")):
            response = mkcol(trial, path, kind)
            assert response.status == 403
            root = etree.fromstring(trial.read(response))
            assert [str(error[0].tag) for error in root.iter("{DAV:}error")] == ["{DAV:}valid-resourcetype"]
            assert path not in trial.tree()

    @pytest.mark.parametrize("kind", [None, "shelf"])
    def test_collections_are_members_too(self, trial, kind):
        response = mkcol(trial, SHELF + "inner/", kind)
        assert response.status == 403
        assert SHELF + "inner/" not in trial.tree()


async def _take(exchange: Exchange, pile: Resource, member: Member) -> NewContent | None:
    content = member.content
    assert content is not None
    content.index = ObjectIndex(f"uid of {content.length}", "NOTE")
    content.content_type = "text/note"
    return None


PILE = Extension(
    "pile",
    collection_types=[
        CollectionType(
            "pile",
            ("{DAV:}collection", "{urn:toy}pile"),
            frozenset({"collection"}),
            _take,
            members_type="text/other",
            location_condition="{urn:toy}pile-location-ok",
            max_bytes=10,
            size_condition="{urn:toy}max-note",
        ),
        CollectionType("box", ("{DAV:}collection", "{urn:toy}box"), members_type="text/other"),
    ],
)
HEAP = HOME + "pile/"


@pytest.fixture
def piles() -> Trial:
    made = Trial(PILE)
    for path, kind in ((HEAP, "pile"), (HOME + "box/", "box")):
        assert mkcol(made, path, kind).status == 201
    return made


def indexed(trial: Trial, path: str = HEAP) -> dict[str, str]:
    async def find() -> dict[str, str]:
        async with trial.store.read() as view:
            chain = await view.resolve(path.strip("/").split("/"))
            return {found.name: found.uid for found in await view.find(chain[-1].id, IndexQuery(), 100)}

    return run(find())


class TestWhatIsKnown:
    """Verifies: RFC 4918, 9.7, 9.8, 9.9; docs/extend/extensions.md, Collection types"""

    @pytest.mark.parametrize("method", ["PUT", "COPY", "MOVE"])
    def test_a_collection_says_what_the_store_is_to_know(self, piles, method):
        piles.request("PUT", HOME + "note", {}, b"abc")
        if method == "PUT":
            response = piles.request("PUT", HEAP + "note", {"Content-Type": "text/plain"}, b"abc")
            assert piles.request("GET", HEAP + "note").headers["Content-Type"] == "text/note"
        else:
            response = piles.request(method, HOME + "note", {"Destination": HEAP + "note"})
        assert response.status == 201
        assert indexed(piles) == {"note": "uid of 3"}

    def test_members_have_a_type_that_nobody_has_said(self, piles):
        for headers, kind in (({}, "text/other"), ({"Content-Type": "text/plain"}, "text/plain")):
            piles.request("PUT", HOME + "box/note", headers, b"abc")
            assert piles.request("GET", HOME + "box/note").headers["Content-Type"] == kind

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_a_place_that_is_none(self, piles, method):
        response = piles.request(method, HEAP, {"Destination": HOME + "box/pile/"})
        assert (response.status, condition(piles, response)) == (403, "{urn:toy}pile-location-ok")


class TestLength:
    """Verifies: RFC 4918, 9.7, 9.8, 9.9; docs/extend/extensions.md, Collection types"""

    TOO_LONG = (403, "{urn:toy}max-note")

    def test_as_long_as_may_be(self, piles):
        assert piles.request("PUT", HEAP + "note", {}, b"x" * 10).status == 201

    def test_a_declared_length_is_refused_before_the_content_comes(self, piles):
        body = Unread(11)
        response = piles.request("PUT", HEAP + "note", {}, body)
        assert (response.status, condition(piles, response), body.asked) == (*self.TOO_LONG, False)

    def test_any_other_as_soon_as_it_has_come(self, piles):
        response = piles.request("PUT", HEAP + "note", {}, ChunkedBody(b"x" * 11))
        assert (response.status, condition(piles, response)) == self.TOO_LONG

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_what_is_there_already(self, piles, method):
        piles.request("PUT", HOME + "note", {}, b"x" * 11)
        response = piles.request(method, HOME + "note", {"Destination": HEAP + "note"})
        assert (response.status, condition(piles, response)) == self.TOO_LONG


class Unread(Body):
    """Content of a declared length that must not be asked for."""

    asked = False

    async def receive(self) -> bytes:
        self.asked = True
        return b"x"


class TestLookedInto:
    """What those share that look into contents, by a toy: verses, which are indexed by their first word.

    Verifies: RFC 4791, 5.3.2; RFC 6352, 6.3.2; RFC 9110, 8.3
    """

    POEMS = HOME + "poems/"
    VERSE = "text/x-verse"

    @pytest.fixture
    def seen(self) -> list[tuple[str, str | None]]:
        """The stated type of each member, and what the store knew of it."""
        return []

    @pytest.fixture
    def poems(self, seen: list[tuple[str, str | None]]) -> Trial:
        async def check(exchange: Exchange, poems: Resource, member: Member) -> NewContent | None:
            known = await membership.known_index(exchange, member.source, self.VERSE)
            seen.append((membership.stated_type(member), None if known is None else known.uid))
            content = member.content
            assert content is not None and content.data is not None
            trimmed = content.data.strip()
            index = ObjectIndex(trimmed.partition(b" ")[0].decode(), "VERSE")
            return membership.indexed(content, None if trimmed == content.data else trimmed, index, self.VERSE)

        kind = CollectionType("poems", ("{DAV:}collection", "{urn:toy}poems"), None, check)
        made = Trial(Extension("toy", collection_types=[kind]))
        for path in (self.POEMS, HOME + "more/"):
            assert mkcol(made, path, "poems").status == 201
        return made

    def known(self, trial: Trial, uid: str) -> list[str]:
        async def find() -> list[str]:
            async with trial.store.read() as view:
                chain = await view.resolve(("files", "alice", "poems"))
                found = await view.find(chain[-1].id, IndexQuery(uids=(uid,)), 10)
                return [each.name for each in found]

        return run(find())

    @pytest.mark.parametrize(("sent", "stored"), [(b"a rose", b"a rose"), (b" a rose\n", b"a rose")])
    def test_what_is_stored_is_indexed_and_has_the_type(self, poems: Trial, sent: bytes, stored: bytes) -> None:
        response = poems.request("PUT", self.POEMS + "1", {"Content-Type": "text/plain"}, sent)
        assert (response.status, "ETag" in response.headers) == (201, sent == stored)
        got = poems.request("GET", self.POEMS + "1")
        assert (poems.read(got), got.headers["Content-Type"]) == (stored, self.VERSE)
        assert self.known(poems, "a") == ["1"]

    @pytest.mark.parametrize(
        ("name", "headers", "stated"),
        [("a.txt", {"Content-Type": "text/csv"}, "text/csv"), ("a.txt", {}, "text/plain"), ("a.unheard", {}, "")],
    )
    def test_what_tells_the_type_of_a_copy(
        self, poems: Trial, seen: list[object], name: str, headers: dict[str, str], stated: str
    ) -> None:
        poems.request("PUT", HOME + name, headers, b"a rose")
        assert poems.request("COPY", HOME + name, {"Destination": self.POEMS + "1"}).status == 201
        assert seen == [(stated, None)]

    def test_nothing_tells_it_of_a_put(self, poems: Trial, seen: list[object]) -> None:
        poems.request("PUT", self.POEMS + "a.txt", {}, b"a rose")
        assert seen == [("", None)]

    def test_one_of_its_kind_is_known(self, poems: Trial, seen: list[object]) -> None:
        poems.request("PUT", self.POEMS + "1", {}, b"a rose")
        assert poems.request("COPY", self.POEMS + "1", {"Destination": HOME + "more/1"}).status == 201
        assert seen[1:] == [(self.VERSE, "a")]
