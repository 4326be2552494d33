"""The examples of the RFCs that extend WebDAV, but for access control, whose examples are beside its tests.

Verifies: RFC 6578, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 5.1, 5.2; RFC 5689, 3.1.1, 3.4, 3.5, 4.1.1
Verifies: RFC 5995, 3.2.2, 3.4, 4.2; RFC 5397, 3; RFC 3253, 3.8.1
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from davd.caldav.extension import make
from davd.caldav.settings import CalDavSettings
from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial
from tests.corpus.examples import D, Example, Places, check, etags, fragment, load, token, told
from tests.dav.answers import by_href, prop
from tests.dav.sharing import add_group, describe

HOME = "/files/alice/"
PLACES = Places({"/home/cyrusdaboo/": HOME}, ["webdav.example.com"])
BIG_BOX = '<R:bigbox xmlns:R="urn:ns.example.com:boxschema"><R:BoxType>Box type A</R:BoxType></R:bigbox>'


def put(trial: Trial, *names: str, content: bytes = b"x") -> None:
    for name in names:
        assert trial.request("PUT", HOME + name, {}, content).status in (201, 204)


def give_box(trial: Trial, path: str) -> None:
    body = f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>{BIG_BOX}</D:prop></D:set></D:propertyupdate>'
    assert trial.request("PROPPATCH", path, {"Content-Type": "text/xml"}, body.encode()).status == 207


def with_token(example: Example, issued: str) -> Example:
    """The example with a token of this server where one of the example's is."""
    printed = "http://example.com/ns/sync/"
    content = example.content
    fields = dict(example.fields)
    if printed in content:
        start = content.index(printed)
        content = content[:start] + issued + content[content.index("<", start) :]
    if "If" in fields:
        head, _, rest = fields["If"].partition("(<")
        fields["If"] = f"{head}(<{issued}>{rest.partition('>')[2]}"
    return replace(example, content=content, fields=fields)


class TestSync:
    """Verifies: RFC 6578, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13"""

    def test_initial_and_later(self) -> None:
        trial = Trial()
        put(trial, "test.doc", "vcard.vcf", "calendar.ics")
        give_box(trial, HOME + "test.doc")
        first = check(trial, load("rfc6578", "3.8"), PLACES)
        assert len(etags(first)) == 3
        put(trial, "file.xml")
        put(trial, "vcard.vcf", content=b"another")
        assert trial.request("DELETE", HOME + "test.doc").status == 204
        second = check(trial, with_token(load("rfc6578", "3.9"), token(first)), PLACES)
        assert len(etags(second)) == 2
        assert token(second) not in ("", token(first))

    def test_truncated_by_the_server(self) -> None:
        trial = Trial(settings=DavSettings(max_sync_results=2))
        put(trial, "test.doc", "vcard.vcf", "calendar.ics")
        answer = check(trial, load("rfc6578", "3.10"), PLACES)
        assert len(etags(answer)) == 2
        rest = with_token(load("rfc6578", "3.9"), token(answer)).send(trial, PLACES)
        assert list(by_href(trial, rest)) == [HOME + "calendar.ics"]

    def test_limited_by_the_client(self) -> None:
        trial = Trial()
        put(trial, "test.doc", "vcard.vcf", "calendar.ics")
        assert len(etags(check(trial, load("rfc6578", "3.11"), PLACES))) == 1

    def test_every_limit_can_be_met(self) -> None:
        # RFC 6578, 3.7: "If a server is unable to truncate the result at or below the requested number, then it MUST
        # fail". This one is able.
        trial = Trial()
        issued = token(trial.read(load("rfc6578", "3.10").send(trial, PLACES)))
        put(trial, *[f"{number:03}" for number in range(101)])
        response = with_token(load("rfc6578", "3.12"), issued).send(trial, PLACES)
        answers = by_href(trial, response)
        assert answers.pop(HOME).status == 507
        assert len(answers) == 100

    def test_infinite(self) -> None:
        # RFC 6578, 3.3, on members of members: where the server "is unwilling to report results", it says so as the
        # example does of /shared/; davd is for every collection, and a client asks level by level.
        trial = Trial()
        response = load("rfc6578", "3.13").send(trial, PLACES)
        (refusal,) = etree.fromstring(load("rfc6578", "3.13").answer.encode()).iter(D + "error")
        assert response.status == 403
        assert told(trial.read(response)) == told(etree.tostring(refusal, with_tail=False))


class TestTokensInIf:
    """Verifies: RFC 6578, 5.1, 5.2"""

    def test_put_and_mkcol(self) -> None:
        trial = Trial()
        path = HOME + "collection/"
        assert trial.request("MKCOL", path).status == 201
        found = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(D + "sync-token")))
        issued = found[path].text(D + "sync-token")
        check(trial, with_token(load("rfc6578", "5.1"), issued), PLACES)
        # "In this case, the request fails as another change has occurred to the collection".
        response = with_token(load("rfc6578", "5.2"), issued).send(trial, PLACES)
        assert response.status == load("rfc6578", "5.2").status
        assert path + "child/" not in trial.tree()


class TestMkCol:
    """Verifies: RFC 5689, 3.1.1, 3.4, 3.5, 4.1.1"""

    places = Places({"/home/": HOME, "/addressbooks/users/": HOME, "/home/lisa/calendars/": "/calendars/alice/"})

    def test_options(self) -> None:
        example = load("rfc5689", "3.1.1")
        response = example.send(Trial(), self.places)
        assert response.status == example.status
        assert set(example.answer_fields["DAV"].split(", ")) <= set(response.headers["DAV"].split(", "))

    def test_a_type_that_is_not_supported(self) -> None:
        # The type of 3.4 is fictitious, and so is refused as in 3.5.
        trial = Trial()
        assert load("rfc5689", "3.4").content == load("rfc5689", "3.5").content
        check(trial, load("rfc5689", "3.5"), self.places)
        assert HOME + "special/" not in trial.tree()

    def test_a_type_that_is(self) -> None:
        trial = Trial()
        example = load("rfc5689", "3.4")
        plain = replace(example, content=example.content.replace("<E:special-resource/>", ""))
        check(trial, plain, self.places)
        path = HOME + "special/"
        found = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(D + "displayname")))
        assert found[path].text(D + "displayname") == "Special Resource"

    @pytest.mark.parametrize("name", ["4.1.1-mkcalendar", "4.1.1-mkcol"])
    def test_instead_of_mkcalendar(self, name: str) -> None:
        trial = Trial(make(CalDavSettings()))
        example = load("rfc5689", name)
        response = example.send(trial, self.places)
        assert response.status == example.status
        # "When an empty response body is returned with a success request status code, the client can assume that all
        # properties were set."
        assert trial.read(response) == b""
        path = "/calendars/alice/events/"
        asked = prop(D + "displayname", D + "resourcetype")
        answer = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, asked))[path]
        assert answer.text(D + "displayname") == "Lisa's Events"
        kinds = [child.tag for child in answer.element(D + "resourcetype")]
        assert set(kinds) == {D + "collection", "{urn:ietf:params:xml:ns:caldav}calendar"}


class TestAddMember:
    """Verifies: RFC 5995, 3.2.2, 3.4, 4.2"""

    # RFC 5995, 3.1: "any other HTTP URI on the same server would do as well".
    places = Places({"/collection/": HOME + "collection/", "/collection;add-member/": HOME + "collection/?add-member"})

    def made(self) -> Trial:
        trial = Trial()
        assert trial.request("MKCOL", HOME + "collection/").status == 201
        return trial

    def test_where(self) -> None:
        check(self.made(), load("rfc5995", "3.2.2"), self.places)

    def test_post(self) -> None:
        trial = self.made()
        example = load("rfc5995", "3.4")
        response = example.send(trial, self.places)
        assert response.status == example.status
        # RFC 5995, 3.3: "servers are free to ignore this suggestion".
        location = response.headers["Location"]
        assert location.startswith(HOME + "collection/")
        assert trial.tree()[location] == b"Sample text.\r\n"

    def test_names_by_clients(self) -> None:
        # RFC 5995, 4: the refusal is for "collections that [...] only support internal member URIs assigned by the
        # server", and there are none here.
        assert load("rfc5995", "4.2").send(self.made(), self.places).status == 201


def test_the_principal_who_asks() -> None:
    """Verifies: RFC 5397, 3"""
    trial = Trial()
    response = trial.request("PROPFIND", HOME, {"Depth": "0"}, prop(D + "current-user-principal"))
    found = by_href(trial, response)[HOME].element(D + "current-user-principal")
    places = Places({"/principals/users/cdaboo": "/principals/users/alice/"})
    assert told(etree.tostring(found)) == told(places(fragment("rfc5397", "3")))


def test_expand_property() -> None:
    """The example asks for versions, which are not kept here: groups of the user stand for them.

    Verifies: RFC 3253, 3.8.1
    """
    trial = Trial()
    put(trial, "foo.html")
    for name in ("fred", "sally"):
        add_group(trial, name, "alice")
        describe(trial, name, display_name=name.capitalize())
    places = Places(
        {
            "/foo.html": HOME + "foo.html",
            "http://www.webdav.org/foo.html": HOME + "foo.html",
            "http://repo.webdav.org/his/23": "/principals/users/alice/",
            "http://repo.webdav.org/his/23/ver/1": "/principals/groups/fred/",
            "http://www.webdav.org/ws/dev/sally": "/principals/groups/fred/",
            "http://repo.webdav.org/his/23/ver/2": "/principals/groups/sally/",
            "http://repo.webdav.org/act/add-refresh-cmd": "/principals/groups/sally/",
        }
    )

    def here(text: str) -> str:
        for version, kept in (
            ("version-history", "current-user-principal"),
            ("version-set", "group-membership"),
            ("creator-displayname", "displayname"),
            ("activity-set", "principal-URL"),
        ):
            text = text.replace(version, kept)
        return places(text)

    check(trial, load("rfc3253", "3.8.1"), here)
