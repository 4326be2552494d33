"""What a report asks of each card.

Verifies: RFC 6352, 10.3, 10.7
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.elements.address_data import AddressData
from davd.carddav.elements.asked import Asked, read_asked
from davd.model.errors import HTTPError

ROOT = '<C:x xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{}</C:x>'


class TestRead:
    """Verifies: RFC 6352, 10.3, 10.4, 10.7"""

    @pytest.mark.parametrize(
        "inside, expected",
        [
            ("", Asked("prop")),
            ("<allprop/>", Asked("allprop")),
            ("<propname/>", Asked("propname")),
            ("<prop><getetag/></prop>", Asked("prop", ("{DAV:}getetag",))),
            ("<prop><C:address-data/><getetag/></prop>", Asked("prop", ("{DAV:}getetag",), AddressData())),
        ],
    )
    def test_kinds(self, inside: str, expected: Asked) -> None:
        assert read_asked(etree.fromstring(ROOT.format(inside))) == expected

    @pytest.mark.parametrize("inside", ["<prop/><allprop/>", "<prop/><prop/>", "<allprop/><propname/>"])
    def test_two_at_once(self, inside: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read_asked(etree.fromstring(ROOT.format(inside)))
        assert caught.value.status == 400
