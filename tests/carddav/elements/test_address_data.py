"""What is asked of cards, read.

Verifies: RFC 6352, 10.4
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.elements.address_data import AddressData, property_name, read_address_data
from davd.model.errors import HTTPError


def read(inside: str = "", attributes: str = "") -> AddressData:
    return read_address_data(
        etree.fromstring(f'<address-data xmlns="urn:ietf:params:xml:ns:carddav" {attributes}>{inside}</address-data>')
    )


class TestForms:
    """Verifies: RFC 6352, 5.1.1, 8.6, 10.4"""

    @pytest.mark.parametrize(
        "attributes, version",
        [
            ("", None),
            ('content-type="text/vcard"', None),
            ('version="3.0"', "3.0"),
            ('content-type="text/vcard" version="4.0"', "4.0"),
            ('content-type="Text/X-VCard; charset=utf-8" version=" 3.0 "', "3.0"),
            ('content-type="application/vcard+json"', "jcard"),
            ('content-type="application/vcard+json" version="4.0"', "jcard"),
        ],
    )
    def test_those_there_are(self, attributes: str, version: str | None) -> None:
        assert read("", attributes) == AddressData(version)

    @pytest.mark.parametrize(
        "attributes",
        [
            'version="2.1"',
            'content-type="text/html"',
            'content-type="application/vcard+json" version="3.0"',
            'version=""',
        ],
    )
    def test_others(self, attributes: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read("", attributes)
        assert caught.value.status == 403 and (caught.value.condition or "").endswith("}supported-address-data")


class TestProperties:
    """Verifies: RFC 6352, 8.5, 10.4.1, 10.4.2"""

    def test_names_groups_and_values(self) -> None:
        found = read(
            '<prop name="fn"/><prop name="X-ABC.tel" novalue="yes"/><prop name="UID" novalue="no"/><prop name="FN"/>'
        )
        assert found.props == (("FN", None, True), ("TEL", "x-abc", False), ("UID", None, True))

    def test_all_of_them(self) -> None:
        assert read("<allprop/>").props is None and read().props is None

    @pytest.mark.parametrize(
        "inside", ["<prop/>", '<prop name=""/>', '<prop name="a:b"/>', '<prop name="FN" novalue="x"/>']
    )
    def test_what_is_malformed(self, inside: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read(inside)
        assert caught.value.status == 400

    def test_names(self) -> None:
        assert property_name("item1.X-ABLabel") == ("X-ABLABEL", "item1")
        with pytest.raises(HTTPError):
            property_name(None)
