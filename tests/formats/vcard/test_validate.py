"""What an address book takes in.

Verifies: RFC 6350, 6.2.1, 6.7.9; RFC 2426, 3.1.1, 3.6.9; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

import pytest

from davd.formats.contentlines import ContentError
from davd.formats.vcard.validate import InvalidCard, UnsupportedVersion, check
from tests.corpus.vcard.cards import APPLE_COMPANY, GOOGLE, OLD, RFC2426, VALID


class TestTaken:
    """Verifies: RFC 6352, 5.1, 6.3.2.2"""

    @pytest.mark.parametrize("name", VALID)
    def test_what_programs_write(self, name: str) -> None:
        assert check(VALID[name]).source == VALID[name]

    def test_what_clients_leave_out(self) -> None:
        assert check(APPLE_COMPANY).text("FN") == ""
        assert check(GOOGLE).text("UID") == ""
        assert check(RFC2426).first("N") is None

    def test_several_names(self) -> None:
        assert len(check(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\nFN:b\r\nEND:VCARD\r\n").all("FN")) == 2


class TestRefused:
    """Verifies: RFC 6350, 3.3, 6.2.1, 6.7.9; RFC 6352, 5.1, 6.3.2.1"""

    @pytest.mark.parametrize("name", OLD)
    def test_old_versions_are_for_imports(self, name: str) -> None:
        with pytest.raises(UnsupportedVersion, match="version"):
            check(OLD[name])

    @pytest.mark.parametrize("inside, kind", [("VERSION:5.0\r\nFN:x", UnsupportedVersion), ("FN:x", InvalidCard)])
    def test_versions(self, inside: str, kind: type[InvalidCard]) -> None:
        with pytest.raises(kind, match="(?i)version"):
            check(f"BEGIN:VCARD\r\n{inside}\r\nEND:VCARD\r\n".encode())

    def test_no_name(self) -> None:
        with pytest.raises(InvalidCard, match="FN"):
            check(b"BEGIN:VCARD\r\nVERSION:4.0\r\nN:a;;;;\r\nEND:VCARD\r\n")

    def test_two_cards(self) -> None:
        with pytest.raises(ContentError, match="more than one"):
            check(GOOGLE + GOOGLE)
