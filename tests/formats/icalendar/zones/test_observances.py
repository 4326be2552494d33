"""Changes put into rules and dates.

Verifies: RFC 5545, 3.6.5, 3.8.5.3; RFC 9636, 3.3.1
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.contentlines import Line
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import Kind, Moment, write_moment, write_utc_offset
from davd.formats.icalendar.zones.definition import defined
from davd.formats.icalendar.zones.observances import Observance, observances
from davd.formats.icalendar.zones.posix import LocalTime, parse
from davd.formats.icalendar.zones.tzif import Tzif
from davd.formats.icalendar.zones.zone import TableZone, Zone
from tests.formats.icalendar.zones.oracle import DAY, seconds


def zone(found: list[Observance]) -> Zone:
    """The observances as a VTIMEZONE, read again."""
    subs = []
    for one in found:
        values = [
            ("TZOFFSETFROM", write_utc_offset(one.before)),
            ("TZOFFSETTO", write_utc_offset(one.after)),
            ("DTSTART", write_moment(Moment(one.start, Kind.FLOATING))),
            *(("RDATE", write_moment(Moment(wall, Kind.FLOATING))) for wall in one.dates),
        ]
        if one.rule:
            values.append(("RRULE", one.rule))
        subs.append(Component("STANDARD", [Line(name, "", "", value) for name, value in values]))
    return defined(Component("VTIMEZONE", [Line("TZID", "", "", "x")], subs))


def of(footer: str) -> Tzif:
    """A zone that is all footer."""
    rules = parse(footer)
    return Tzif(rules.standard, (), (), rules)


def rules(footer: str) -> list[str]:
    return [one.rule for one in observances(of(footer), seconds(1990))]


@pytest.mark.parametrize(
    ("footer", "expected"),
    [
        ("AAA-1BBB,M3.5.0,M10.5.0/3", {"BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"}),
        ("AAA-1BBB,J60,J300", {"BYMONTH=3;BYMONTHDAY=1", "BYMONTH=10;BYMONTHDAY=27"}),
        ("AAA-1BBB,J59/25,J300/24", {"BYYEARDAY=60", "BYYEARDAY=-65"}),
        ("AAA-1BBB,59,300", {"BYYEARDAY=60", "BYYEARDAY=301"}),
        (
            "AAA-1BBB,M1.1.0/-1,M5.1.0/-167",
            {
                "BYMONTH=12;BYMONTHDAY=31;BYDAY=SA",
                "BYMONTH=1;BYMONTHDAY=1,2,3,4,5,6;BYDAY=SA",
                "BYMONTH=4;BYDAY=-1SU",
            },
        ),
        ("AAA-1BBB,M3.1.0/-1,M10.1.0", {"", "BYMONTH=10;BYDAY=1SU"}),
        ("AAA-1BBB,M2.5.0/26,M10.4.0/-1", {"", "BYMONTH=10;BYMONTHDAY=21,22,23,24,25,26,27;BYDAY=SA"}),
        (
            "AAA-1BBB,M2.5.0/-1,M10.2.0/-25",
            {"BYMONTH=2;BYMONTHDAY=-8,-7,-6,-5,-4,-3,-2;BYDAY=SA", "BYMONTH=10;BYMONTHDAY=6,7,8,9,10,11,12;BYDAY=FR"},
        ),
        (
            "AAA-1BBB,M3.1.0/167,M10.4.1/100",
            {
                "BYMONTH=3;BYMONTHDAY=7,8,9,10,11,12,13;BYDAY=SA",
                "BYMONTH=10;BYMONTHDAY=26,27,28,29,30,31;BYDAY=FR",
                "BYMONTH=11;BYMONTHDAY=1;BYDAY=FR",
            },
        ),
    ],
)
def test_days_as_rules(footer: str, expected: set[str]) -> None:
    assert {rule.removeprefix("FREQ=YEARLY;") for rule in rules(footer)} == expected


DAYS = st.one_of(
    st.builds("M{}.{}.{}".format, st.integers(1, 12), st.integers(1, 5), st.integers(0, 6)),
    st.integers(1, 365).map("J{}".format),
    st.integers(0, 365).map(str),
)
TIMES = st.one_of(
    st.just(""),
    st.integers(-167, 167).map("/{}".format),
    st.builds("/{}:{}".format, st.integers(0, 26), st.integers(0, 59)),
)


@settings(max_examples=150, deadline=None)
@given(st.integers(-12, 12), DAYS, TIMES, DAYS, TIMES)
def test_any_footer_becomes_rules_that_say_the_same(offset: int, start: str, at: str, end: str, until: str) -> None:
    data = of(f"AAA{offset}BBB,{start}{at},{end}{until}")
    assert data.footer is not None
    changes = data.changes(seconds(1990), seconds(2100) - 10 * DAY)
    if any(second.instant - first.instant < 2 * DAY for first, second in zip(changes, changes[1:], strict=False)):
        # Rules that fall together are nobody's law, and have no order that RRULE could say.
        return
    said = zone(observances(data, seconds(1990)))
    ours = TableZone("x", data)
    for change in changes:
        for instant in (change.instant - 1, change.instant, change.instant + 1):
            if instant > seconds(1990):
                assert said.offset(instant) == ours.offset(instant), instant


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(seconds(1900), seconds(2000)), st.integers(-8, 8), st.booleans()),
        min_size=1,
        max_size=40,
        unique_by=lambda item: item[0] // (2 * DAY),
    ),
    st.integers(seconds(1890), seconds(2010)),
)
def test_any_history_is_said_from_begin_on(history: list[tuple[int, int, bool]], begin: int) -> None:
    history.sort()
    times = tuple(LocalTime(hours * 3600, daylight, "ABC") for _, hours, daylight in history)
    instants = tuple(instant for instant, _, _ in history)
    data = Tzif(LocalTime(0, False, "LMT"), instants, times, None, instants[-1])
    said = zone(observances(data, begin))
    ours = TableZone("x", data)
    for instant in (begin, *(at + by for at in instants for by in (-1, 0)), seconds(2050)):
        if instant >= begin:
            assert said.offset(instant) == ours.offset(instant)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(-8, 8), max_size=6),
    st.integers(-12, 12),
    DAYS,
    DAYS,
    st.integers(seconds(1980), seconds(2030)),
    st.integers(seconds(1970), seconds(2040)),
)
def test_a_history_and_the_rules_after_it(
    history: list[int], offset: int, start: str, end: str, last: int, begin: int
) -> None:
    footer = parse(f"AAA{offset}BBB,{start}/0,{end}/0")
    changes = footer.changes(seconds(1960), seconds(2100))
    if any(second.instant - first.instant < 2 * DAY for first, second in zip(changes, changes[1:], strict=False)):
        return
    # From `last` on it goes by the rules; before, every 500 days something else.
    instants = [last - 500 * DAY * number for number in range(len(history), -1, -1)]
    times = [LocalTime(hours * 3600, False, "CCC") for hours in history] + [footer.at(last)]
    data = Tzif(LocalTime(0, False, "LMT"), tuple(instants), tuple(times), footer, last)
    said = zone(observances(data, begin))
    ours = TableZone("x", data)
    for instant in (*instants, *(change.instant for change in changes)):
        for at in (instant - 1, instant):
            if at >= begin and at < seconds(2099):
                assert said.offset(at) == ours.offset(at)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 6), st.integers(3, 40), st.integers(1900, 1990))
def test_a_yearly_change_becomes_one_rule_with_its_last_onset(
    month: int, week: int, day: int, years: int, first: int
) -> None:
    law = parse(f"AAA0BBB,M{month}.{week}.{day}/2,M{(month + 5) % 12 + 1}.1.0")
    changes = [
        change for year in range(first, first + years) for change in (law.to_daylight(year), law.to_standard(year))
    ]
    changes.sort()
    data = Tzif(
        law.standard, tuple(c.instant for c in changes), tuple(c.after for c in changes), None, changes[-1].instant
    )
    found = [one for one in observances(data, seconds(1800)) if one.name == "BBB"]
    assert len(found) == 1
    said = zone(observances(data, seconds(1800)))
    for change in changes[1:]:
        assert (said.offset(change.instant - 1), said.offset(change.instant)) == (
            change.before.offset,
            change.after.offset,
        )
    last = law.to_daylight(first + years - 1).instant
    assert found[0].rule.endswith(f";UNTIL={write_moment(Moment(last, Kind.UTC))}")
    assert f"BYMONTH={month};" in found[0].rule


@pytest.mark.parametrize("week", [4, 5])
@pytest.mark.parametrize("day", range(7))
def test_the_fourth_and_the_last_of_february_in_leap_years(week: int, day: int) -> None:
    law = parse(f"AAA0BBB,M2.{week}.{day}/2,M9.1.0")
    changes = [change for year in range(1904, 1990) for change in (law.to_daylight(year), law.to_standard(year))]
    instants = tuple(change.instant for change in changes)
    data = Tzif(law.standard, instants, tuple(change.after for change in changes), None, instants[-1])
    found = observances(data, seconds(1800))
    said = zone(found)
    assert [one.rule.partition(";UNTIL")[0] for one in found if one.name == "BBB"] == [
        f"FREQ=YEARLY;BYMONTH=2;BYDAY={-1 if week == 5 else 4}{'SU MO TU WE TH FR SA'.split()[day]}"
    ]
    for change in changes:
        assert (said.offset(change.instant - 1), said.offset(change.instant)) == (
            change.before.offset,
            change.after.offset,
        )


def test_a_rule_whose_instant_is_in_the_year_before() -> None:
    # New Year's Day by the clock, noon of the day before in UTC; by then the rules do not hold yet.
    footer = parse("AAA-12BBB,J1/0,M7.1.0")
    last = seconds(2020, 12, 31, 18)
    data = Tzif(LocalTime(0, False, "CCC"), (last,), (footer.at(last),), footer, last)
    said = zone(observances(data, seconds(2020)))
    assert [said.offset(seconds(2020, 12, 31, hour)) for hour in (11, 15, 18)] == [0, 0, 13 * 3600]
    assert said.offset(seconds(2021, 12, 31, 11)) == 12 * 3600
    assert said.offset(seconds(2021, 12, 31, 12)) == 13 * 3600


def test_fewer_than_three_onsets_are_dates() -> None:
    law = parse("AAA0BBB,M3.5.0,M10.5.0")
    changes = [change for year in (1990, 1991) for change in (law.to_daylight(year), law.to_standard(year))]
    data = Tzif(
        law.standard, tuple(c.instant for c in changes), tuple(c.after for c in changes), None, changes[-1].instant
    )
    found = observances(data, seconds(1990, 1, 1))
    assert [(one.name, one.rule, len(one.dates)) for one in found] == [("AAA", "", 0), ("BBB", "", 1), ("AAA", "", 1)]


@pytest.mark.parametrize("footer", ["EST5EDT,0/0,J365/25", "XXX3EDT4,0/0,J365/23"])
def test_daylight_saving_time_all_year_is_one_observance(footer: str) -> None:
    rules = parse(footer)
    last = seconds(2020)
    data = Tzif(LocalTime(-18_000, False, "EST"), (last,), (LocalTime(-14_400, True, "EDT"),), rules, last)
    found = observances(data, seconds(2021))
    assert [(one.start, one.after, one.rule, one.dates) for one in found] == [(last - 18_000, -14_400, "", ())]


def test_the_other_half_of_a_year_is_daylight_where_the_database_has_it_the_wrong_way_round() -> None:
    found = observances(of("IST-1GMT0,M10.5.0,M3.5.0/1"), seconds(2020))
    assert {(one.name, one.daylight) for one in found} == {("IST", True), ("GMT", False)}
