"""Collations against the words of their RFCs and against each other.

Verifies: RFC 4790, 4.2, 9.2, 9.3; RFC 5051, 2; RFC 4791, 7.5
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.collation import ASCII_CASEMAP, COLLATIONS, MATCHES, OCTET, UNICODE_CASEMAP, Collation, collation


class TestIdentifiers:
    """Verifies: RFC 4791, 7.5; RFC 4790, 3.1, 3.2"""

    def test_none_and_the_default_one_give_the_default(self) -> None:
        assert collation(None, ASCII_CASEMAP) is ASCII_CASEMAP
        assert collation("default", UNICODE_CASEMAP) is UNICODE_CASEMAP

    def test_each_is_found_by_its_name(self) -> None:
        assert list(COLLATIONS) == ["i;ascii-casemap", "i;octet", "i;unicode-casemap"]
        for name in COLLATIONS:
            found = collation(name, OCTET)
            assert found is not None
            assert found.name == name

    @pytest.mark.parametrize("name", ["", "i;*", "*", "i;basic", "I;OCTET", "i;octet "])
    def test_others_and_wildcards_are_not_supported(self, name: str) -> None:
        assert collation(name, ASCII_CASEMAP) is None


class TestAsciiCasemap:
    """Verifies: RFC 4790, 9.2"""

    def test_only_letters_of_ascii_have_case(self) -> None:
        assert ASCII_CASEMAP.fold("aZ09é~ß") == "AZ09é~ß"
        assert ASCII_CASEMAP.fold("plain text") == "PLAIN TEXT"
        assert ASCII_CASEMAP.fold("é") != ASCII_CASEMAP.fold("É")


class TestOctet:
    """Verifies: RFC 4790, 9.3"""

    @given(st.text(), st.text())
    def test_a_part_in_characters_is_a_part_in_octets(self, text: str, sought: str) -> None:
        found = MATCHES["contains"](OCTET.fold(text), OCTET.fold(sought))
        assert found == (_octets(sought) in _octets(text))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class TestUnicodeCasemap:
    """Verifies: RFC 5051, 2"""

    @pytest.mark.parametrize("text", ["\u01c4", "\u01c5", "\u01c6"])
    def test_the_digraph_is_its_title_case_and_then_its_parts(self, text: str) -> None:
        assert UNICODE_CASEMAP.fold(text) == "Dz\u030c"

    def test_letters_with_and_without_composition_are_the_same(self) -> None:
        assert UNICODE_CASEMAP.fold("é") == UNICODE_CASEMAP.fold("E\u0301") == "E\u0301"
        assert UNICODE_CASEMAP.fold("Ångström") == UNICODE_CASEMAP.fold("ångström")
        assert UNICODE_CASEMAP.fold("жук") == "ЖУК"

    def test_a_character_without_a_title_case_of_one_character_stays(self) -> None:
        # The title case of U+00DF is two characters, and those of SpecialCasing.txt are not asked for.
        assert UNICODE_CASEMAP.fold("ß") == "ß"
        assert UNICODE_CASEMAP.fold("\ufb01") == "fi"

    def test_syllables_of_hangul_have_no_decomposition_there(self) -> None:
        assert UNICODE_CASEMAP.fold("가") == "가"

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    def test_it_is_one_character_at_a_time(self, text: str) -> None:
        assert UNICODE_CASEMAP.fold(text) == "".join(map(UNICODE_CASEMAP.fold, text))

    @given(st.characters(exclude_categories=["Cs"]))
    def test_nothing_that_decomposes_is_left(self, character: str) -> None:
        assert not any(unicodedata.decomposition(part) for part in UNICODE_CASEMAP.fold(character))


class TestMatches:
    """Verifies: RFC 4790, 4.2; RFC 6352, 10.5.4"""

    @pytest.mark.parametrize(
        ("match", "found"),
        [
            ("equals", {"ab"}),
            ("contains", {"ab", "abc", "cab", "cabc"}),
            ("starts-with", {"ab", "abc"}),
            ("ends-with", {"ab", "cab"}),
        ],
    )
    def test_each_finds_what_its_name_says(self, match: str, found: set[str]) -> None:
        texts = ["ab", "abc", "cab", "cabc", "a", "", "ba"]
        assert {text for text in texts if MATCHES[match](text, "ab")} == found  # type: ignore[index]

    @given(st.sampled_from(list(COLLATIONS.values())), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
    def test_a_text_is_found_within_longer_ones(self, chosen: Collation, before: str, text: str, after: str) -> None:
        whole = chosen.fold(before + text + after)
        assert MATCHES["contains"](whole, chosen.fold(text))
