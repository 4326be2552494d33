"""Files of vCards into objects.

Verifies: RFC 6350, 3.3, 6.2.1, 6.7.6; RFC 6352, 5.1
"""

from __future__ import annotations

import pytest

from davd.daemon.importing.cards import items
from davd.formats.vcard.validate import check


def card(*lines: str, version: str = "3.0") -> bytes:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


def found(data: bytes):
    return list(items(data, "a.vcf", "a.vcf"))


class TestCards:
    """Verifies: RFC 6350, 3.3; RFC 6352, 5.1"""

    @pytest.mark.parametrize("version", ["3.0", "4.0"])
    def test_one_by_itself_keeps_its_octets_and_its_name(self, version):
        data = card("UID:1", "FN:A", "N:A;;;;", version=version)
        (item,) = found(data)
        assert (item.data, item.uid, item.name, item.problem) == (data, "1", "a.vcf", "")

    def test_several(self):
        data = card("UID:1", "FN:A") + b"\r\n" + card("UID:2", "FN:B")
        assert [(item.uid, item.name) for item in found(data)] == [("1", ""), ("2", "")]

    def test_an_old_one_becomes_a_newer_one(self):
        old = card("N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;Eva", version="2.1")
        (item,) = found(old)
        made = check(item.data)
        assert (made.version, made.text("FN"), made.text("UID")) == ("3.0", "Eva Müller", item.uid)

    def test_without_a_uid_it_gets_the_same_each_time(self):
        data = card("FN:A") + card("FN:B")
        first, second = found(data)
        assert check(first.data).text("UID") == first.uid != second.uid
        assert [item.uid for item in found(data)] == [first.uid, second.uid]

    @pytest.mark.parametrize(
        ("lines", "name"),
        [
            (["N:Doe;Jane;Q.;Dr.;"], "Dr. Jane Q. Doe"),
            (["N:;;;;", "ORG:Example\\, Inc.;Sales"], "Example, Inc."),
            (["EMAIL:a@example.com"], "a@example.com"),
            ([], ""),
        ],
    )
    def test_without_a_name_to_show(self, lines, name):
        (item,) = found(card("UID:1", *lines))
        assert check(item.data).text("FN") == name

    def test_one_that_is_broken_does_not_keep_the_others(self):
        data = card("UID:1", "FN:A") + card("UID:2", "no line") + card("UID:3", "FN:C")
        objects = found(data)
        assert [(item.uid, bool(item.problem)) for item in objects] == [("1", False), ("", True), ("3", False)]
        assert objects[1].where == "a.vcf, line 6"

    def test_nothing(self):
        assert found(b"") == found(b"\r\n") == []
