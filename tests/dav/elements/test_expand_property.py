"""The body of the expand-property report.

Verifies: RFC 3253, 3.8
"""

from __future__ import annotations

import pytest

from davd.dav.elements.expand_property import ExpandedProperty, parse_expand_property
from davd.dav.elements.source import MAX_NAMES
from davd.model.errors import HTTPError


def body(content: str) -> bytes:
    return f'<D:expand-property xmlns:D="DAV:">{content}</D:expand-property>'.encode()


def test_properties_nest() -> None:
    content = (
        '<D:property name="calendar-proxy-write-for" namespace="http://calendarserver.org/ns/">'
        '<D:property name="displayname"/><D:property name="principal-URL" namespace="DAV:"/></D:property>'
        '<unknown name="x"/><D:property name="plain" namespace=""/>'
    )
    assert parse_expand_property(body(content)) == (
        ExpandedProperty(
            "{http://calendarserver.org/ns/}calendar-proxy-write-for",
            (ExpandedProperty("{DAV:}displayname"), ExpandedProperty("{DAV:}principal-URL")),
        ),
        ExpandedProperty("plain"),
    )


def test_nothing_may_be_asked_for() -> None:
    assert parse_expand_property(body("")) == ()


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'name=""',
        'name="a b"',
        'name="a&gt;&lt;b"',
        'name="a:b"',
        'name="a" namespace="{x"',
        'name="a" namespace="x}"',
        'name="a" namespace="http://www.w3.org/2000/xmlns/"',
    ],
)
def test_what_is_no_name_is_400(attributes: str) -> None:
    for content in (f"<D:property {attributes}/>", f'<D:property name="a"><D:property {attributes}/></D:property>'):
        with pytest.raises(HTTPError) as caught:
            parse_expand_property(body(content))
        assert caught.value.status == 400


def test_too_many_are_400() -> None:
    with pytest.raises(HTTPError) as caught:
        parse_expand_property(body('<D:property name="a"/>' * (MAX_NAMES + 1)))
    assert caught.value.status == 400


def test_another_root_is_400() -> None:
    with pytest.raises(HTTPError) as caught:
        parse_expand_property(b"<expand-property/>")
    assert caught.value.status == 400
