"""POST to an add-member URL, over a memory store.

Verifies: RFC 5995, 3
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from davd.dav.exchange import Exchange
from davd.dav.registry import CollectionType, Extension, Member
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.resource import NewContent, Resource
from davd.testing.exchange import Trial
from tests.dav.answers import D, by_href, condition, prop
from tests.dav.locking import taken
from tests.dav.sharing import ace, share

HOME = "/files/alice/"
ADD = HOME + "?add-member"


def post(trial: Trial, kind: str = "text/plain", body: bytes = b"x", user: str = "alice", **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return trial.request("POST", ADD, {"Content-Type": kind, **fields}, body, user)


class TestPost:
    """Verifies: RFC 5995, 3.1, 3.2"""

    @pytest.mark.parametrize(
        ("kind", "ending"),
        [
            ("text/calendar", ".ics"),
            ("text/calendar; charset=utf-8; component=VEVENT", ".ics"),
            ("TEXT/vCard;version=4.0", ".vcf"),
            ("application/pdf", ".pdf"),
            ("application/x-unheard-of", ""),
            ("", ""),
        ],
    )
    def test_the_server_picks_a_name_that_fits_the_type(self, kind: str, ending: str) -> None:
        trial = Trial()
        response = post(trial, kind, b"content")
        assert response.status == 201
        location = response.headers["Location"]
        assert re.fullmatch(HOME + "[0-9a-f-]{36}" + re.escape(ending), location)
        found = trial.request("GET", location)
        assert (found.status, found.body, found.headers["ETag"]) == (200, b"content", response.headers["ETag"])

    def test_each_member_has_a_name_of_its_own(self) -> None:
        trial = Trial()
        assert len({post(trial).headers["Location"] for _ in range(20)}) == 20

    def test_the_type_that_the_collection_is_for(self) -> None:
        kind = CollectionType("shelf", ("{DAV:}collection", "{urn:x}shelf"), members_type="text/vcard")
        trial = Trial(Extension("x", collection_types=[kind]))
        body = b'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><x:shelf xmlns:x="urn:x"/></resourcetype>'
        made = trial.request("MKCOL", HOME + "s", {"Content-Type": "text/xml"}, body + b"</prop></set></mkcol>")
        assert made.status == 201
        assert trial.request("POST", HOME + "s/?add-member", {}, b"x").headers["Location"].endswith(".vcf")

    def test_content_that_was_changed_has_no_etag_in_the_answer(self) -> None:
        async def check_member(exchange: Exchange, parent: Resource, member: Member) -> NewContent | None:
            assert member.content is not None
            return replace(member.content, data=b"changed", length=7)

        kind = CollectionType("collection2", ("{DAV:}collection", "{urn:x}c"), check_member=check_member)
        trial = Trial(Extension("x", collection_types=[kind]))
        body = b'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><x:c xmlns:x="urn:x"/></resourcetype>'
        trial.request("MKCOL", HOME + "s", {"Content-Type": "text/xml"}, body + b"</prop></set></mkcol>")
        response = trial.request("POST", HOME + "s/?add-member", {}, b"original")
        assert (response.status, "ETag" in response.headers) == (201, False)
        assert trial.request("GET", response.headers["Location"]).body == b"changed"

    def test_large_content(self) -> None:
        trial = Trial(settings=DavSettings(inline_bytes=10))
        location = post(trial, "text/plain", b"x" * 1000).headers["Location"]
        assert trial.read(trial.request("GET", location)) == b"x" * 1000


class TestPreconditions:
    """The preconditions of PUT apply, with the same errors.

    Verifies: RFC 5995, 3.1
    """

    def test_a_lock_on_the_collection(self) -> None:
        trial = Trial()
        token = taken(trial, HOME)
        assert condition(trial, post(trial)) == D + "lock-token-submitted"
        assert post(trial, If=f"</files/alice/> (<{token}>)").status == 201

    def test_no_room(self) -> None:
        trial = Trial(settings=DavSettings(quota_bytes=3))
        assert condition(trial, post(trial, body=b"four")) == D + "quota-not-exceeded"
        assert trial.request("PROPFIND", HOME, {"Depth": "1"}).status == 207
        assert list(trial.tree()) == list(Trial().tree())

    def test_too_long(self) -> None:
        assert post(Trial(settings=DavSettings(max_file_bytes=3)), body=b"four").status == 413

    def test_what_the_collection_does_not_take(self) -> None:
        async def check_member(exchange: Exchange, parent: Resource, member: Member) -> NewContent | None:
            raise HTTPError(403, "{urn:x}no")

        kind = CollectionType("collection2", ("{DAV:}collection", "{urn:x}c"), check_member=check_member)
        trial = Trial(Extension("x", collection_types=[kind]))
        body = b'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/><x:c xmlns:x="urn:x"/></resourcetype>'
        trial.request("MKCOL", HOME + "s", {"Content-Type": "text/xml"}, body + b"</prop></set></mkcol>")
        assert condition(trial, trial.request("POST", HOME + "s/?add-member", {}, b"x")) == "{urn:x}no"

    def test_the_privilege_to_bind(self) -> None:
        """Verifies: RFC 3744, 3.9; RFC 5995, 5"""
        trial = Trial()
        assert post(trial, user="bob").status == 404
        share(trial, HOME, ace("bob", "read"))
        response = post(trial, user="bob")
        assert condition(trial, response) == D + "need-privileges"
        assert b"<D:href>/files/alice/</D:href><D:privilege><D:bind/></D:privilege>" in response.body
        share(trial, HOME, ace("bob", "read", "bind"))
        assert post(trial, user="bob").status == 201

    def test_where_nothing_can_be_added(self) -> None:
        trial = Trial()
        trial.request("PUT", HOME + "a", body=b"x")
        for path, status in (("/", 403), ("/files/", 403), ("/principals/users/alice/", 403), (HOME + "a", 405),
                             (HOME + "none/", 404)):  # fmt: skip
            assert trial.request("POST", path + "?add-member", {}, b"x").status == status, path


class TestProperty:
    """Verifies: RFC 5995, 3.2.1"""

    NAME = D + "add-member"

    def test_where_to_post(self) -> None:
        trial = Trial(settings=DavSettings(prefix="/dav"))
        trial.request("MKCOL", "/dav/files/alice/d%20e")
        trial.request("PUT", "/dav/files/alice/a", body=b"x")
        found = by_href(trial, trial.request("PROPFIND", "/dav/files/alice/", {"Depth": "1"}, prop(self.NAME)))
        assert found["/dav/files/alice/"].text(self.NAME) == "/dav/files/alice/?add-member"
        assert found["/dav/files/alice/d%20e/"].text(self.NAME) == "/dav/files/alice/d%20e/?add-member"
        assert found["/dav/files/alice/a"].statuses() == {self.NAME: 404}
        assert trial.request("POST", found["/dav/files/alice/d%20e/"].text(self.NAME), {}, b"x").status == 201

    @pytest.mark.parametrize("path", ["/", "/files/", "/principals/users/", "/principals/users/alice/"])
    def test_not_where_nothing_can_be_added(self, path: str) -> None:
        trial = Trial()
        answer = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(self.NAME)))[path]
        assert answer.statuses() == {self.NAME: 404}

    def test_it_is_protected_and_not_in_allprop(self) -> None:
        trial = Trial()
        body = b'<propertyupdate xmlns="DAV:"><set><prop><add-member/></prop></set></propertyupdate>'
        answer = by_href(trial, trial.request("PROPPATCH", HOME, {}, body))[HOME]
        assert answer.conditions == {self.NAME: D + "cannot-modify-protected-property"}
        assert self.NAME not in by_href(trial, trial.request("PROPFIND", HOME, {"Depth": "0"}))[HOME].properties
