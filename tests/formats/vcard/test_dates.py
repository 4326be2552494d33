"""Dates and times in both forms.

Verifies: RFC 6350, 4.3, 4.7; RFC 7095, 3.5.3, 3.5.4, 3.5.5
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.vcard.dates import offset, read

FORMS = [
    ("19850412", "1985-04-12"),
    ("1985-04", "1985-04"),
    ("1985", "1985"),
    ("--0412", "--04-12"),
    ("--04", "--04"),
    ("---12", "---12"),
    ("T102200", "T10:22:00"),
    ("T1022", "T10:22"),
    ("T10", "T10"),
    ("T-2200", "T-22:00"),
    ("T--00", "T--00"),
    ("T102200Z", "T10:22:00Z"),
    ("T102200-0800", "T10:22:00-08:00"),
    ("T102200+05", "T10:22:00+05"),
    ("19961022T140000Z", "1996-10-22T14:00:00Z"),
    ("--1022T1400", "--10-22T14:00"),
    ("---22T14", "---22T14"),
]


class TestForms:
    """Verifies: RFC 6350, 4.3.1, 4.3.2, 4.3.4"""

    @pytest.mark.parametrize("basic, extended", FORMS)
    def test_both_forms_are_read_and_written(self, basic: str, extended: str) -> None:
        for text in (basic, extended):
            found = read(text)
            assert found is not None
            assert (found.basic(), found.extended()) == (basic, extended)

    @pytest.mark.parametrize(
        "text", ["", "circa 1800", "1985-4-12", "19851312", "1985-04-32", "T", "1985-04-12T25:00", "T1060",
        "T12:00:61", "-1985", "١٩٨٥",
         "1985-04-12 10:00"],
    )  # fmt: skip
    def test_what_is_none_is_not_read(self, text: str) -> None:
        assert read(text) is None

    def test_fractions_are_left_out(self) -> None:
        found = read("2024-02-03T04:05:06.789Z")
        assert found is not None and found.basic() == "20240203T040506Z"

    @given(st.datetimes())
    def test_any_moment(self, moment: object) -> None:
        text = str(moment).replace(" ", "T")
        found = read(text)
        assert found is not None and found.extended() == text[:19] and found.complete and found.timed and found.dated

    @given(st.text("0123456789-:TZ+.", max_size=20))
    def test_what_is_read_is_read_again_from_what_is_written(self, text: str) -> None:
        found = read(text)
        if found is not None:
            assert read(found.basic()) == found == read(found.extended())


class TestOffsets:
    """Verifies: RFC 6350, 4.7; RFC 7095, 3.5.11"""

    @pytest.mark.parametrize("text", ["-0500", "-05:00", "-05"])
    def test_forms(self, text: str) -> None:
        assert offset(text, ":") == "-05:00" and offset(text, "") == "-0500"

    @pytest.mark.parametrize("text", ["", "0500", "Z", "Europe/Berlin", "-5"])
    def test_what_is_none(self, text: str) -> None:
        assert offset(text, ":") is None
