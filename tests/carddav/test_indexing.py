"""What the store knows of a card.

Verifies: RFC 6352, 8.6
"""

from __future__ import annotations

import pytest

from davd.carddav.indexing import TooManyTerms, index_of
from davd.formats.vcard.card import parse
from tests.carddav.trial import card


class TestIndex:
    """Verifies: RFC 6352, 5.1, 8.6"""

    def test_what_is_sought(self) -> None:
        found = index_of(
            parse(card("FN:Ada L", "N:L;Ada", "item1.EMAIL:a@b.c", "EMAIL:a@b.c", "NOTE:x", uid="u1")), "u1", 10
        )
        assert (found.uid, found.component, found.spans) == ("u1", "VCARD", ())
        assert found.terms == (
            ("UID", "U1"), ("FN", "ADA L"), ("N", "L;ADA"), ("N", "L"), ("N", "ADA"), ("EMAIL", "A@B.C"),
        )  # fmt: skip

    def test_no_more_than_so_many(self) -> None:
        many = parse(card("TEL:1", "TEL:2", "TEL:2", uid="1"))
        assert len(index_of(many, "1", 4).terms) == 4
        with pytest.raises(TooManyTerms):
            index_of(many, "1", 3)
