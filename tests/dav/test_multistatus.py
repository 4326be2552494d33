"""Multistatus answers without properties.

Verifies: RFC 4918, 11.1, 13, 14.16, 14.24
"""

from __future__ import annotations

from lxml import etree

from davd.dav.multistatus import MemberStatus, of_members, respond

D = "{DAV:}"


def test_each_member_has_its_status_and_says_why() -> None:
    response = of_members(
        [
            MemberStatus("/files/a%20b/", 423, "{DAV:}lock-token-submitted", ("/files/a%20b/",)),
            MemberStatus("/files/c&d", 404),
        ]
    )
    assert response.status == 207
    assert response.headers == {"Content-Type": "application/xml; charset=utf-8"}
    assert isinstance(response.body, bytes)
    first, second = etree.fromstring(response.body)
    assert first.findtext(D + "href") == "/files/a%20b/"
    assert first.findtext(D + "status") == "HTTP/1.1 423 Locked"
    assert first.findtext(f"{D}error/{D}lock-token-submitted/{D}href") == "/files/a%20b/"
    assert [element.text for element in second] == ["/files/c&d", "HTTP/1.1 404 Not Found"]


def test_applied_preferences_are_told() -> None:
    assert respond(b"x", "return=minimal").headers["Preference-Applied"] == "return=minimal"
    assert "Preference-Applied" not in respond(b"x").headers
