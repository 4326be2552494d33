"""acl-principal-prop-set over a memory store.

Verifies: RFC 3744, 9.2
"""

from __future__ import annotations

import pytest

from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.dav.answers import D, by_href, condition, read
from tests.dav.sharing import ace, add_group, describe, share

HOME = "/files/alice/"
URL = HOME + "note.txt"
NAMES = "<prop><displayname/></prop>"


def ask(trial: Trial, path: str = URL, content: str = NAMES, user: str = "alice", **headers: str) -> Response:
    body = f'<acl-principal-prop-set xmlns="DAV:">{content}</acl-principal-prop-set>'.encode()
    return trial.request("REPORT", path, headers, body, user)


def shared() -> Trial:
    trial = Trial()
    trial.request("PUT", URL, body=b"x")
    add_group(trial, "staff", "alice", "bob")
    describe(trial, "bob", display_name="Robert")
    share(trial, HOME, ace("/principals/groups/staff/", "read"))
    share(trial, URL, ace("bob", "read"), ace("<D:authenticated/>", "read"), ace("bob", "write"))
    return trial


def test_each_principal_once_inherited_ones_and_the_owner_too() -> None:
    trial = shared()
    found = by_href(trial, ask(trial))
    assert {href: answer.text(D + "displayname") for href, answer in found.items()} == {
        "/principals/users/alice/": "alice",
        "/principals/users/bob/": "Robert",
        "/principals/groups/staff/": "staff",
    }


def test_a_principal_that_is_not_to_be_known_is_there_without_properties() -> None:
    trial = Trial()
    trial.request("PUT", URL, body=b"x")
    share(trial, URL, ace("bob", "read"))
    found = by_href(trial, ask(trial))
    assert found["/principals/users/alice/"].text(D + "displayname") == "alice"
    assert found["/principals/users/bob/"].status == 404


def test_without_properties() -> None:
    trial = shared()
    assert [answer.status for answer in read(trial, ask(trial, content="<x/>"))] == [200, 200, 200]


def test_who_may_read_the_list() -> None:
    trial = shared()
    response = ask(trial, user="bob")
    assert condition(trial, response) == D + "need-privileges"
    assert b"<D:read-acl/>" in response.body
    share(trial, URL, ace("bob", "read", "read-acl"))
    assert "/principals/users/alice/" in by_href(trial, ask(trial, user="bob"))


@pytest.mark.parametrize("path", ["/", "/files/", "/principals/users/"])
def test_what_belongs_to_nobody_has_no_list(path: str) -> None:
    assert ask(Trial(), path).status == 403


def test_more_than_there_is_room_for() -> None:
    trial = shared()
    trial.settings.max_principal_results = 2
    answers = read(trial, ask(trial))
    assert [answer.href for answer in answers] == ["/principals/users/alice/", "/principals/users/bob/", URL]
    assert (answers[-1].status, answers[-1].condition) == (507, D + "number-of-matches-within-limits")


def test_other_depths_and_bodies() -> None:
    trial = shared()
    for depth in ("1", "infinity"):
        assert ask(trial, Depth=depth).status == 400
    assert ask(trial, content=NAMES * 2).status == 400
