"""The body of PROPFIND.

Verifies: RFC 4918, 9.1, 14.2, 14.8, 14.18, 14.20, 14.21, A.3, A.4
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.elements.propfind import ALLPROP, PROPNAME, PropFind, parse_propfind
from davd.formats.xml.reader import parse
from davd.model.errors import HTTPError


def body(content: str, attributes: str = "") -> bytes:
    return f'<?xml version="1.0"?><D:propfind xmlns:D="DAV:" {attributes}>{content}</D:propfind>'.encode()


def test_an_empty_body_is_allprop() -> None:
    assert parse_propfind(b"") == ALLPROP == PropFind("allprop")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<D:allprop/>", ALLPROP),
        ("<D:propname/>", PROPNAME),
        ("<D:allprop></D:allprop>\n<D:include><D:acl/><x:y xmlns:x='u'/></D:include>", ("{DAV:}acl", "{u}y")),
        ("<D:include><D:acl/></D:include><D:allprop/>", ("{DAV:}acl",)),
    ],
)
def test_all_and_names(content: str, expected: PropFind | tuple[str, ...]) -> None:
    if isinstance(expected, tuple):
        expected = PropFind("allprop", include=expected)
    assert parse_propfind(body(content)) == expected


def test_named_properties() -> None:
    content = (
        '<D:prop><D:getetag/><R:author xmlns:R="http://ns.example.com/"/><plain/><D:getetag>x</D:getetag></D:prop>'
    )
    expected = PropFind("prop", ("{DAV:}getetag", "{http://ns.example.com/}author", "plain"))
    assert parse_propfind(body(content)) == expected
    assert parse_propfind(parse(body(content))) == expected
    assert parse_propfind(body(content), 'application/xml; charset="utf-8"') == expected


def test_an_empty_prop_names_nothing() -> None:
    assert parse_propfind(body("<D:prop/>")) == PropFind("prop")


def test_what_is_unknown_is_not_there() -> None:
    # RFC 4918, A.4: an additive extension is ignored.
    content = '<D:propname/><E:leave-out xmlns:E="urn:e"><D:prop/>*boss*</E:leave-out><prop/>'
    assert parse_propfind(body(content, 'a="b"')) == PROPNAME


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<E:expired-props xmlns:E='urn:e'/>",
        "<D:allprop/><D:propname/>",
        "<D:prop/><D:propname/>",
        "<D:prop/><D:allprop/>",
        "<D:prop/><D:prop/>",
        "<D:allprop/><D:allprop/>",
        "<D:include><D:acl/></D:include>",
        '<D:prop><bar:foo xmlns:bar=""/></D:prop>',
        "<D:prop><foo></D:prop>",
    ],
)
def test_what_is_illegal_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_propfind(body(content))
    assert caught.value.status == 400


@pytest.mark.parametrize("other", [b"<propfind><allprop/></propfind>", b'<x xmlns="DAV:"><allprop/></x>', b"  ", b"x"])
def test_what_is_no_propfind_is_400(other: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_propfind(other)
    assert caught.value.status == 400


PARTS = ["<D:prop>", "</D:prop>", "<D:allprop/>", "<D:propname/>", "<D:include/>", "<a/>", "text", "<D:getetag/>"]


@given(st.lists(st.sampled_from(PARTS), max_size=6))
def test_it_is_either_a_propfind_or_400(parts: list[str]) -> None:
    try:
        assert parse_propfind(body("".join(parts))).kind in ("prop", "allprop", "propname")
    except HTTPError as error:
        assert error.status == 400
