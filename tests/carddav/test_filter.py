"""Cards that match a filter.

Verifies: RFC 6352, 8.6, 10.5
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.elements.filter import read_filter
from davd.carddav.filter import matches
from davd.formats.vcard.card import parse
from tests.carddav.trial import card

CARD = parse(
    card(
        "FN:Jörg Müller",
        "N:Müller;Jörg;;;",
        "NICKNAME:me,Jo",
        "EMAIL;TYPE=INTERNET,HOME:joerg@example.com",
        "EMAIL;TYPE=WORK:jm@example.org",
        "item1.TEL;TYPE=CELL:+49 89 1",
        "TEL:+49 89 2",
        "item2.X-ABLABEL:Lab",
        "NOTE:",
    )
)


def found(inside: str, test: str = "anyof") -> bool:
    text = f'<filter xmlns="urn:ietf:params:xml:ns:carddav" test="{test}">{inside}</filter>'
    return matches(read_filter(etree.fromstring(text)), CARD)


def prop(name: str, inside: str = "", test: str = "anyof") -> str:
    return f'<prop-filter name="{name}" test="{test}">{inside}</prop-filter>'


def text(sought: str, match: str = "contains", negate: str = "no", collation: str = "i;unicode-casemap") -> str:
    return f'<text-match match-type="{match}" negate-condition="{negate}" collation="{collation}">{sought}</text-match>'


def param(name: str, inside: str = "") -> str:
    return f'<param-filter name="{name}">{inside}</param-filter>'


ABSENT = "<is-not-defined/>"


class TestProperties:
    """Verifies: RFC 6352, 10.5.1, 10.5.3"""

    @pytest.mark.parametrize(
        "inside, expected",
        [
            (prop("FN"), True),
            (prop("TITLE"), False),
            (prop("TITLE", ABSENT), True),
            (prop("FN", ABSENT), False),
            (prop("TEL"), True),
            (prop("item1.tel"), True),
            (prop("ITEM1.TEL", text("89 2")), False),
            (prop("item3.TEL"), False),
            (prop("item3.TEL", ABSENT), True),
            (prop("X-ABLabel", text("lab", "equals")), True),
        ],
    )
    def test_by_name_and_group(self, inside: str, expected: bool) -> None:
        assert found(inside) is expected

    def test_anyof_and_allof(self) -> None:
        yes, no = prop("FN"), prop("TITLE")
        assert found(yes + no) and not found(yes + no, "allof") and found(yes + yes, "allof") and not found(no + no)
        assert found("") and found("", "allof")


class TestTexts:
    """Verifies: RFC 6352, 8.3, 10.5.4"""

    @pytest.mark.parametrize(
        "inside, expected",
        [
            (prop("FN", text("MÜLLER")), True),
            (prop("FN", text("mu\u0308ller")), True),
            (prop("FN", text("MÜLLER", collation="i;ascii-casemap")), False),
            (prop("FN", text("MüLLER", collation="i;ascii-casemap")), True),
            (prop("FN", text("müller", collation="i;octet")), False),
            (prop("FN", text("Müller", collation="i;octet")), True),
            (prop("FN", text("jörg müller", "equals")), True),
            (prop("FN", text("jörg", "equals")), False),
            (prop("FN", text("jörg", "starts-with")), True),
            (prop("FN", text("müller", "starts-with")), False),
            (prop("FN", text("müller", "ends-with")), True),
            (prop("NICKNAME", text("me", "equals")), True),
            (prop("NICKNAME", text("jo", "equals")), True),
            (prop("N", text("müller", "equals")), True),
            (prop("NOTE", text("")), True),
            (prop("FN", text("x", negate="yes")), True),
            (prop("FN", text("jörg", negate="yes")), False),
            # One property of several is as asked.
            (prop("EMAIL", text("example.com", negate="yes")), True),
            (prop("EMAIL", text("example", negate="yes")), False),
            # A property that is not there has no text, whether it is negated or not.
            (prop("TITLE", text("x", negate="yes")), False),
        ],
    )
    def test_of_properties(self, inside: str, expected: bool) -> None:
        assert found(inside) is expected

    def test_conditions_hold_for_one_property(self) -> None:
        both = text("joerg") + text("example.org")
        assert found(prop("EMAIL", both)) and not found(prop("EMAIL", both, "allof"))
        assert found(prop("EMAIL", text("jm") + text("example.org"), "allof"))


class TestParameters:
    """Verifies: RFC 6352, 10.5.2"""

    @pytest.mark.parametrize(
        "inside, expected",
        [
            (prop("EMAIL", param("TYPE")), True),
            (prop("TEL", param("TYPE", ABSENT)), True),
            (prop("EMAIL", param("TYPE", ABSENT)), False),
            (prop("EMAIL", param("type", text("home", "equals"))), True),
            (prop("EMAIL", param("TYPE", text("hom", "equals"))), False),
            (prop("EMAIL", param("PREF", text("1"))), False),
            (prop("EMAIL", text("org") + param("TYPE", text("home", "equals")), "allof"), False),
            (prop("EMAIL", text("com") + param("TYPE", text("home", "equals")), "allof"), True),
            (prop("EMAIL", text("nothing") + param("TYPE", text("home", "equals"))), True),
        ],
    )
    def test_of_properties(self, inside: str, expected: bool) -> None:
        assert found(inside) is expected
