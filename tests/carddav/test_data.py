"""Cards in the form that is asked for.

Verifies: RFC 6352, 5.1.1, 8.4, 10.4
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from davd.carddav.data import Conversions, address_data, chosen, version_of
from davd.carddav.elements.address_data import AddressData
from davd.formats.contentlines import ContentError
from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.jcard import to_jcard
from davd.model.resource import FILE, Resource
from tests.corpus.vcard.cards import APPLE, DAVX5, GOOGLE, VALID
from tests.formats.vcard.models import cards_3


def resource(etag: str = '"1"') -> Resource:
    return Resource(1, 2, "a.vcf", FILE, "alice", etag, "text/vcard", 1, 0.0, 0.0, 1, 0, None, "")


class TestVersions:
    """Verifies: RFC 6352, 5.1.1, 10.4"""

    @pytest.mark.parametrize("name", VALID)
    def test_are_told(self, name: str) -> None:
        for data in (VALID[name], VALID[name].replace(b"\r\n", b"\n")):
            assert version_of(data) == parse(data).version

    def test_of_nothing(self) -> None:
        with pytest.raises(ContentError):
            version_of(b"BEGIN:VCARD")

    def test_forms(self) -> None:
        conversions = Conversions()
        assert conversions.give(resource(), DAVX5, "4.0") is DAVX5
        assert conversions.give(resource(), DAVX5, "3.0") == to_version(DAVX5, "3.0")
        assert conversions.give(resource(), DAVX5, "jcard") == to_jcard(DAVX5)

    def test_what_was_made_is_kept_for_as_long_as_the_card_is(self) -> None:
        conversions = Conversions()
        first = conversions.give(resource(), DAVX5, "3.0")
        assert conversions.give(resource(), DAVX5, "3.0") is first
        assert conversions.give(resource('"2"'), VALID["thunderbird"], "3.0") != first

    def test_what_is_too_long_is_made_each_time(self) -> None:
        conversions = Conversions(100)
        first = conversions.give(resource(), DAVX5, "3.0")
        assert conversions.give(resource(), DAVX5, "3.0") == first

    def test_without_a_version_it_is_3(self) -> None:
        found = address_data(Conversions(), resource(), DAVX5, AddressData())
        assert found == to_version(DAVX5, "3.0")

    def test_what_is_no_card(self) -> None:
        assert address_data(Conversions(), resource(), b"nonsense", AddressData("4.0")) is None
        assert address_data(Conversions(), resource(), b"nonsense", AddressData()) == b"nonsense"


class TestParts:
    """Verifies: RFC 6352, 8.4, 8.5, 10.4.1, 10.4.2"""

    def part(self, *props: tuple[str, str | None, bool]) -> list[str]:
        return chosen(APPLE, props).decode().split("\r\n")[1:-2]

    def test_by_name(self) -> None:
        assert self.part(("VERSION", None, True), ("FN", None, True)) == ["VERSION:3.0", "FN:Lady Ada King Lovelace"]
        assert self.part(("NOTHING", None, True)) == []

    def test_without_value(self) -> None:
        assert self.part(("TITLE", None, False), ("TEL", None, False)) == [
            "TITLE:", "TEL;type=CELL;type=VOICE;type=pref:", "TEL;type=HOME;type=FAX:"
        ]  # fmt: skip

    def test_by_group(self) -> None:
        assert self.part(("X-ABLABEL", "item2", True)) == ["item2.X-ABLabel:_$!<HomePage>!$_"]
        assert len(self.part(("X-ABLABEL", None, True))) == 4
        found = self.part(("X-ABLABEL", None, False), ("X-ABLABEL", "item2", True))
        assert found == ["item2.X-ABLabel:_$!<HomePage>!$_", "item3.X-ABLABEL:", "item4.X-ABLABEL:", "item5.X-ABLABEL:"]

    def test_is_taken_in_the_version_that_is_asked_for(self) -> None:
        wanted = AddressData("4.0", (("ANNIVERSARY", None, True),))
        assert address_data(Conversions(), resource(), APPLE, wanted) == (
            b"BEGIN:VCARD\r\nitem3.ANNIVERSARY;PREF=1:18350708\r\nEND:VCARD\r\n"
        )
        wanted = AddressData("jcard", (("EMAIL", None, True), ("VERSION", None, True)))
        assert address_data(Conversions(), resource(), GOOGLE, wanted) == (
            b'["vcard",[["version",{},"text","4.0"],["email",{"type":"INTERNET"},"text","barbara@example.edu"]]]'
        )

    @settings(max_examples=50, deadline=None)
    @given(cards_3())
    def test_of_all_names_is_all_of_it(self, data: bytes) -> None:
        names = {(line.name, None, True) for line in parse(data).lines}
        assert chosen(data, tuple(names)) == data
