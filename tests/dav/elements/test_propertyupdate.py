"""The body of PROPPATCH.

Verifies: RFC 4918, 4.3, 9.2, 14.19, 14.23, 14.26
"""

from __future__ import annotations

import pytest
from hypothesis import given
from lxml import etree

from davd.dav.elements.propertyupdate import PropertyChange, parse_propertyupdate, settings_in
from davd.dav.elements.source import MAX_NAMES
from davd.formats.xml.reader import parse
from davd.model.errors import HTTPError
from tests.formats.xml.documents import c14n, documents


def body(content: str) -> bytes:
    return f'<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:z">{content}</D:propertyupdate>'.encode()


def test_instructions_keep_their_order() -> None:
    changes = parse_propertyupdate(
        body(
            "<D:set><D:prop><Z:a>1</Z:a><b/></D:prop></D:set>"
            "<D:remove><D:prop><Z:a/><Z:c>ignored</Z:c></D:prop></D:remove>"
            "<D:set><D:prop><Z:a>2</Z:a></D:prop></D:set>"
        )
    )
    assert changes == (
        PropertyChange("{urn:z}a", b'<Z:a xmlns:Z="urn:z">1</Z:a>', "1"),
        PropertyChange("b", b"<b/>", ""),
        PropertyChange("{urn:z}a", None),
        PropertyChange("{urn:z}c", None),
        PropertyChange("{urn:z}a", b'<Z:a xmlns:Z="urn:z">2</Z:a>', "2"),
    )


def test_the_language_in_scope_is_kept() -> None:
    changes = parse_propertyupdate(body('<D:set><D:prop xml:lang="de"><a>x<b>y</b></a></D:prop></D:set>'))
    assert changes == (PropertyChange("a", b'<a xml:lang="de">x<b>y</b></a>', "xy", "de"),)


def test_several_props_in_one_instruction_count_all() -> None:
    changes = parse_propertyupdate(body("<D:set><D:prop><a/></D:prop><D:prop><b/></D:prop></D:set>"))
    assert [change.name for change in changes] == ["a", "b"]


def test_what_windows_sends() -> None:
    content = (
        '<D:set><D:prop><Z:Win32LastModifiedTime xmlns:Z="urn:schemas-microsoft-com:">'
        "Mon, 23 Nov 2026 10:00:00 GMT</Z:Win32LastModifiedTime></D:prop></D:set>"
    )
    (change,) = parse_propertyupdate(body(content), 'text/xml; charset="utf-8"')
    assert change.name == "{urn:schemas-microsoft-com:}Win32LastModifiedTime"
    assert change.text == "Mon, 23 Nov 2026 10:00:00 GMT"


@given(documents(scope={"D": "DAV:", "Z": "urn:z"}))
def test_any_well_formed_value_is_kept(document: str) -> None:
    (change,) = parse_propertyupdate(body(f"<D:set><D:prop>{document}</D:prop></D:set>"))
    sent = etree.fromstring(body(document))[0]
    assert change.name == sent.tag and change.fragment is not None
    assert c14n(etree.fromstring(change.fragment)) == c14n(sent)


def test_what_is_unknown_is_not_there() -> None:
    changes = parse_propertyupdate(body("<x><D:prop><a/></D:prop></x><D:remove><D:prop><b/></D:prop><y/></D:remove>"))
    assert changes == (PropertyChange("b", None),)


@pytest.mark.parametrize(
    "content",
    ["", "<x/>", "<D:set/>", "<D:remove/>", "<D:set><a/></D:set>", "<D:set><D:prop/></D:set>", "<D:prop><a/>"],
)
def test_what_changes_nothing_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_propertyupdate(body(content))
    assert caught.value.status == 400


@pytest.mark.parametrize("sets", [1, 5])
def test_as_many_properties_as_a_propfind_may_name(sets: int) -> None:
    def changing(count: int) -> bytes:
        names = [f"<a{number}/>" for number in range(count)]
        instructions = ["<D:set><D:prop>" + "".join(names[start::sets]) + "</D:prop></D:set>" for start in range(sets)]
        return body("".join(instructions))

    assert len(parse_propertyupdate(changing(MAX_NAMES))) == MAX_NAMES
    with pytest.raises(HTTPError) as caught:
        parse_propertyupdate(changing(MAX_NAMES + 1))
    assert caught.value.status == 400


@pytest.mark.parametrize("other", [b"", b'<propfind xmlns="DAV:"/>', b"<propertyupdate/>"])
def test_what_is_no_propertyupdate_is_400(other: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_propertyupdate(other)
    assert caught.value.status == 400


def test_settings_of_one_instruction() -> None:
    assert settings_in(parse(b'<set xmlns="DAV:"><prop><a xmlns="">x</a></prop></set>')) == [
        PropertyChange("a", b'<a xmlns="">x</a>', "x")
    ]
