"""Access control as a client reads it.

Verifies: RFC 3744, 3, 5
"""

from __future__ import annotations

from typing import Any

import pytest

from davd.dav.access.privileges import ALL, READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, WRITE_PROPERTIES, expand
from davd.testing.exchange import Trial
from tests.dav.answers import Answer, by_href, prop

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
    assert privileges(answer.element(D + "current-user-privilege-set")) == {READ, READ_CURRENT_USER_PRIVILEGE_SET}
    # RFC 3744, 3.6: the list itself needs DAV:read-acl.
    assert answer.statuses()[D + "acl"] == 404


def test_a_principal_may_be_described_by_its_user() -> None:
    answer = look("/principals/users/alice/")
    expected = {READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, WRITE_PROPERTIES}
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
