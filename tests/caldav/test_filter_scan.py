"""What is looked for in octets before an object is parsed.

Verifies: RFC 4791, 7.8, 9.7
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.caldav.elements.filter import CompFilter, ParamFilter, PropFilter, TextMatch
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.filter import matches
from davd.caldav.filter_scan import may_match, needles
from davd.caldav.filter_time import Times
from davd.caldav.objects import CalendarObject
from davd.dav.collation import ASCII_CASEMAP, COLLATIONS, UNICODE_CASEMAP
from davd.formats.contentlines import escape, folded, make
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.zones.zone import UTC


def sought(*props: PropFilter, comps: tuple[CompFilter, ...] = ()) -> tuple[bytes, ...]:
    return needles(CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", props=props, comps=comps),)))


def match(text: str, negate: bool = False, name: str = "i;ascii-casemap") -> TextMatch:
    return TextMatch(text, COLLATIONS[name].fold(text), COLLATIONS[name], negate)


def test_the_longest_comes_first() -> None:
    alarm = CompFilter("VALARM")
    assert sought(PropFilter("SUMMARY", match=match("a Longer text")), comps=(alarm,)) == (
        b"A LONGER TEXT",
        b"SUMMARY",
        b"VALARM",
    )


@pytest.mark.parametrize(
    "prop",
    [
        PropFilter("URL", absent=True),
        PropFilter("DTEND", span=TimeRange(0, 1)),
    ],
)
def test_what_need_not_be_there_is_not_looked_for(prop: PropFilter) -> None:
    assert not sought(prop)
    assert not sought(comps=(CompFilter("VALARM", absent=True),))


@pytest.mark.parametrize(
    "prop",
    [
        PropFilter("URL"),
        PropFilter("URL", match=match("x", True)),
        PropFilter("URL", match=match("x,y")),
        PropFilter("URL", match=match("é")),
        PropFilter("URL", match=match("")),
        PropFilter("URL", match=match("k", name=UNICODE_CASEMAP.name)),
        PropFilter("URL", params=(ParamFilter("CN", match=match("x")),)),
    ],
)
def test_only_texts_that_stand_there_as_they_are_are_looked_for(prop: PropFilter) -> None:
    assert sought(prop) == (b"URL",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"SUMMARY:some Text\r\n", True),
        (b"SUMMARY:some Te\r\n xt\r\n", True),
        (b"SUMMARY:some Te\n\txt\n", True),
        (b"SUMMARY:some Te\r\nxt\r\n", False),
        (b"SUMMARY:other\r\n", False),
        # Odd lines are left to the parser.
        (b"SUMMARY:other\r", True),
        (b"SUMMARY:so\r\n\r\n me\r\n", True),
    ],
)
def test_folds_and_case_do_not_matter(content: bytes, expected: bool) -> None:
    assert may_match(content, (b"SOME TEXT",)) is expected


@given(
    st.text(st.sampled_from("abAB ,;\\\n:éK\u212a1_"), max_size=120),
    st.text(st.sampled_from("abAB ,;\\\n:éK\u212a1_"), max_size=3),
    st.sampled_from(list(COLLATIONS)),
)
def test_what_matches_is_never_ruled_out(value: str, wanted: str, collation: str) -> None:
    line = folded(make("SUMMARY", escape(value)))
    content = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\n"
        + line
        + b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    prop = PropFilter("SUMMARY", match=match(wanted, name=collation))
    asked = CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", props=(prop,)),))
    found = CalendarObject(content)
    result = matches(asked, found.calendar, Times(found, UTC, Budget()))
    assert result == (COLLATIONS[collation].fold(wanted) in COLLATIONS[collation].fold(value))
    assert may_match(content, needles(asked)) or not result
    assert needles(asked) != () and ASCII_CASEMAP.name in COLLATIONS
