"""The form of a card by Accept.

Verifies: RFC 6352, 5.1.1; RFC 9110, 12.5.1
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.carddav.negotiation import chooses, form


class TestForm:
    """Verifies: RFC 6352, 5.1.1; RFC 6350, 10.1; RFC 9110, 12.5.1"""

    @pytest.mark.parametrize(
        "accept, of_3, of_4",
        [
            ("", None, None),
            ("*/*", "3.0", "4.0"),
            ("text/vcard", "3.0", "4.0"),
            ("text/*;q=0.5", "3.0", "4.0"),
            ("text/vcard;version=3.0", "3.0", "3.0"),
            ('text/vcard; version="4.0"', "4.0", "4.0"),
            ("text/vcard;version=4.0, text/vcard;version=3.0;q=0.5", "4.0", "4.0"),
            ("text/vcard;version=4.0, text/vcard", "3.0", "4.0"),
            ("text/vcard;version=2.1", None, None),
            ("text/vcard;version=2.1, */*;q=0.1", "3.0", "4.0"),
            ("application/vcard+json", "jcard", "jcard"),
            ("application/vcard+json;version=4.0, text/vcard;q=0.9", "jcard", "jcard"),
            ("application/vcard+json;q=0.5, text/vcard;q=0.9", "3.0", "4.0"),
            ("application/json", None, None),
            ("text/vcard;q=x", "3.0", "4.0"),
            ("text/vcard, " * 200, "3.0", "4.0"),
        ],
    )
    def test_by_accept(self, accept: str, of_3: str | None, of_4: str | None) -> None:
        assert (form(accept, "3.0"), form(accept, "4.0")) == (of_3, of_4)

    @given(st.text('text/vcard;version=.*,q 01"', max_size=40))
    def test_anything(self, accept: str) -> None:
        assert form(accept, "3.0") in ("3.0", "4.0", "jcard", None)

    def test_most_clients_do_not_choose(self) -> None:
        assert not chooses("*/*") and not chooses("text/vcard, text/x-vcard") and not chooses("")
        assert chooses("text/vcard; version=4.0") and chooses("application/vcard+json")
