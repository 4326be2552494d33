"""Collections that say themselves what GET gives, by a toy.

Verifies: RFC 4918, 9.4; RFC 6266, 4.3; RFC 9110, 8.8.3, 9.3.1, 12.5.1, 12.5.5, 13.1.1, 13.1.2, 13.2.2
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from davd.dav import representation
from davd.dav.contents import PAGE, Page
from davd.dav.exchange import Exchange
from davd.dav.registry import CollectionType, Extension
from davd.http.response import Response
from davd.model.resource import Resource
from davd.testing.exchange import Trial

HOME = "/files/alice/"
CHEST = HOME + "chest/"
WEAK = 'W/"1"'


async def _chest(exchange: Exchange, chest: Resource) -> Response | None:
    kind = representation.wanted(exchange, ("text/plain", "text/html", "image/png"))
    if kind == "text/html":
        return None
    unsent = representation.unsent(exchange, WEAK if kind == "text/plain" else '"strong"')
    return unsent or Response(200, {"Content-Type": kind}, b"chest")


async def _coin(exchange: Exchange, coin: Resource) -> Response | None:
    if representation.wanted(exchange, ("text/plain", "image/png")) == "image/png":
        return Response(200, {"Content-Type": "image/png"}, b"coin")
    return None


@pytest.fixture
def trial() -> Trial:
    elements = ("{DAV:}collection", "{urn:toy}chest")
    made = Trial(
        Extension("toy", collection_types=[CollectionType("chest", elements, None, None, None, _chest, _coin)])
    )
    kinds = b'<resourcetype><collection/><chest xmlns="urn:toy"/></resourcetype>'
    body = b'<mkcol xmlns="DAV:"><set><prop>' + kinds + b"</prop></set></mkcol>"
    assert made.request("MKCOL", CHEST, {"Content-Type": "application/xml"}, body).status == 201
    assert made.request("PUT", CHEST + "coin", {"Content-Type": "text/plain"}, b"gold").status == 201
    return made


class TestCollection:
    """Verifies: RFC 4918, 9.4; RFC 9110, 12.5.1"""

    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            (None, "text/plain"),
            ("*/*", "text/plain"),
            ("image/*", "image/png"),
            ("text/html", "text/html; charset=utf-8"),
        ],
    )
    def test_the_client_chooses(self, trial, accept, kind):
        response = trial.request("GET", CHEST, {} if accept is None else {"Accept": accept})
        assert response.headers["Content-Type"] == kind
        assert (trial.read(response) == b"chest") == (kind in ("text/plain", "image/png"))

    @pytest.mark.parametrize(("accept", "etag"), [("text/plain", WEAK), ("image/png", '"strong"')])
    def test_who_has_it_already(self, trial, accept, etag):
        response = trial.request("GET", CHEST, {"Accept": accept, "If-None-Match": f'"x", {etag}'})
        assert (response.status, response.headers) == (304, {"ETag": etag, "Vary": "Accept"})
        assert trial.request("GET", CHEST, {"Accept": accept, "If-Match": '"x"'}).status == 412
        assert trial.request("GET", CHEST, {"Accept": accept, "If-None-Match": '"x"'}).status == 200

    def test_others_are_listed(self, trial):
        assert trial.request("GET", HOME, {"Accept": "text/plain"}).headers["Content-Type"].startswith("text/html")

    def test_who_may_not_read_it(self, trial):
        assert trial.request("GET", CHEST, user="bob").status == 404


class TestMember:
    """Verifies: RFC 4918, 9.4; RFC 9110, 12.5.5"""

    def test_the_client_chooses(self, trial):
        plain = trial.request("GET", CHEST + "coin")
        assert (trial.read(plain), plain.headers["Vary"]) == (b"gold", "Accept")
        assert trial.read(trial.request("GET", CHEST + "coin", {"Accept": "image/png"})) == b"coin"

    def test_ranges_are_of_the_stored_octets(self, trial):
        response = trial.request("GET", CHEST + "coin", {"Range": "bytes=0-1"})
        assert (response.status, trial.read(response), response.headers["Vary"]) == (206, b"go", "Accept")


async def _hoard(exchange: Exchange, hoard: Resource) -> Response | None:
    kind = representation.wanted(exchange, ("text/plain", "image/png"))
    ending = "txt" if kind == "text/plain" else "png"
    etag = representation.whole_tag(exchange, hoard, ending)
    unsent = representation.unsent(exchange, etag)
    return unsent or await representation.whole(exchange, hoard, kind, ending, _joined, etag)


async def _joined(found: AsyncIterator[Page]) -> AsyncIterator[bytes]:
    async for page in found:
        yield b"".join(page.contents)


class TestWhole:
    """Verifies: RFC 6266, 4.3; RFC 9110, 8.8.3, 9.3.1"""

    HOARD = HOME + "h%C3%B6ard/"

    @pytest.fixture
    def trial(self) -> Trial:
        elements = ("{DAV:}collection", "{urn:toy}hoard")
        made = Trial(Extension("toy", collection_types=[CollectionType("hoard", elements, represent=_hoard)]))
        kinds = b'<resourcetype><collection/><hoard xmlns="urn:toy"/></resourcetype>'
        body = b'<mkcol xmlns="DAV:"><set><prop>' + kinds + b"</prop></set></mkcol>"
        assert made.request("MKCOL", self.HOARD, {"Content-Type": "application/xml"}, body).status == 201
        return made

    @pytest.mark.parametrize(
        ("accept", "kind", "ending"),
        [("text/plain", "text/plain; charset=utf-8", "txt"), ("image/png", "image/png", "png")],
    )
    def test_a_file_to_download(self, trial: Trial, accept: str, kind: str, ending: str) -> None:
        trial.request("PUT", self.HOARD + "1", {}, b"gold")
        response = trial.request("GET", self.HOARD, {"Accept": accept})
        assert trial.read(response) == b"gold"
        assert response.headers["Content-Type"] == kind
        assert response.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''h%C3%B6ard.{ending}"
        assert (response.headers["ETag"][:2], response.headers["Vary"]) == ("W/", "Accept")

    def test_each_form_and_each_state_has_a_tag_of_its_own(self, trial: Trial) -> None:
        tags = set()
        for name in ("1", "2"):
            trial.request("PUT", self.HOARD + name, {}, b"gold")
            for accept in ("text/plain", "image/png"):
                tag = trial.request("GET", self.HOARD, {"Accept": accept}).headers["ETag"]
                assert trial.request("GET", self.HOARD, {"Accept": accept, "If-None-Match": tag}).status == 304
                tags.add(tag)
        assert len(tags) == 4

    @pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 1])
    def test_of_any_length(self, trial: Trial, count: int) -> None:
        for number in range(count):
            trial.request("PUT", f"{self.HOARD}{number:04}", {}, b"%d," % number)
        response = trial.request("GET", self.HOARD)
        # What is complete can be kept; what is not goes out as it is made.
        assert isinstance(response.body, list) == (count < PAGE)
        assert trial.read(response) == b"".join([b"%d," % number for number in range(count)])
