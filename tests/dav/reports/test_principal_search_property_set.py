"""principal-search-property-set over a memory store.

Verifies: RFC 3744, 9.5
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.dav.registry import Extension, LiveProperty, Search
from davd.testing.exchange import Trial
from tests.dav.answers import D

BODY = b'<D:principal-search-property-set xmlns:D="DAV:"/>'
EXTENSION = Extension(
    "mail",
    properties=[
        LiveProperty("{urn:x}mail", lambda view, row: None, search=Search("Address", lambda exchange, account: ())),
        LiveProperty("{urn:x}other", lambda view, row: None),
    ],
)


@pytest.mark.parametrize("path", ["/principals/", "/principals/users/", "/", "/files/alice/"])
def test_what_can_be_searched_and_how_it_is_called(path: str) -> None:
    trial = Trial(EXTENSION)
    response = trial.request("REPORT", path, {"Depth": "0"}, BODY)
    assert (response.status, response.headers["Content-Type"]) == (200, "application/xml; charset=utf-8")
    root = etree.fromstring(trial.read(response))
    assert root.tag == D + "principal-search-property-set"
    told = {}
    for element in root:
        assert element.tag == D + "principal-search-property"
        prop, description = element
        assert (prop.tag, description.tag) == (D + "prop", D + "description")
        assert description.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
        (name,) = prop
        told[str(name.tag)] = description.text
    assert told == {D + "displayname": "Name", "{urn:x}mail": "Address"}


def test_other_depths() -> None:
    assert Trial().request("REPORT", "/principals/", {"Depth": "1"}, BODY).status == 400


def test_not_on_files() -> None:
    trial = Trial()
    trial.request("PUT", "/files/alice/a", {}, b"x")
    assert trial.request("REPORT", "/files/alice/a", {}, BODY).status == 403
