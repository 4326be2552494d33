"""Which properties a report about calendars or address books asks for.

Verifies: RFC 4791, 7.9, 9.5, 9.6, 9.10; RFC 6352, 8.7, 10.3, 10.4, 10.7
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from davd.caldav.elements.calendar_data import WHOLE, read_calendar_data
from davd.caldav.names import CALENDAR_DATA
from davd.carddav.elements.address_data import AddressData, read_address_data
from davd.carddav.names import ADDRESS_DATA
from davd.dav.elements.asked import Asked, read_asked, read_hrefs
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

Kind = tuple[str, str, Callable[[Element], object]]

OF_CALENDAR: Kind = ("urn:ietf:params:xml:ns:caldav", CALENDAR_DATA, read_calendar_data)
OF_BOOK: Kind = ("urn:ietf:params:xml:ns:carddav", ADDRESS_DATA, read_address_data)


def read(content: str, kind: Kind) -> Asked[object]:
    space, name, read_data = kind
    root = etree.fromstring(f'<C:x xmlns:C="{space}" xmlns:D="DAV:">{content}</C:x>')
    return read_asked(root, name, read_data)


@pytest.mark.parametrize("kind", [OF_CALENDAR, OF_BOOK], ids=["calendar", "book"])
class TestBoth:
    """Verifies: RFC 4791, 9.5, 9.10; RFC 6352, 10.3, 10.7"""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("", Asked("prop")),
            ("<D:prop/>", Asked("prop")),
            ("<D:allprop/>", Asked("allprop")),
            ("<D:propname/>", Asked("propname")),
            ("<D:prop><D:a/><D:b/><D:a/></D:prop>", Asked("prop", ("{DAV:}a", "{DAV:}b"))),
            ("<C:prop><D:a/></C:prop>", Asked("prop")),
        ],
    )
    def test_reads(self, kind: Kind, content: str, expected: Asked[object]) -> None:
        assert read(content, kind) == expected

    @pytest.mark.parametrize(
        "content",
        ["<D:prop/><D:allprop/>", "<D:allprop/><D:propname/>", "<D:propname/><D:prop/>", "<D:prop/><D:prop/>"],
    )
    def test_two_kinds_at_once_are_400(self, kind: Kind, content: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read(content, kind)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        ("<D:prop><C:calendar-data/></D:prop>", OF_CALENDAR, Asked("prop", (), WHOLE)),
        ("<D:prop><D:a/><C:calendar-data/></D:prop>", OF_CALENDAR, Asked("prop", ("{DAV:}a",), WHOLE)),
        ("<D:prop><C:address-data/><D:a/></D:prop>", OF_BOOK, Asked("prop", ("{DAV:}a",), AddressData())),
    ],
)
def test_the_data_is_no_property(content: str, kind: Kind, expected: Asked[object]) -> None:
    assert read(content, kind) == expected


def test_hrefs_are_as_the_client_wrote_them_each_once() -> None:
    root = etree.fromstring(
        '<x xmlns:D="DAV:"><D:href> /b </D:href><D:href>/a%20</D:href><href>/c</href><D:href>/b</D:href></x>'
    )
    assert read_hrefs(root) == ("/b", "/a%20")


def test_no_href_is_400() -> None:
    with pytest.raises(HTTPError) as caught:
        read_hrefs(etree.fromstring('<x xmlns:D="DAV:"><D:prop/></x>'))
    assert caught.value.status == 400
