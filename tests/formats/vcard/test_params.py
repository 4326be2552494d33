"""Parameters as pairs.

Verifies: RFC 6350, 5, 5.6
"""

from __future__ import annotations

from davd.formats.contentlines import make
from davd.formats.vcard.card import parse
from davd.formats.vcard.params import kinds, made, new, pairs, value, without


class TestPairs:
    """Verifies: RFC 6350, 5, 5.6; RFC 2426, 4"""

    def test_each_value_is_a_pair(self) -> None:
        line = parse(
            b'BEGIN:VCARD\r\nVERSION:4.0\r\na.TEL;type="voice,home";FAX;X-A=b,c;PREF=2:1\r\nEND:VCARD\r\n'
        ).lines[1]
        found = pairs(line)
        assert found == [
            ("TYPE", "voice"),
            ("TYPE", "home"),
            ("TYPE", "FAX"),
            ("X-A", "b"),
            ("X-A", "c"),
            ("PREF", "2"),
        ]
        assert kinds(found) == {"voice", "home", "fax"}
        assert value(found, "PREF") == "2" and value(found, "NONE") == ""
        assert without(found, "TYPE", "X-A") == [("PREF", "2")]

    def test_a_line_made_anew_keeps_group_and_value(self) -> None:
        line = made(make("TEL", "1", group="item1"), [("TYPE", "HOME"), ("TYPE", "FAX")], name="X-TEL")
        assert (line.group, line.name, line.raw_params, line.value) == ("item1", "X-TEL", ";TYPE=HOME,FAX", "1")

    def test_control_characters_are_left_out(self) -> None:
        line = new("TEL", "1\x0b2", [("X-A", "b\x07c\nd")], "item1")
        assert (line.group, line.raw_params, line.value) == ("item1", ";X-A=bc^nd", "12")
