"""The body of extended MKCOL.

Verifies: RFC 5689, 3, 3.4, 4.1.1, 5.1; RFC 4918, 9.3
"""

from __future__ import annotations

import pytest

from davd.dav.elements.mkcol import MkCol, parse_mkcol
from davd.dav.elements.propertyupdate import PropertyChange
from davd.formats.xml.names import CALDAV
from davd.formats.xml.reader import parse
from davd.model.errors import HTTPError


def body(content: str, name: str = "D:mkcol") -> bytes:
    return f'<{name} xmlns:D="DAV:" xmlns:E="urn:e" xmlns:C="{CALDAV}">{content}</{name}>'.encode()


def test_a_type_and_properties() -> None:
    content = (
        "<D:set><D:prop><D:resourcetype><D:collection/><E:special/></D:resourcetype>"
        "<D:displayname>Name</D:displayname></D:prop></D:set><D:set><D:prop><E:x/></D:prop></D:set>"
    )
    expected = MkCol(
        ("{DAV:}collection", "{urn:e}special"),
        (
            PropertyChange("{DAV:}displayname", b'<D:displayname xmlns:D="DAV:">Name</D:displayname>', "Name"),
            PropertyChange("{urn:e}x", b'<E:x xmlns:E="urn:e"/>'),
        ),
    )
    assert parse_mkcol(body(content)) == parse_mkcol(parse(body(content))) == expected


def test_no_type_is_none_and_an_empty_one_is_empty() -> None:
    assert parse_mkcol(body("<D:set><D:prop><E:x/></D:prop></D:set>")).resource_type is None
    assert parse_mkcol(body("<D:set><D:prop><D:resourcetype/></D:prop></D:set>")) == MkCol(())


def test_nothing_to_set_is_a_plain_collection() -> None:
    assert parse_mkcol(body("<unknown/>")) == MkCol()


def test_mkcalendar_has_the_same_form() -> None:
    sent = body("<D:set><D:prop><D:displayname>x</D:displayname></D:prop></D:set>", "C:mkcalendar")
    made = parse_mkcol(sent, "text/xml", f"{{{CALDAV}}}mkcalendar")
    assert [change.text for change in made.properties] == ["x"]
    with pytest.raises(HTTPError) as caught:
        parse_mkcol(sent)
    assert caught.value.status == 415


@pytest.mark.parametrize("other", [b"<mkcol/>", b'<propertyupdate xmlns="DAV:"/>'])
def test_another_root_is_415(other: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_mkcol(other)
    assert caught.value.status == 415


@pytest.mark.parametrize("other", [b"", b"x", body("<D:set/>"), body("<D:set><D:displayname/></D:set>")])
def test_what_is_malformed_is_400(other: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_mkcol(other)
    assert caught.value.status == 400
