"""Basic credentials.

Verifies: RFC 7617, 2, 2.1
"""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from davd.authentication.basic import challenge, parse


def _basic(octets: bytes) -> str:
    return "Basic " + b64encode(octets).decode()


class TestParse:
    """Verifies: RFC 7617, 2."""

    def test_name_and_password(self) -> None:
        assert parse(_basic(b"Aladdin:open sesame")) == ("Aladdin", "open sesame")

    def test_scheme_is_case_insensitive(self) -> None:
        assert parse("bAsIc " + b64encode(b"a:b").decode()) == ("a", "b")

    def test_password_keeps_its_colons(self) -> None:
        assert parse(_basic(b"a:b:c")) == ("a", "b:c")

    def test_empty_password(self) -> None:
        assert parse(_basic(b"a:")) == ("a", "")

    def test_utf8(self) -> None:
        assert parse("Basic dGVzdDoxMjPCow==") == ("test", "123£")

    def test_latin1_of_older_clients(self) -> None:
        assert parse(_basic("jörg:pässe".encode("latin-1"))) == ("jörg", "pässe")

    def test_decomposed_text_is_normalised(self) -> None:
        assert parse(_basic("jo\u0308rg:x".encode())) == ("jörg", "x")

    def test_what_is_not_basic_or_malformed(self) -> None:
        for value in (
            "",
            "Basic",
            "Bearer abc",
            "Basic ???",
            _basic(b"no colon"),
            _basic(b":no name"),
            _basic(b"a\n:b"),
        ):
            assert parse(value) is None

    @given(st.text(), st.binary())
    def test_any_text_is_parsed_or_refused(self, text: str, octets: bytes) -> None:
        for value in (text, "Basic " + text, _basic(octets)):
            credentials = parse(value)
            assert credentials is None or (credentials[0] and ":" not in credentials[0])


def test_challenge_names_the_charset() -> None:
    assert challenge("davd") == 'Basic realm="davd", charset="UTF-8"'
