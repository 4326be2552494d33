"""expand-property over a memory store.

Verifies: RFC 3253, 3.8; RFC 3744, 4, 5.1
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from davd.dav.registry import LiveProperty
from davd.dav.reports import expand_property
from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.dav.answers import D, by_href

HOME = "/files/alice/"
FILE = HOME + "a.txt"


def report(made: Trial, properties: str, path: str = FILE, user: str = "alice", **headers: str) -> Any:
    body = f'<expand-property xmlns="DAV:">{properties}</expand-property>'.encode()
    return made.request("REPORT", path, headers, body, user)


def filled() -> Trial:
    made = Trial()
    made.request("PUT", FILE, {}, b"x")
    return made


def test_hrefs_become_responses_as_deep_as_asked() -> None:
    made = filled()
    inner = '<property name="principal-URL"><property name="displayname"/></property><property name="none"/>'
    response = report(made, f'<property name="owner">{inner}</property><property name="getetag"/>')
    answer = by_href(made, response)[FILE]
    assert answer.statuses() == {"{DAV:}owner": 200, "{DAV:}getetag": 200}
    (principal,) = answer.element("{DAV:}owner")
    assert principal.tag == D + "response"
    assert principal.findtext(D + "href") == "/principals/users/alice/"
    (again,) = principal.findall(f"{D}propstat/{D}prop/{D}principal-URL/{D}response")
    assert again.findtext(f"{D}propstat/{D}prop/{D}displayname") == "alice"
    assert principal.findall(f"{D}propstat/{D}prop/{D}none")


def test_without_inner_properties_hrefs_stay() -> None:
    made = filled()
    answer = by_href(made, report(made, '<property name="owner"/>'))[FILE]
    assert answer.text("{DAV:}owner") == "/principals/users/alice/"
    assert len(answer.element("{DAV:}owner").findall(D + "href")) == 1


def test_names_of_other_namespaces_are_declared_where_they_stand() -> None:
    made = filled()
    name = '<property name="getctag" namespace="http://calendarserver.org/ns/"/>'
    response = report(made, f'<property name="owner">{name}</property>')
    answer = by_href(made, response)[FILE]
    (ctag,) = answer.element("{DAV:}owner").iter("{http://calendarserver.org/ns/}getctag")
    assert str(ctag.text).startswith("urn:davd:sync:")


def test_hrefs_in_stored_properties_are_not_followed() -> None:
    made = filled()
    update = (
        b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x"><D:href>/files/alice/</D:href></x>'
        b"<D:displayname><D:href>/files/alice/</D:href></D:displayname></D:prop></D:set></D:propertyupdate>"
    )
    made.request("PROPPATCH", FILE, {}, update)
    inner = '<property name="displayname"/>'
    response = report(
        made,
        f'<property name="x" namespace="urn:x">{inner}</property><property name="displayname">{inner}</property>',
    )
    answer = by_href(made, response)[FILE]
    for name in ("{urn:x}x", "{DAV:}displayname"):
        assert [child.tag for child in answer.element(name)] == ["{DAV:}href"]


def test_what_may_not_be_seen_is_404() -> None:
    made = filled()
    made.registry.properties = dict(made.registry.properties)
    made.registry.properties["{urn:x}friend"] = LiveProperty(
        "{urn:x}friend", lambda view, row: b"<D:href>/principals/users/bob/</D:href><D:href>/elsewhere</D:href>"
    )
    inner = '<property name="displayname"/>'
    answer = by_href(made, report(made, f'<property name="friend" namespace="urn:x">{inner}</property>'))[FILE]
    statuses = [response.findtext(D + "status") for response in answer.element("{urn:x}friend")]
    assert statuses == ["HTTP/1.1 404 Not Found"] * 2


def test_depth_one_adds_the_members() -> None:
    made = filled()
    hrefs = by_href(made, report(made, '<property name="owner"/>', HOME, Depth="1"))
    assert list(hrefs) == [HOME, FILE]
    assert list(by_href(made, report(made, '<property name="owner"/>', HOME))) == [HOME]
    assert report(made, '<property name="owner"/>', HOME, Depth="infinity").status == 400


def test_an_answer_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled()
    monkeypatch.setattr(expand_property, "MOST", 2)
    inner = '<property name="principal-URL"><property name="displayname"/></property>'
    assert report(made, f'<property name="owner">{inner}</property>').status == 507
    assert report(made, '<property name="owner"><property name="displayname"/></property>').status == 207


def test_a_member_that_is_too_much_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled()
    made.registry.properties = dict(made.registry.properties)
    hrefs = b"<D:href>/principals/users/alice/</D:href>"
    made.registry.properties["{urn:x}many"] = LiveProperty(
        "{urn:x}many", lambda view, row: hrefs * (3000 if row.name == "b.txt" else 1)
    )
    for name in ("b.txt", "c.txt"):
        made.request("PUT", HOME + name, {}, b"x")
    wanted = '<property name="many" namespace="urn:x"><property name="displayname"/></property>'
    answers = by_href(made, report(made, wanted, HOME, Depth="1"))
    assert [answer.status for answer in answers.values()] == [None, None, 507, None]
    assert answers[HOME + "b.txt"].condition == expand_property.TOO_MUCH
    assert report(made, wanted, HOME + "b.txt").status == 507
    monkeypatch.setattr(expand_property, "MOST", 3)
    assert report(made, wanted, HOME, Depth="1").status == 507


def test_a_long_answer_comes_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled()
    for index in range(20):
        made.request("PUT", f"{HOME}{index}", {}, b"x")
    wanted = '<property name="owner"><property name="displayname"/></property>'
    whole = made.read(report(made, wanted, HOME, Depth="1"))
    monkeypatch.setattr(expand_property, "_PAGE_WORK", 1)
    response = report(made, wanted, HOME, Depth="1")
    assert isinstance(response.body, AsyncIterator)
    assert made.read(response) == whole


def test_long_names_do_not_make_a_long_answer() -> None:
    made = filled()
    for index in range(20):
        made.request("PUT", f"{HOME}{index}", {}, b"x")
    # A megabyte of names for each of the members.
    names = "".join([f'<property name="p{index}" namespace="urn:{"n" * 1000}"/>' for index in range(950)])
    response = report(made, names, HOME, Depth="1")
    assert isinstance(response.body, AsyncIterator)
    content = made.read(response)
    assert 8 * 1024**2 < len(content) <= expand_property.MOST_CHARACTERS
    statuses = [answer.status for answer in by_href(made, Response(207, response.headers, content)).values()]
    assert 507 in statuses and statuses.index(507) == len(statuses) - statuses.count(507)
    assert report(made, names, HOME).status == 207


def test_bodies_that_name_nothing_are_400() -> None:
    made = filled()
    assert report(made, "<property/>").status == 400
    assert report(made, '<property name="a b"/>').status == 400
