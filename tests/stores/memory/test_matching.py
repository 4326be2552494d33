"""What the memory store takes for an answer to a query, which is what every store means by it.

Verifies: RFC 4791, 9.9; RFC 6352, 10.5.4
"""

import pytest

from davd.model.index import FOREVER, IndexQuery, ObjectIndex, Span, Term
from davd.stores.memory.matching import matches

EVENT = ObjectIndex("u", "VEVENT", (Span(10, 20, True), Span(30, 40, False), Span(50, 50, True)))
CARD = ObjectIndex("u", "VCARD", (), (("FN", "ann lee"), ("EMAIL", "ann@x")))


@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        (0, 10, None), (0, 11, True), (19, 30, True), (20, 30, None), (20, 31, False), (15, 35, True), (40, 50, None),
        (40, 51, True), (50, 51, True), (51, 60, None), (15, 15, None), (None, 10, None), (None, 11, True),
        (50, None, True), (51, None, None), (None, None, True), (-FOREVER, FOREVER, True),
    ],
)  # fmt: skip
def test_a_span_has_a_moment_in_common_with_the_range(start: int | None, end: int | None, answer: bool | None) -> None:
    assert matches(EVENT, IndexQuery(start=start, end=end)) is answer


def test_what_is_not_asked_for_does_not_matter() -> None:
    assert matches(CARD, IndexQuery()) is True
    assert matches(CARD, IndexQuery(start=0)) is None
    assert matches(EVENT, IndexQuery(components=frozenset({"VEVENT"}), uids=("u",))) is True
    assert matches(EVENT, IndexQuery(components=frozenset())) is None
    assert matches(EVENT, IndexQuery(uids=())) is None
    assert matches(EVENT, IndexQuery(uids=("U",))) is None


@pytest.mark.parametrize(
    ("match", "text", "answer"),
    [
        ("equals", "ann lee", True), ("equals", "ann", None), ("starts-with", "ann", True),
        ("starts-with", "lee", None), ("ends-with", "lee", True), ("ends-with", "ann", None),
        ("contains", "n l", True), ("contains", "nl", None), ("contains", "@", None),
    ],
)  # fmt: skip
def test_a_text_is_sought_in_the_texts_of_its_name(match: str, text: str, answer: bool | None) -> None:
    term = Term("FN", match, text)  # type: ignore[arg-type]
    assert matches(CARD, IndexQuery(terms=(term,))) is answer
    other = Term("EMAIL", "equals", "ann@x")
    assert matches(CARD, IndexQuery(terms=(term, other), every=True)) is answer
    assert matches(CARD, IndexQuery(terms=(term, other))) is True
