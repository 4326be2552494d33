"""Which properties a calendaring report asks for.

Verifies: RFC 4791, 9.5, 9.6, 9.10
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.elements.asked import Asked, read_asked
from davd.caldav.elements.calendar_data import WHOLE
from davd.model.errors import HTTPError


def read(content: str) -> Asked:
    return read_asked(etree.fromstring(f'<C:x xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">{content}</C:x>'))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", Asked("prop")),
        ("<D:prop/>", Asked("prop")),
        ("<D:allprop/>", Asked("allprop")),
        ("<D:propname/>", Asked("propname")),
        ("<D:prop><C:calendar-data/></D:prop>", Asked("prop", (), WHOLE)),
        ("<D:prop><D:a/><C:calendar-data/><D:b/><D:a/></D:prop>", Asked("prop", ("{DAV:}a", "{DAV:}b"), WHOLE)),
        ("<C:prop><D:a/></C:prop>", Asked("prop")),
    ],
)
def test_reads(content: str, expected: Asked) -> None:
    assert read(content) == expected


@pytest.mark.parametrize("content", ["<D:prop/><D:allprop/>", "<D:propname/><D:allprop/>", "<D:prop/><D:prop/>"])
def test_two_kinds_at_once_are_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        read(content)
    assert caught.value.status == 400
