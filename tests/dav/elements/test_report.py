"""Which report is asked for.

Verifies: RFC 3253, 3.6
"""

from __future__ import annotations

import pytest

from davd.dav.elements.report import report_name
from davd.formats.xml.reader import parse
from davd.model.errors import HTTPError


def test_the_root_names_the_report() -> None:
    body = b'<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
    assert report_name(body) == report_name(parse(body)) == "{urn:ietf:params:xml:ns:caldav}calendar-multiget"
    assert report_name(b"<plain/>", "text/xml") == "plain"


@pytest.mark.parametrize("body", [b"", b"text", b"<a>", b"<!DOCTYPE a><a/>"])
def test_no_xml_is_400(body: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        report_name(body)
    assert caught.value.status == 400
