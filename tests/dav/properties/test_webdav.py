"""The live properties of WebDAV itself.

Verifies: RFC 4918, 15
"""

from __future__ import annotations

import pytest

from davd.testing.exchange import START, Trial
from tests.dav.answers import Answer, by_href, prop

HOME = "/files/alice/"
FILE = HOME + "a.txt"
D = "{DAV:}"


def filled() -> Trial:
    made = Trial()
    made.request("PUT", FILE, {"Content-Type": "text/plain; charset=utf-8"}, b"content")
    return made


def look(made: Trial, path: str, *names: str) -> Answer:
    asked = prop(*[D + name for name in names])
    return by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, asked))[path]


def patch(made: Trial, content: str) -> Answer:
    body = f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>{content}</D:prop></D:set></D:propertyupdate>'
    return by_href(made, made.request("PROPPATCH", FILE, {}, body.encode()))[FILE]


def test_what_get_says_in_header_fields() -> None:
    made = filled()
    headers = made.request("HEAD", FILE).headers
    answer = look(made, FILE, "getcontentlength", "getcontenttype", "getetag", "getlastmodified")
    assert answer.text(D + "getcontentlength") == headers["Content-Length"] == "7"
    assert answer.text(D + "getcontenttype") == headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text(D + "getetag") == headers["ETag"]
    assert answer.text(D + "getlastmodified") == headers["Last-Modified"]


def test_a_file_sent_without_a_type_has_that_of_its_name() -> None:
    made = filled()
    made.request("PUT", HOME + "b.html", {}, b"")
    made.request("PUT", HOME + "c", {}, b"")
    found = by_href(made, made.request("PROPFIND", HOME, {"Depth": "1"}, prop(D + "getcontenttype")))
    types = {href: answer.text(D + "getcontenttype") for href, answer in found.items() if answer.found()}
    assert types == {
        FILE: "text/plain; charset=utf-8",
        HOME + "b.html": "text/html",
        HOME + "c": "application/octet-stream",
    }


def test_creation_is_once_and_modification_each_time() -> None:
    made = filled()
    made.now = START + 3600
    made.request("PUT", FILE, {}, b"new content")
    answer = look(made, FILE, "creationdate", "getlastmodified")
    assert answer.text(D + "creationdate") == "2023-11-14T22:13:20Z"
    assert answer.text(D + "getlastmodified") == "Tue, 14 Nov 2023 23:13:20 GMT"


def test_resourcetype_tells_collections_and_principals_from_files() -> None:
    made = filled()
    types = {
        path: [str(child.tag) for child in look(made, path, "resourcetype").element(D + "resourcetype")]
        for path in (FILE, HOME, "/principals/users/alice/")
    }
    assert types == {
        FILE: [],
        HOME: [D + "collection"],
        "/principals/users/alice/": [D + "collection", D + "principal"],
    }


def test_lastmodified_in_seconds_sets_the_time() -> None:
    made = filled()
    assert patch(made, "<D:lastmodified>1000000000</D:lastmodified>").statuses() == {D + "lastmodified": 200}
    answer = look(made, FILE, "getlastmodified", "lastmodified")
    assert answer.text(D + "getlastmodified") == "Sun, 09 Sep 2001 01:46:40 GMT"
    assert answer.statuses()[D + "lastmodified"] == 404
    assert made.request("GET", FILE).headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"


@pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf", "1e300"])
def test_other_values_are_conflicts(value: str) -> None:
    made = filled()
    assert patch(made, f"<D:lastmodified>{value}</D:lastmodified>").statuses() == {D + "lastmodified": 409}


def test_displayname_is_absent_until_a_client_sets_one() -> None:
    made = filled()
    assert look(made, FILE, "displayname", "getcontentlanguage").found() == []
    patch(made, "<D:displayname>A</D:displayname>")
    assert look(made, FILE, "displayname").text(D + "displayname") == "A"
    assert look(made, HOME, "displayname").found() == []
