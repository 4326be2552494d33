"""What the index finds of what matches.

Verifies: RFC 6352, 8.6, 10.5
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.carddav.elements.filter import Filter, ParamFilter, PropFilter, TextMatch
from davd.carddav.filter import matches
from davd.carddav.filter_index import plan
from davd.carddav.indexing import index_of
from davd.dav.collation import COLLATIONS, MATCHES, UNICODE_CASEMAP
from davd.formats.contentlines import escape
from davd.formats.vcard.card import Card, parse
from davd.model.index import Term
from davd.stores.memory import matching
from tests.carddav.trial import card

LETTERS = st.text("aAbBäÄßŉﬁ ,;\\é\u0301", max_size=4)
NAMES = st.sampled_from(["FN", "EMAIL", "NICKNAME", "N", "NOTE", "TITLE"])


@st.composite
def cards(draw: st.DrawFn) -> Card:
    lines = []
    for name, text in draw(st.lists(st.tuples(NAMES, LETTERS), max_size=5)):
        group = draw(st.sampled_from(["", "", "item1."]))
        lists = name in ("NICKNAME", "N") and draw(st.booleans())
        value = escape(text).replace("\\,", ",").replace("\\;", ";") if lists else escape(text)
        lines.append(f"{group}{name}{draw(st.sampled_from(['', ';TYPE=HOME']))}:{value}")
    return parse(card(*lines, uid="1"))


@st.composite
def text_matches(draw: st.DrawFn) -> TextMatch:
    chosen = draw(st.sampled_from(list(COLLATIONS.values())))
    folded = chosen.fold(draw(LETTERS))
    return TextMatch(folded, draw(st.sampled_from(list(MATCHES))), chosen, draw(st.integers(0, 5)) == 0)


PARAMS = st.builds(ParamFilter, st.just("TYPE"), st.booleans())
PROPS = st.one_of(
    st.builds(PropFilter, NAMES, st.sampled_from([None, None, "item1"]), st.booleans()),
    st.builds(
        PropFilter,
        NAMES,
        st.sampled_from([None, None, "item1"]),
        st.just(False),
        st.booleans(),
        st.lists(text_matches(), max_size=2).map(tuple),
        st.lists(PARAMS, max_size=1).map(tuple),
    ),
)
FILTERS = st.builds(Filter, st.lists(PROPS, max_size=3).map(tuple), st.booleans())


class TestPlan:
    """Verifies: RFC 6352, 8.6, 10.5"""

    @settings(max_examples=1500, deadline=None)
    @given(cards(), FILTERS)
    def test_all_that_match_are_found_and_no_others_when_it_is_settled(self, found: Card, asked: Filter) -> None:
        planned = plan(asked)
        index = index_of(found, "1", 1000)
        candidate = matching.matches(index, planned.query) is not None
        if matches(asked, found):
            assert candidate
        elif planned.settled:
            assert not candidate

    def test_what_people_look_for_is_settled(self) -> None:
        names = [
            PropFilter(name, matches=(TextMatch("ADA", "contains", UNICODE_CASEMAP, False),))
            for name in ("FN", "EMAIL")
        ]
        planned = plan(Filter(tuple(names)))
        assert planned.settled
        assert planned.query.terms == (Term("FN", "contains", "ADA"), Term("EMAIL", "contains", "ADA"))
        assert plan(Filter()).settled and plan(Filter(tuple(names), True)).settled

    def test_a_text_is_not_folded_twice(self) -> None:
        folded = UNICODE_CASEMAP.fold("ŉ")
        assert UNICODE_CASEMAP.fold(folded) != folded
        planned = plan(Filter((PropFilter("FN", matches=(TextMatch(folded, "equals", UNICODE_CASEMAP, False),)),)))
        assert planned.query.terms[0].text == folded
