"""The texts of a property.

Verifies: RFC 6352, 10.5.2, 10.5.4
"""

from __future__ import annotations

import pytest

from davd.carddav.texts import param_values, texts
from davd.formats.contentlines import Line
from davd.formats.vcard.card import parse
from tests.carddav.trial import card


def line(written: str) -> Line:
    return parse(card(written)).lines[-1]


class TestTexts:
    """Verifies: RFC 6352, 8.6.3, 10.5.4"""

    @pytest.mark.parametrize(
        "written, expected",
        [
            ("NOTE:a\\, b\\;c;d", ["a, b;c;d"]),
            ("NICKNAME:me", ["me"]),
            ("NICKNAME:me,you\\, too", ["me,you, too", "me", "you, too"]),
            ("N:Public;John;Q,R;;", ["Public;John;Q,R;;", "Public", "John", "Q", "R"]),
            ("ORG:A\\, Inc.", ["A, Inc."]),
            ("TITLE:", [""]),
        ],
    )
    def test_of_values(self, written: str, expected: list[str]) -> None:
        assert texts(line(written)) == expected

    @pytest.mark.parametrize(
        "written, name, expected",
        [
            ("TEL;TYPE=HOME,Fax:1", "TYPE", ["HOME", "Fax"]),
            ('TEL;TYPE="a,b":1', "TYPE", ["a", "b"]),
            ("TEL;HOME:1", "TYPE", ["HOME"]),
            ("TEL;PREF=1:1", "TYPE", None),
            ("TEL;PREF=1:1", "PREF", ["1"]),
            ("TEL:1", "PREF", None),
        ],
    )
    def test_of_parameters(self, written: str, name: str, expected: list[str] | None) -> None:
        assert param_values(line(written), name) == expected
