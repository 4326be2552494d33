"""ACL over a memory store.

Verifies: RFC 3744, 8.1
"""

from __future__ import annotations

import pytest

from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.model.principal import ROOM
from davd.model.resource import Resource
from davd.testing.exchange import Trial, run
from tests.dav.answers import D, by_href, condition, prop
from tests.dav.locking import taken
from tests.dav.sharing import FREE_BUSY, ace, acl, add_group, add_principal, share

HOME = "/files/alice/"
URL = "/files/alice/note.txt"
ALL = "<D:all/>"
OWNER = "<D:property><D:owner/></D:property>"
READ = "<D:grant><D:privilege><D:read/></D:privilege></D:grant>"
BOB = "<D:principal><D:href>/principals/users/bob/</D:href></D:principal>"


@pytest.fixture
def trial() -> Trial:
    made = Trial()
    made.request("PUT", URL, body=b"x")
    return made


def own(trial: Trial, path: str) -> list[str]:
    """The resource's own entries as its owner is told of them: the text of the principal, and the privileges."""
    answer = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(D + "acl")))[path]
    found = []
    for element in answer.element(D + "acl"):
        if element.find(D + "protected") is None and element.find(D + "inherited") is None:
            (principal,) = element.find(D + "principal")
            names = [str(privilege[0].tag) for privilege in element.iter(D + "privilege")]
            found.append(" ".join([principal.text or str(principal.tag), *names]))
    return found


def stored(trial: Trial) -> Resource:
    """The row of the file: with a change it would have another change number."""

    async def work() -> Resource:
        async with trial.store.read() as view:
            chain: list[Resource] = await view.resolve(("files", "alice", "note.txt"))
            return chain[-1]

    return run(work())


class TestAcl:
    """Verifies: RFC 3744, 7.5, 8.1"""

    def test_the_list_is_replaced_by_exactly_what_was_sent(self, trial: Trial) -> None:
        response = share(trial, URL, ace("bob", "read", "write"), ace("<D:authenticated/>", FREE_BUSY))
        assert (response.status, response.body) == (200, b"")
        first = ["/principals/users/bob/ {DAV:}read {DAV:}write", f"{D}authenticated {FREE_BUSY}"]
        assert own(trial, URL) == first
        assert share(trial, URL, ace("bob", "all"), ace("<D:self/>", "read"), ace(OWNER, "read-acl")).status == 200
        assert own(trial, URL) == [
            "/principals/users/bob/ {DAV:}all",
            f"{D}self {D}read",
            f"{D}property {D}read-acl",
        ]
        assert share(trial, URL).status == 200
        assert own(trial, URL) == []

    def test_what_is_granted_can_be_done_with_the_next_request(self, trial: Trial) -> None:
        assert trial.request("GET", URL, user="bob").status == 404
        share(trial, URL, ace("bob", "read"))
        assert trial.request("GET", URL, user="bob").body == b"x"
        assert trial.request("PUT", URL, body=b"y", user="bob").status == 403
        share(trial, URL, ace("bob", "read", "write-content"))
        assert trial.request("PUT", URL, body=b"y", user="bob").status == 204
        share(trial, URL)
        assert trial.request("GET", URL, user="bob").status == 404

    def test_by_a_group_in_a_group(self, trial: Trial) -> None:
        add_group(trial, "inner", "bob")
        add_group(trial, "outer", "inner")
        assert share(trial, HOME, ace("/principals/groups/outer/", "read")).status == 200
        assert trial.request("GET", URL, user="bob").status == 200

    @pytest.mark.parametrize(
        "form", ["/principals/rooms/hall", "<D:href>http://dav.example/principals/rooms/hall/</D:href>"]
    )
    def test_principals_of_other_kinds_and_other_forms_of_the_url(self, trial: Trial, form: str) -> None:
        add_principal(trial, "hall", ROOM)
        assert share(trial, URL, ace(form, "read")).status == 200
        assert own(trial, URL) == ["/principals/rooms/hall/ {DAV:}read"]

    def test_at_signs_in_either_encoding(self, trial: Trial) -> None:
        add_principal(trial, "d@example.org", "individual")
        for form in ("/principals/users/d%40example.org/", "/principals/users/d@example.org"):
            assert share(trial, URL, ace(form, "read")).status == 200
            assert trial.request("GET", URL, user="d@example.org").status == 200

    def test_who_may_write_the_list(self, trial: Trial) -> None:
        share(trial, URL, ace("bob", "read", "write"))
        response = share(trial, URL, ace("bob", "all"), user="bob")
        assert (response.status, condition(trial, response)) == (403, D + "need-privileges")
        assert b"<D:href>/files/alice/note.txt</D:href><D:privilege><D:write-acl/></D:privilege>" in response.body
        share(trial, URL, ace("bob", "read", "write-acl"))
        assert share(trial, URL, ace("bob", "all"), user="bob").status == 200
        assert own(trial, URL) == ["/principals/users/bob/ {DAV:}all"]

    @pytest.mark.parametrize("path", ["/", "/files/", "/principals/users/", "/principals/users/alice/"])
    def test_what_nobody_may_open(self, trial: Trial, path: str) -> None:
        assert condition(trial, share(trial, path, ace("bob", "all"))) == D + "need-privileges"

    @pytest.mark.parametrize("path", ["/files/alice/none", "/files/bob/", "/files/bob/none", "/files/carol/"])
    def test_nothing_there(self, trial: Trial, path: str) -> None:
        assert share(trial, path, ace("bob", "read")).status == 404

    def test_a_lock_protects_the_list(self, trial: Trial) -> None:
        token = taken(trial, URL)
        assert condition(trial, share(trial, URL, ace("bob", "read"))) == D + "lock-token-submitted"
        assert share(trial, URL, ace("bob", "read"), If=f"(<{token}>)").status == 200

    def test_preconditions(self, trial: Trial) -> None:
        assert share(trial, URL, ace("bob", "read"), If_Match='"other"').status == 412
        etag = trial.request("HEAD", URL).headers["ETag"]
        assert share(trial, URL, ace("bob", "read"), If_Match=etag).status == 200

    def test_the_same_list_again_changes_nothing(self, trial: Trial) -> None:
        share(trial, URL, ace("bob", "read"))
        before = stored(trial)
        share(trial, URL, ace("bob", "read"))
        assert stored(trial) == before


class TestPreconditions:
    """Verifies: RFC 3744, 5.5, 5.6, 8.1.1"""

    @pytest.mark.parametrize(
        ("entry", "name"),
        [
            (ace("bob", "read", kind="deny"), "grant-only"),
            (f"<D:ace><D:invert>{BOB}</D:invert>{READ}</D:ace>", "no-invert"),
            (ace("bob", "read", "{urn:x}fly"), "not-supported-privilege"),
            (ace("bob", "view-free-busy"), "not-supported-privilege"),
            (ace(ALL, "read"), "allowed-principal"),
            (ace("<D:unauthenticated/>", "read"), "allowed-principal"),
            (ace("<D:property><D:group/></D:property>", "read"), "allowed-principal"),
            (ace("nobody", "read"), "recognized-principal"),
            (ace("/principals/groups/bob/", "read"), "recognized-principal"),
            (ace("/principals/users/", "read"), "recognized-principal"),
            (ace("/files/bob/", "read"), "recognized-principal"),
            (ace("<D:href>http://elsewhere.example/principals/users/bob/</D:href>", "read"), "recognized-principal"),
            (ace("<D:href>mailto:bob@example.org</D:href>", "read"), "recognized-principal"),
            (ace("<D:href/>", "read"), "recognized-principal"),
            (ace("bob", "read", mark="<D:protected/>"), "no-protected-ace-conflict"),
            (ace("bob", "read", mark="<D:inherited><D:href>/files/alice/</D:href></D:inherited>"),
             "no-inherited-ace-conflict"),
        ],
    )  # fmt: skip
    def test_each(self, trial: Trial, entry: str, name: str) -> None:
        share(trial, URL, ace("bob", "read"))
        response = share(trial, URL, ace("bob", "write"), entry)
        assert (response.status, condition(trial, response)) == (403, D + name)
        assert own(trial, URL) == ["/principals/users/bob/ {DAV:}read"]

    def test_too_many(self) -> None:
        trial = Trial(settings=DavSettings(max_aces=2))
        assert share(trial, HOME, *[ace("bob", "read")] * 2).status == 200
        assert condition(trial, share(trial, HOME, *[ace("bob", "read")] * 3)) == D + "limited-number-of-aces"

    def test_what_a_client_was_told_may_be_sent_back(self, trial: Trial) -> None:
        """Verifies: RFC 3744, 5.5.3, 5.5.4"""
        share(trial, HOME, ace("bob", "read"))
        inherited = "<D:inherited><D:href>/files/alice/</D:href></D:inherited>"
        response = share(
            trial,
            URL,
            ace(OWNER, "all", mark="<D:protected/>"),
            ace("bob", "read", mark=inherited),
            ace("bob", "write"),
        )
        assert response.status == 200
        assert own(trial, URL) == ["/principals/users/bob/ {DAV:}write"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<rubbish",
            b'<acl xmlns="urn:x"/>',
            b'<propfind xmlns="DAV:"><allprop/></propfind>',
            f'<D:acl xmlns:D="DAV:"><D:ace>{BOB}</D:ace></D:acl>'.encode(),
            f'<D:acl xmlns:D="DAV:"><D:ace>{READ}</D:ace></D:acl>'.encode(),
            f'<D:acl xmlns:D="DAV:"><D:ace>{BOB}{BOB}{READ}</D:ace></D:acl>'.encode(),
            f'<D:acl xmlns:D="DAV:"><D:ace>{BOB}<D:grant/></D:ace></D:acl>'.encode(),
            f'<D:acl xmlns:D="DAV:"><D:ace>{BOB}<D:grant><D:read/></D:grant></D:ace></D:acl>'.encode(),
            f'<D:acl xmlns:D="DAV:"><D:ace><D:principal/>{READ}</D:ace></D:acl>'.encode(),
            acl(ace("<D:property/>", "read")),
            acl(ace("<D:self/><D:all/>", "read")),
        ],
    )
    def test_what_is_no_list(self, trial: Trial, body: bytes) -> None:
        """Verifies: RFC 3744, 8.1.5"""
        assert trial.request("ACL", URL, body=body).status == 400


class TestExamples:
    """The requests and refusals that the specification shows, with the names of this tree.

    Verifies: RFC 3744, 8.1.2, 8.1.3, 8.1.5
    """

    def ask(self, trial: Trial, body: str) -> Response:
        return trial.request("ACL", "/files/alice/", {"Content-Type": 'text/xml; charset="utf-8"'}, body.encode())

    def test_the_acl_method(self, trial: Trial) -> None:
        body = """<?xml version="1.0" encoding="utf-8" ?>
            <D:acl xmlns:D="DAV:">
              <D:ace>
                <D:principal><D:href>http://dav.example/principals/users/bob</D:href></D:principal>
                <D:grant>
                  <D:privilege><D:read/></D:privilege>
                  <D:privilege><D:write/></D:privilege>
                </D:grant>
              </D:ace>
              <D:ace>
                <D:principal><D:property><D:owner/></D:property></D:principal>
                <D:grant>
                  <D:privilege><D:read-acl/></D:privilege>
                  <D:privilege><D:write-acl/></D:privilege>
                </D:grant>
              </D:ace>
            </D:acl>"""
        assert self.ask(trial, body).status == 200
        assert trial.request("PUT", "/files/alice/new", body=b"x", user="bob").status == 201

    def test_a_grant_and_a_deny_in_one_entry(self, trial: Trial) -> None:
        body = """<D:acl xmlns:D="DAV:"><D:ace>
            <D:principal><D:href>/principals/users/bob/</D:href></D:principal>
            <D:grant><D:privilege><D:read/></D:privilege></D:grant>
            <D:principal><D:href>/principals/users/alice/</D:href></D:principal>
            <D:deny><D:privilege><D:read/></D:privilege></D:deny>
            </D:ace></D:acl>"""
        assert self.ask(trial, body).status == 400


class TestCopyAndMove:
    """Verifies: RFC 3744, 7.3, 7.4"""

    def test_a_copy_begins_without_entries(self, trial: Trial) -> None:
        share(trial, URL, ace("bob", "read"))
        trial.request("COPY", URL, {"Destination": HOME + "copy"})
        assert own(trial, HOME + "copy") == []
        assert trial.request("GET", HOME + "copy", user="bob").status == 404

    def test_a_moved_resource_keeps_its_entries(self, trial: Trial) -> None:
        share(trial, URL, ace("bob", "read"))
        trial.request("MOVE", URL, {"Destination": HOME + "moved"})
        assert own(trial, HOME + "moved") == ["/principals/users/bob/ {DAV:}read"]
        assert trial.request("GET", HOME + "moved", user="bob").status == 200
