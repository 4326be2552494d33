"""The examples of RFC 7095: single properties, and the card of its Appendix B.

Verifies: RFC 7095, 3.3, 3.3.1.2.1, 3.3.1.3, 3.4, 3.4.2, 3.5, 5.3, B.1
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from davd.formats.vcard.card import parse
from davd.formats.vcard.jcard import from_jcard, to_jcard
from tests.corpus.examples import CORPUS

FOLDER = CORPUS / "rfc7095"
PROPERTIES = json.loads((FOLDER / "properties.json").read_text())
VERSION = ["version", {}, "text", "4.0"]


def jcard(found: list[Any]) -> bytes:
    return json.dumps(["vcard", [VERSION, found]]).encode()


@pytest.mark.parametrize("section, printed, line", PROPERTIES)
def test_properties(section: str, printed: list[Any], line: str | None) -> None:
    card = from_jcard(jcard(printed))
    assert json.loads(to_jcard(card)) == ["vcard", [VERSION, printed]]
    if line is not None:
        written = f"BEGIN:VCARD\r\nVERSION:4.0\r\n{line}\r\nEND:VCARD\r\n".encode()
        assert json.loads(to_jcard(written)) == ["vcard", [VERSION, printed]]
        (expected,) = parse(written).lines[1:]
        (found,) = parse(card).lines[1:]
        assert (found.name, found.group, found.value) == (expected.name, expected.group, expected.value)


# What Appendix B prints, and what it has to be by the text.
ERRATA = (
    # 3.5.5 gives 1985-04-12T23:20 for 19850412T2320; the time of this card has no seconds either.
    ('"2009-08-08T14:30:00-05:00"', '"2009-08-08T14:30-05:00"'),
    # 3.4.1: "If the property has no "VALUE" parameter but has a default value type, the default value type is used",
    # and that of TZ is text (RFC 6350, 6.5.1).
    ('"utc-offset", "-05:00"', '"text", "-0500"'),
)


def test_the_author_of_rfc_6350() -> None:
    text = (FOLDER / "B.1.json").read_text()
    for wrong, right in ERRATA:
        assert wrong in text
        text = text.replace(wrong, right)
    printed = json.loads(text)
    data = (FOLDER / "B.1.vcf").read_bytes().replace(b"\n", b"\r\n")
    assert json.loads(to_jcard(data)) == printed
    assert json.loads(to_jcard(from_jcard(text.encode()))) == printed
