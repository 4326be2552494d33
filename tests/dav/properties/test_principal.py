"""Principals as a client finds them.

Verifies: RFC 5397, 3; RFC 3744, 4, 5.8
"""

from __future__ import annotations

from typing import Any

import pytest

from davd.dav.properties import view
from davd.dav.settings import DavSettings
from davd.model.principal import INDIVIDUAL, ROOM, Account
from davd.testing.exchange import Trial, run
from tests.dav.answers import Answer, D, by_href, prop
from tests.dav.sharing import ace, add_group, add_principal, set_members, share

PRINCIPAL = "/principals/users/alice/"


@pytest.mark.parametrize("path", ["/", "/principals/", "/principals/users/", PRINCIPAL, "/files/alice/"])
def test_the_principal_of_who_asks_is_found_from_everywhere(path: str) -> None:
    made = Trial()
    names = ("{DAV:}current-user-principal", "{DAV:}principal-collection-set", "{DAV:}resourcetype")
    answer = by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(*names)))[path]
    assert answer.text("{DAV:}current-user-principal") == PRINCIPAL
    assert answer.text("{DAV:}principal-collection-set") == "/principals/"
    types = [child.tag for child in answer.element("{DAV:}resourcetype")]
    assert types == ["{DAV:}collection", "{DAV:}principal"][: 2 if path == PRINCIPAL else 1]


def test_what_every_principal_has() -> None:
    made = Trial()
    names = ("principal-URL", "alternate-URI-set", "group-membership", "displayname", "group-member-set")
    asked = prop(*[f"{{DAV:}}{name}" for name in names])
    answer = by_href(made, made.request("PROPFIND", PRINCIPAL, {"Depth": "0"}, asked))[PRINCIPAL]
    assert answer.text("{DAV:}principal-URL") == PRINCIPAL
    assert answer.text("{DAV:}alternate-URI-set") == ""
    assert answer.text("{DAV:}group-membership") == ""
    assert answer.text("{DAV:}displayname") == "alice"
    # RFC 3744, 4.3: of groups only.
    assert answer.statuses()["{DAV:}group-member-set"] == 404
    home = by_href(made, made.request("PROPFIND", "/files/alice/", {"Depth": "0"}, asked))["/files/alice/"]
    assert set(home.statuses().values()) == {404}


def test_the_displayname_is_that_of_the_account_until_one_is_stored() -> None:
    made = Trial()

    async def name() -> None:
        async with made.store.write() as transaction:
            await transaction.update_account(Account("alice", display_name="Alice & Co"))

    run(name())

    def shown() -> list[str]:
        found = by_href(made, made.request("PROPFIND", "/principals/users/", {"Depth": "1"}, prop("{DAV:}displayname")))
        return [answer.text("{DAV:}displayname") for answer in found.values() if answer.found()]

    assert shown() == ["Alice & Co"]
    update = b'<propertyupdate xmlns="DAV:"><set><prop><displayname>Al</displayname></prop></set></propertyupdate>'
    assert made.request("PROPPATCH", PRINCIPAL, {}, update).status == 207
    assert shown() == ["Al"]
    remove = b'<propertyupdate xmlns="DAV:"><remove><prop><displayname/></prop></remove></propertyupdate>'
    assert made.request("PROPPATCH", PRINCIPAL, {}, remove).status == 207
    assert shown() == ["alice"]


def test_a_name_that_was_set_is_found_by_searches() -> None:
    """Verifies: RFC 3744, 9.4"""
    made = Trial()
    update = '<propertyupdate xmlns="DAV:"><set><prop><displayname>{}</displayname></prop></set></propertyupdate>'
    made.request("PROPPATCH", PRINCIPAL, {}, update.format(" White Rabbit ").encode())
    search = (
        b'<principal-property-search xmlns="DAV:"><property-search><prop><displayname/></prop><match>rabbit</match>'
        b"</property-search><prop><displayname/></prop></principal-property-search>"
    )
    (answer,) = by_href(made, made.request("REPORT", "/principals/", {}, search)).values()
    assert answer.text("{DAV:}displayname") == "White Rabbit"
    # Other resources keep what they are called themselves.
    made.request("PROPPATCH", "/files/alice/", {}, update.format("Files").encode())
    found = by_href(made, made.request("PROPFIND", "/files/alice/", {"Depth": "0"}, prop("{DAV:}displayname")))
    assert found["/files/alice/"].text("{DAV:}displayname") == "Files"


def described(made: Trial, path: str, user: str = "alice") -> Answer:
    names = [D + name for name in ("group-member-set", "group-membership", "principal-URL", "displayname", "owner")]
    return by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(*names), user))[path]


def hrefs(element: Any) -> list[str]:
    assert {child.tag for child in element} <= {D + "href"}
    return [child.text for child in element]


class TestGroups:
    """Verifies: RFC 3744, 4.3, 4.4"""

    def peopled(self) -> Trial:
        made = Trial()
        add_principal(made, "hall", ROOM)
        add_group(made, "inner", "alice", "hall")
        add_group(made, "outer", "inner", "bob", "alice")
        add_group(made, "alone", "bob")
        return made

    def test_direct_members_by_their_urls(self) -> None:
        made = self.peopled()
        outer = described(made, "/principals/groups/outer/")
        assert hrefs(outer.element(D + "group-member-set")) == [
            PRINCIPAL, "/principals/users/bob/", "/principals/groups/inner/",
        ]  # fmt: skip
        assert outer.text(D + "principal-URL") == "/principals/groups/outer/"
        assert outer.text(D + "owner") == "/principals/groups/outer/"
        inner = described(made, "/principals/groups/inner/")
        assert hrefs(inner.element(D + "group-member-set")) == [PRINCIPAL, "/principals/rooms/hall/"]
        assert hrefs(inner.element(D + "group-membership")) == ["/principals/groups/outer/"]

    def test_an_empty_group(self) -> None:
        made = Trial(settings=DavSettings(principal_search="all"))
        add_group(made, "nobody")
        assert described(made, "/principals/groups/nobody/").text(D + "group-member-set") == ""

    def test_the_groups_directly_around(self) -> None:
        made = self.peopled()
        own = described(made, PRINCIPAL)
        assert hrefs(own.element(D + "group-membership")) == ["/principals/groups/inner/", "/principals/groups/outer/"]
        hall = described(made, "/principals/rooms/hall/")
        assert hrefs(hall.element(D + "group-membership")) == ["/principals/groups/inner/"]

    def test_of_others_no_group_is_told_that_one_is_not_in(self) -> None:
        made = self.peopled()
        bob = described(made, "/principals/users/bob/")
        assert hrefs(bob.element(D + "group-membership")) == ["/principals/groups/outer/"]
        own = described(made, "/principals/users/bob/", "bob")
        assert hrefs(own.element(D + "group-membership")) == ["/principals/groups/alone/", "/principals/groups/outer/"]

    def test_they_are_protected(self) -> None:
        made = self.peopled()
        for name in ("group-member-set", "group-membership", "principal-URL", "alternate-URI-set"):
            update = f'<propertyupdate xmlns="DAV:"><set><prop><{name}/></prop></set></propertyupdate>'
            answer = by_href(made, made.request("PROPPATCH", PRINCIPAL, {}, update.encode()))[PRINCIPAL]
            assert answer.conditions == {D + name: D + "cannot-modify-protected-property"}
        assert made.request("PROPPATCH", "/principals/groups/inner/", {}, update.encode()).status == 403

    def test_in_a_listing(self) -> None:
        made = self.peopled()
        found = by_href(
            made, made.request("PROPFIND", "/principals/groups/", {"Depth": "1"}, prop(D + "group-member-set"))
        )
        # The group in which alice is not is not there.
        assert sorted(found) == ["/principals/groups/", "/principals/groups/inner/", "/principals/groups/outer/"]
        assert len(hrefs(found["/principals/groups/outer/"].element(D + "group-member-set"))) == 3

    @pytest.mark.parametrize("few", [50, 1000])
    def test_a_large_group(self, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
        monkeypatch.setattr(view, "_FEW", few)
        made = Trial()
        names = [f"p{number:03}" for number in range(120)]
        for name in names:
            add_principal(made, name, INDIVIDUAL)
        add_group(made, "all", "alice", *names)
        members = hrefs(described(made, "/principals/groups/all/").element(D + "group-member-set"))
        assert members == [PRINCIPAL, *[f"/principals/users/{name}/" for name in names]]

    def test_expanded(self) -> None:
        """Verifies: RFC 3253, 3.8"""
        made = self.peopled()
        body = (
            '<expand-property xmlns="DAV:"><property name="group-membership"><property name="displayname"/>'
            '<property name="group-member-set"><property name="displayname"/></property></property></expand-property>'
        )
        response = made.request("REPORT", PRINCIPAL, {}, body.encode())
        membership = by_href(made, response)[PRINCIPAL].element(D + "group-membership")
        names = [element.text for element in membership.iter(D + "displayname")]
        assert names == ["inner", "alice", "hall", "outer", "alice", "bob", "inner"]
        # For bob, who is not in it, it is not to be had.
        body = (
            '<expand-property xmlns="DAV:"><property name="owner"><property name="displayname"/></property>'
            "</expand-property>"
        )
        made.request("PUT", "/files/alice/x", {}, b"x")
        share(made, "/files/alice/x", ace("bob", "read"))
        set_members(made, "outer", "bob")
        told = by_href(made, made.request("REPORT", "/files/alice/x", {}, body.encode(), "bob"))["/files/alice/x"]
        assert told.element(D + "owner").findtext(f"{D}response/{D}status") == "HTTP/1.1 404 Not Found"


@pytest.mark.parametrize("name", ["d@example.org", "o'neill", "\u00e9mile", "a+b", "100%"])
def test_urls_of_names_with_other_characters(name: str) -> None:
    """Verifies: RFC 3986, 2.1; RFC 3744, 4.2"""
    made = Trial()
    add_principal(made, name, INDIVIDUAL)
    found = by_href(made, made.request("PROPFIND", "/", {"Depth": "0"}, prop(D + "current-user-principal"), name))
    url = found["/"].text(D + "current-user-principal")
    everything_encoded = "/principals/users/" + "".join([f"%{octet:02x}" for octet in name.encode()])
    for form in (url, url.rstrip("/"), everything_encoded, everything_encoded + "/", url.replace("@", "%40")):
        (answer,) = by_href(
            made, made.request("PROPFIND", form, {"Depth": "0"}, prop(D + "principal-URL"), name)
        ).values()
        assert (answer.href, answer.text(D + "principal-URL")) == (url, url)
