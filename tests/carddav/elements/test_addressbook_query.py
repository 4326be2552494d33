"""Bodies of addressbook-query.

Verifies: RFC 6352, 8.6, 10.3, 10.6
"""

from __future__ import annotations

import pytest

from davd.carddav.elements.addressbook_query import AddressbookQuery, parse_addressbook_query
from davd.carddav.elements.filter import Filter, PropFilter
from davd.dav.elements.asked import Asked
from davd.model.errors import HTTPError

BODY = '<C:addressbook-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{}</C:addressbook-query>'


def parse(inside: str) -> AddressbookQuery:
    return parse_addressbook_query(BODY.format(inside).encode())


class TestRead:
    """Verifies: RFC 6352, 8.6, 8.6.1, 10.3, 10.6, 10.6.1"""

    def test_all_of_it(self) -> None:
        found = parse(
            '<prop><getetag/></prop><C:filter><C:prop-filter name="FN"/></C:filter>'
            "<C:limit><C:nresults> 2 </C:nresults></C:limit>"
        )
        assert found == AddressbookQuery(Asked("prop", ("{DAV:}getetag",)), Filter((PropFilter("FN"),)), 2)

    def test_as_little_as_may_be(self) -> None:
        assert parse("<C:filter/>") == AddressbookQuery(Asked("prop"), Filter())

    @pytest.mark.parametrize(
        "inside",
        [
            "",
            "<prop/>",
            "<C:filter/><C:filter/>",
            "<C:filter/><C:limit/>",
            "<C:filter/><C:limit><C:nresults>-1</C:nresults></C:limit>",
            "<C:filter/><C:limit><C:nresults>many</C:nresults></C:limit>",
        ],
    )
    def test_what_is_malformed(self, inside: str) -> None:
        with pytest.raises(HTTPError) as caught:
            parse(inside)
        assert caught.value.status == 400

    def test_another_root(self) -> None:
        with pytest.raises(HTTPError):
            parse_addressbook_query(b'<propfind xmlns="DAV:"/>')
