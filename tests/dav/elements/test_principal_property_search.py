"""The body of principal-property-search.

Verifies: RFC 3744, 9.4
"""

from __future__ import annotations

import pytest

from davd.dav.elements.principal_property_search import (
    Criterion,
    PrincipalPropertySearch,
    parse_principal_property_search,
)
from davd.model.errors import HTTPError

NAME = "{DAV:}displayname"
ONE = "<property-search><prop><displayname/></prop><match>do E</match></property-search>"


def body(content: str, attributes: str = "") -> bytes:
    return f'<principal-property-search xmlns="DAV:" {attributes}>{content}</principal-property-search>'.encode()


class TestParse:
    """Verifies: RFC 3744, 9.4"""

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            (body(ONE), PrincipalPropertySearch((Criterion((NAME,), "do E"),))),
            (body(ONE + "<prop/>"), PrincipalPropertySearch((Criterion((NAME,), "do E"),), names=())),
            (
                body(ONE + "<apply-to-principal-collection-set/><prop><getetag/></prop>"),
                PrincipalPropertySearch((Criterion((NAME,), "do E"),), names=("{DAV:}getetag",), everywhere=True),
            ),
            (body(ONE, 'test="anyof"'), PrincipalPropertySearch((Criterion((NAME,), "do E"),), any_of=True)),
            (body(ONE, 'type="room"'), PrincipalPropertySearch((Criterion((NAME,), "do E"),), kind="ROOM")),
            (
                body(
                    '<property-search><prop><displayname/><x xmlns="urn:x"/></prop>'
                    '<match match-type="equals"/></property-search>' + ONE
                ),
                PrincipalPropertySearch(
                    (Criterion((NAME, "{urn:x}x"), "", "equals"), Criterion((NAME,), "do E")),
                ),
            ),
        ],
    )
    def test_each_form(self, source: bytes, expected: PrincipalPropertySearch) -> None:
        assert parse_principal_property_search(source) == expected

    def test_the_example(self) -> None:
        """Verifies: RFC 3744, 9.4.2"""
        source = b"""<?xml version="1.0" encoding="utf-8" ?>
            <D:principal-property-search xmlns:D="DAV:">
              <D:property-search><D:prop><D:displayname/></D:prop><D:match>doE</D:match></D:property-search>
              <D:property-search>
                <D:prop xmlns:B="http://www.example.com/ns/"><B:title/></D:prop><D:match>Sales</D:match>
              </D:property-search>
              <D:prop xmlns:B="http://www.example.com/ns/"><D:displayname/><B:department/><B:salary/></D:prop>
            </D:principal-property-search>"""
        space = "{http://www.example.com/ns/}"
        assert parse_principal_property_search(source) == PrincipalPropertySearch(
            (Criterion((NAME,), "doE"), Criterion((space + "title",), "Sales")),
            names=(NAME, space + "department", space + "salary"),
        )

    @pytest.mark.parametrize(
        "source",
        [
            b"",
            b'<other xmlns="DAV:"/>',
            body(ONE, 'test="none"'),
            body(ONE + "<prop/><prop/>"),
            body("<property-search><prop><displayname/></prop></property-search>"),
            body("<property-search><match>a</match></property-search>"),
            body("<property-search><prop/><match>a</match></property-search>"),
            body('<property-search><prop><a/></prop><match match-type="like">a</match></property-search>'),
            body(ONE * 51),
        ],
    )
    def test_what_is_refused(self, source: bytes) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_principal_property_search(source)
        assert caught.value.status == 400

    def test_as_python_caldav_writes_it(self) -> None:
        """It names what it wants to know beside an empty DAV:prop, and sets no criterion to find everybody."""
        asked = parse_principal_property_search(body('<prop/><displayname/><x xmlns="urn:x"/>'))
        assert (asked.criteria, asked.names) == ((), ("{DAV:}displayname", "{urn:x}x"))
