"""How much of an answer is made in one go.

Verifies: RFC 6352, 8.6, 8.7; RFC 4918, 13
"""

from __future__ import annotations

from davd.carddav.reports.stream import first_of
from davd.model.resource import FILE, Resource


def card(length: int) -> Resource:
    return Resource(1, 2, "a.vcf", FILE, "alice", "", "text/vcard", length, 0.0, 0.0, 1, 0, None, "")


class TestPages:
    """Verifies: docs/architecture.md, Overload"""

    def test_many_small_cards_or_few_large_ones(self) -> None:
        assert first_of([]) == 0
        assert 50 < first_of([card(500)] * 1000) < 150
        assert 4 < first_of([card(40_000)] * 1000) < 8
        assert first_of([card(500)] * 20) == 20

    def test_there_is_always_one(self) -> None:
        assert first_of([card(10**6), card(1)]) == 1
