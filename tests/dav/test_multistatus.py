"""The answer that holds a multistatus document.

Verifies: RFC 4918, 11.1, 13; RFC 7240, 3
"""

from __future__ import annotations

from davd.dav.multistatus import respond


def test_applied_preferences_are_told() -> None:
    assert respond(b"x", "return=minimal").headers["Preference-Applied"] == "return=minimal"
    assert "Preference-Applied" not in respond(b"x").headers


def test_a_multistatus_is_a_207_of_xml() -> None:
    response = respond(b"x")
    assert (response.status, response.body) == (207, b"x")
    assert response.headers == {"Content-Type": "application/xml; charset=utf-8"}
