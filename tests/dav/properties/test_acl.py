"""Access control as a client reads it.

Verifies: RFC 3744, 3, 5
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from davd.dav.access.privileges import ALL, READ, READ_ACL, WRITE_CONTENT, WRITE_PROPERTIES, expand
from davd.dav.settings import DavSettings
from davd.model.acl import Ace, write
from davd.model.principal import ROOM
from davd.testing.exchange import Trial, run
from tests.dav.answers import Answer, by_href, prop
from tests.dav.sharing import FREE_BUSY, ace, add_group, add_principal, share

D = "{DAV:}"
NAMES = [
    D + name
    for name in (
        "owner",
        "group",
        "current-user-privilege-set",
        "supported-privilege-set",
        "acl",
        "acl-restrictions",
        "inherited-acl-set",
    )
]


def look(path: str) -> Answer:
    made = Trial()
    made.request("PUT", "/files/alice/a", {}, b"x")
    return by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(*NAMES)))[path]


def privileges(element: Any) -> set[str]:
    return {str(privilege[0].tag) for privilege in element.findall(D + "privilege")}


@pytest.mark.parametrize("path", ["/files/alice/", "/files/alice/a"])
def test_the_owner_may_do_everything(path: str) -> None:
    answer = look(path)
    assert answer.text(D + "owner") == "/principals/users/alice/"
    assert privileges(answer.element(D + "current-user-privilege-set")) == expand(ALL)
    (ace,) = answer.element(D + "acl")
    assert ace.find(f"{D}principal/{D}property/{D}owner") is not None
    assert privileges(ace.find(D + "grant")) == expand(ALL)
    assert ace.find(D + "protected") is not None


@pytest.mark.parametrize("path", ["/", "/files/", "/principals/users/"])
def test_above_the_homes_there_is_nothing_but_reading(path: str) -> None:
    answer = look(path)
    assert answer.text(D + "owner") == ""
    assert privileges(answer.element(D + "current-user-privilege-set")) == expand(READ)
    # RFC 3744, 3.6: the list itself needs DAV:read-acl.
    assert answer.statuses()[D + "acl"] == 404


def test_a_principal_may_be_described_by_its_user() -> None:
    answer = look("/principals/users/alice/")
    expected = expand(READ, READ_ACL, WRITE_PROPERTIES)
    assert privileges(answer.element(D + "current-user-privilege-set")) == expected


def test_the_tree_of_privileges_is_told_with_what_each_is_for() -> None:
    supported = look("/files/alice/").element(D + "supported-privilege-set")
    (whole,) = supported
    names = {str(privilege[0].tag) for privilege in supported.iter(D + "privilege")}
    assert names == expand(ALL)
    assert whole.find(D + "privilege")[0].tag == ALL
    for description in supported.iter(D + "description"):
        assert description.text
        assert description.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_members_of_several_owners_each_have_theirs() -> None:
    made = Trial()
    found = by_href(made, made.request("PROPFIND", "/", {"Depth": "infinity"}, prop(D + "owner")))
    assert found["/files/alice/"].text(D + "owner") == "/principals/users/alice/"
    assert found["/files/"].text(D + "owner") == ""


def test_the_list_is_of_grants_only() -> None:
    restrictions = look("/files/alice/").element(D + "acl-restrictions")
    assert [child.tag for child in restrictions] == [D + "grant-only", D + "no-invert"]


ACL = D + "acl"
HELD = D + "current-user-privilege-set"


def entries(element: Any) -> list[tuple[str, set[str], str]]:
    """Of each DAV:ace: who, what, and how it is marked."""
    found = []
    for ace_element in element:
        (subject,) = ace_element.find(D + "principal")
        who = subject.text or str(subject.tag).removeprefix(D)
        inherited = ace_element.find(D + "inherited")
        protected = ace_element.find(D + "protected") is not None
        mark = "protected" if protected else "" if inherited is None else f"from {inherited.findtext(D + 'href')}"
        found.append((who, privileges(ace_element.find(D + "grant")), mark))
    return found


def shared() -> Trial:
    made = Trial()
    add_group(made, "staff", "bob", "alice")
    for path in ("d", "d/e"):
        made.request("MKCOL", "/files/alice/" + path)
    made.request("PUT", "/files/alice/d/e/f", {}, b"x")
    share(made, "/files/alice/d/", ace("/principals/groups/staff/", "read"))
    share(made, "/files/alice/d/e/f", ace("bob", "write-content"), ace("<D:authenticated/>", FREE_BUSY))
    return made


class TestLists:
    """Verifies: RFC 3744, 5.5, 5.5.3, 5.5.4"""

    def ask(self, made: Trial, path: str, user: str = "alice", depth: str = "0") -> dict[str, Answer]:
        return by_href(made, made.request("PROPFIND", path, {"Depth": depth}, prop(ACL, HELD, D + "owner"), user))

    def test_own_entries_and_inherited_ones(self) -> None:
        found = self.ask(shared(), "/files/alice/", depth="infinity")
        owners = ("property", expand(ALL), "protected")
        staff = ("/principals/groups/staff/", {READ})
        assert entries(found["/files/alice/"].element(ACL)) == [owners]
        assert entries(found["/files/alice/d/"].element(ACL)) == [owners, (*staff, "")]
        assert entries(found["/files/alice/d/e/"].element(ACL)) == [owners, (*staff, "from /files/alice/d/")]
        assert entries(found["/files/alice/d/e/f"].element(ACL)) == [
            owners,
            ("/principals/users/bob/", {WRITE_CONTENT}, ""),
            ("authenticated", {FREE_BUSY}, ""),
            (*staff, "from /files/alice/d/"),
        ]

    def test_of_members_with_and_without_entries(self) -> None:
        made = shared()
        for name in "abc":
            made.request("PUT", "/files/alice/d/" + name, {}, b"x")
        share(made, "/files/alice/d/b", ace("bob", "all"))
        found = self.ask(made, "/files/alice/d/", depth="1")
        assert [len(entries(found["/files/alice/d/" + name].element(ACL))) for name in "abc"] == [2, 3, 2]
        assert [len(privileges(found["/files/alice/d/" + name].element(HELD))) for name in "abc"] == [12, 12, 12]
        told = self.ask(made, "/files/alice/d/", "bob", depth="1")
        held = [privileges(told["/files/alice/d/" + name].element(HELD)) for name in "abc"]
        assert held == [expand(READ), expand(ALL), expand(READ)]
        assert [told["/files/alice/d/" + name].statuses()[ACL] for name in "abc"] == [404, 200, 404]

    def test_long_lists_make_small_pages(self) -> None:
        made = Trial()
        path = "/files/alice/"
        for _ in range(5):
            share(made, path, *[ace("bob", *"read write unlock read-acl write-acl".split()) for _ in range(100)])
            path += "d/"
            made.request("MKCOL", path)
        for number in range(40):
            made.request("PUT", f"{path}{number:02}", {}, b"x")
            share(made, f"{path}{number:02}", *[ace("bob", "read")] * (number % 3))
        response = made.request("PROPFIND", path, {"Depth": "1"}, prop(ACL))
        assert isinstance(response.body, AsyncIterator)
        found = by_href(made, response)
        assert len(found) == 41
        for number in range(40):
            assert len(found[f"{path}{number:02}"].element(ACL)) == 1 + number % 3 + 500

    def test_who_is_shared_with_is_told_the_truth(self) -> None:
        made = shared()
        for path, held in (("d/", expand(READ)), ("d/e/", expand(READ)), ("d/e/f", expand(READ, WRITE_CONTENT))):
            answer = self.ask(made, "/files/alice/" + path, "bob")["/files/alice/" + path]
            assert privileges(answer.element(HELD)) == held
            assert answer.text(D + "owner") == "/principals/users/alice/"
            assert answer.statuses()[ACL] == 404

    def test_the_owner_may_be_of_another_kind(self) -> None:
        made = Trial(settings=DavSettings(principal_search="all"))
        add_principal(made, "hall", ROOM)
        answer = self.ask(made, "/principals/rooms/hall/")["/principals/rooms/hall/"]
        assert answer.text(D + "owner") == "/principals/rooms/hall/"
        assert privileges(answer.element(HELD)) == expand(READ)

    def test_who_reads_a_principal(self) -> None:
        made = shared()
        url = "/principals/users/alice/"
        own = ("property", expand(READ, READ_ACL, WRITE_PROPERTIES), "protected")
        staff = ("/principals/groups/staff/", {READ}, "protected")
        assert entries(self.ask(made, url)[url].element(ACL)) == [own, staff]
        made.settings.principal_search = "all"
        assert entries(self.ask(made, url)[url].element(ACL))[1:] == [("authenticated", {READ}, "protected")]

    def test_what_belongs_to_nobody_passes_nothing_on(self) -> None:
        made = shared()

        async def open_files() -> None:
            async with made.store.write() as transaction:
                files = (await transaction.resolve(("files",)))[-1]
                await transaction.set_acl(files, write((Ace("name:bob", (D + "all",)),)), made.now)

        run(open_files())
        assert len(entries(self.ask(made, "/files/alice/")["/files/alice/"].element(ACL))) == 1
        assert made.request("PROPFIND", "/files/alice/", {"Depth": "0"}, prop(ACL), "bob").status == 404

    def test_nothing_is_anded(self) -> None:
        """Verifies: RFC 3744, 5.7"""
        made = shared()
        path = "/files/alice/d/e/f"
        name = D + "inherited-acl-set"
        assert by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(name)))[path].text(name) == ""
