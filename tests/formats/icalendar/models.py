"""iCalendar objects for hypothesis.

Verifies: RFC 5545, 3.1, 3.6
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from davd.formats.contentlines import Line, escape, make
from davd.formats.icalendar.object import Component

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters='\n,;:\\"^'), max_size=30
)
NAMES = st.from_regex(r"X-[A-Z][A-Z0-9-]{0,8}", fullmatch=True)
DATES = st.dates().map(lambda day: f"{day.year:04}{day.month:02}{day.day:02}")
TIMES = st.times().map(lambda time: time.strftime("%H%M%S"))
DATE_TIMES = st.tuples(DATES, TIMES, st.sampled_from(["", "Z"])).map(lambda parts: f"{parts[0]}T{parts[1]}{parts[2]}")
DURATIONS = st.builds(
    lambda sign, text: sign + text,
    st.sampled_from(["", "-", "+"]),
    st.one_of(
        st.integers(0, 99).map(lambda weeks: f"P{weeks}W"),
        st.integers(0, 999).map(lambda days: f"P{days}D"),
        st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)).map(
            lambda parts: "P{}DT{}H{}M{}S".format(*parts)
        ),
        st.integers(0, 999).map(lambda minutes: f"PT{minutes}M"),
    ),
)
OFFSETS = st.tuples(st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59)).map(
    lambda parts: f"{parts[0]}{parts[1]:02}{parts[2]:02}"
)
PARAMS = st.lists(
    st.tuples(NAMES, st.one_of(TEXT, st.sampled_from(["", "a,b", "mailto:a@b.c"]))),
    max_size=2,
    unique_by=lambda pair: pair[0],
)


def _property(name: str, values: st.SearchStrategy[str], *params: tuple[str, str]) -> st.SearchStrategy[Line]:
    return st.builds(lambda value, more: make(name, value, [*params, *more]), values, PARAMS)


def _list(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=4).map(",".join)


_PERIODS = st.tuples(DATE_TIMES, st.one_of(DATE_TIMES, DURATIONS)).map("/".join)
_RULES = st.sampled_from(
    ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,-1SU;COUNT=3", "FREQ=YEARLY;UNTIL=20300101T000000Z;BYMONTH=3;WKST=SU"]
)
LINES = st.one_of(
    _property("SUMMARY", TEXT.map(escape)),
    _property("DESCRIPTION", TEXT.map(escape)),
    _property("CATEGORIES", _list(TEXT.map(escape))),
    _property("REQUEST-STATUS", st.lists(TEXT.map(escape), min_size=2, max_size=3).map(";".join)),
    _property("DTSTART", DATE_TIMES),
    _property("DTSTART", DATES, ("VALUE", "DATE")),
    _property("DTEND", DATE_TIMES, ("TZID", "Europe/Berlin")),
    _property("EXDATE", _list(DATE_TIMES)),
    _property("RDATE", _list(_PERIODS), ("VALUE", "PERIOD")),
    _property("FREEBUSY", _list(_PERIODS)),
    _property("DURATION", DURATIONS),
    _property("TZOFFSETTO", OFFSETS),
    _property("RRULE", _RULES),
    _property("GEO", st.tuples(st.integers(-90, 90), st.integers(-180, 180)).map("{0[0]}.5;{0[1]}.25".format)),
    _property("SEQUENCE", st.integers(0, 2**31 - 1).map(str)),
    _property("ATTENDEE", st.sampled_from(["mailto:a@example.com", "urn:uuid:1;2,3"])),
    _property("ATTACH", st.sampled_from(["", "VGhl"]), ("VALUE", "BINARY"), ("ENCODING", "BASE64")),
    _property("X-OWN", TEXT.map(lambda text: text.replace("\n", " "))),
    _property("X-TIME", TIMES, ("VALUE", "TIME")),
    _property("X-YES", st.sampled_from(["TRUE", "FALSE"]), ("VALUE", "BOOLEAN")),
    _property("X-OTHER", st.sampled_from(["a;b\\,c", ""]), ("VALUE", "X-FOO")),
)


def _components(names: Iterable[str], inner: st.SearchStrategy[list[Component]]) -> st.SearchStrategy[Component]:
    return st.builds(Component, st.sampled_from(list(names)), st.lists(LINES, max_size=4), inner)


_ALARMS = _components(["VALARM", "VLOCATION", "X-INNER"], st.just([]))
_EVENTS = _components(["VEVENT", "VTODO", "VJOURNAL", "X-COMP"], st.lists(_ALARMS, max_size=2))
CALENDARS = _components(["VCALENDAR"], st.lists(_EVENTS, max_size=3))
