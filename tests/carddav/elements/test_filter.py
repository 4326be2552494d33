"""Filters, read.

Verifies: RFC 6352, 8.3, 10.5
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.elements.filter import Filter, ParamFilter, PropFilter, TextMatch, read_filter
from davd.dav.collation import ASCII_CASEMAP, OCTET, UNICODE_CASEMAP
from davd.model.errors import HTTPError


def read(inside: str, attributes: str = "") -> Filter:
    return read_filter(
        etree.fromstring(f'<filter xmlns="urn:ietf:params:xml:ns:carddav" {attributes}>{inside}</filter>')
    )


class TestRead:
    """Verifies: RFC 6352, 8.3, 10.5, 10.5.1, 10.5.2, 10.5.3, 10.5.4"""

    def test_defaults(self) -> None:
        found = read('<prop-filter name="nickname"><text-match>Mé</text-match></prop-filter>')
        match = TextMatch(UNICODE_CASEMAP.fold("mé"), "contains", UNICODE_CASEMAP, False)
        assert found == Filter((PropFilter("NICKNAME", matches=(match,)),))

    def test_all_there_is(self) -> None:
        found = read(
            '<prop-filter name="Work.TEL" test="allof"><text-match collation="i;octet" match-type="starts-with" '
            'negate-condition="yes">+</text-match>'
            '<text-match collation="i;ascii-casemap" match-type="equals">a</text-match>'
            '<param-filter name="type"><text-match match-type="ends-with">x</text-match></param-filter>'
            '<param-filter name="PREF"><is-not-defined/></param-filter><param-filter name="x-a"/></prop-filter>'
            '<prop-filter name="EMAIL"><is-not-defined/></prop-filter>',
            'test="allof"',
        )
        phone, email = found.props
        assert found.every and phone.every and (phone.name, phone.group) == ("TEL", "work")
        assert phone.matches == (
            TextMatch("+", "starts-with", OCTET, True),
            TextMatch("A", "equals", ASCII_CASEMAP, False),
        )
        assert phone.params == (
            ParamFilter("TYPE", match=TextMatch("X", "ends-with", UNICODE_CASEMAP, False)),
            ParamFilter("PREF", True),
            ParamFilter("X-A"),
        )
        assert email == PropFilter("EMAIL", absent=True)

    def test_nothing(self) -> None:
        assert read("") == Filter()

    def test_the_default_collation_by_its_name(self) -> None:
        found = read('<prop-filter name="FN"><text-match collation="default">a</text-match></prop-filter>')
        assert found.props[0].matches[0].collation is UNICODE_CASEMAP


class TestRefused:
    """Verifies: RFC 6352, 8.3, 10.5"""

    @pytest.mark.parametrize("name", ["i;nothing", "i;unicode*", "*", "I;OCTET"])
    def test_collations(self, name: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read(f'<prop-filter name="FN"><text-match collation="{name}">a</text-match></prop-filter>')
        assert caught.value.status == 403 and (caught.value.condition or "").endswith("}supported-collation")

    @pytest.mark.parametrize(
        "inside",
        [
            "<prop-filter/>",
            '<prop-filter name="a b"/>',
            '<prop-filter name="FN" test="some"/>',
            '<prop-filter name="FN"><is-not-defined/><text-match>a</text-match></prop-filter>',
            '<prop-filter name="FN"><text-match match-type="like">a</text-match></prop-filter>',
            '<prop-filter name="FN"><text-match negate-condition="maybe">a</text-match></prop-filter>',
            '<prop-filter name="FN"><param-filter/></prop-filter>',
            f'<prop-filter name="FN"><param-filter name="T">{"<text-match/>" * 2}</param-filter></prop-filter>',
            '<prop-filter name="FN"><param-filter name="T"><is-not-defined/><text-match/></param-filter></prop-filter>',
            '<prop-filter name="FN"/>' * 201,
        ],
    )
    def test_what_is_malformed(self, inside: str) -> None:
        with pytest.raises(HTTPError) as caught:
            read(inside)
        assert caught.value.status == 400
