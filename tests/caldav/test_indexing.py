"""What the store is to know of a calendar object.

Verifies: RFC 4791, 7.3, 9.9; RFC 7953, 7.2.2
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.caldav.indexing import index_of
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.validate import read
from davd.formats.icalendar.zones.identifiers import named
from davd.model.index import FOREVER, Span
from tests.caldav.calendars import event

NOW = 1_767_571_200.0  # 2026-01-05T00:00:00Z
DAY = 86_400
HOUR = 3_600
TEN = int(NOW) + 10 * HOUR


def spans(data: bytes) -> tuple[Span, ...]:
    return index_of(read(data), NOW).spans


def covers(found: tuple[Span, ...], start: int, end: int) -> bool:
    return any(span.start < max(end, start + 1) and max(span.end, span.start + 1) > start for span in found)


class TestOneObject:
    """Verifies: RFC 4791, 9.9"""

    def test_what_it_is(self):
        index = index_of(read(event("a\\,b", kind="VTODO")), NOW)
        assert (index.uid, index.component, index.terms) == ("a,b", "VTODO", ())

    @pytest.mark.parametrize("start", ["DTSTART:20260105T100000Z", "DTSTART;TZID=Europe/London:20260105T100000"])
    def test_with_a_zone_it_is_exact(self, start):
        assert spans(event("1", "DURATION:PT1H", start=start)) == (Span(TEN, TEN + HOUR, True),)

    @pytest.mark.parametrize("start", ["DTSTART:20260105T100000", "DTSTART;TZID=Nowhere:20260105T100000"])
    def test_without_one_it_may_be_anywhere_on_earth(self, start):
        (span,) = spans(event("1", "DURATION:PT1H", start=start))
        assert (span.start, span.end, span.exact) == (TEN - 16 * HOUR, TEN + 17 * HOUR, False)

    def test_one_floating_change_is_enough(self):
        data = event("1", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260106T100000", "DURATION:PT1H")
        assert not any(span.exact for span in spans(data))

    def test_a_time_without_a_zone_that_says_when_it_was_made_is_none(self):
        data = event("1", "DURATION:PT1H", "LAST-MODIFIED:20260105T100000Z", "X-A:20260105T100000")
        assert spans(data)[0].exact

    def test_a_series_without_an_end(self):
        found = spans(event("1", "RRULE:FREQ=WEEKLY", "DURATION:PT1H"))
        assert found[-1].end == FOREVER
        assert len(found) <= 200

    def test_a_to_do_without_times_is_always(self):
        assert covers(spans(event("1", kind="VTODO", start="")), -(10**11), 10**11)


class TestOthers:
    """Verifies: RFC 4791, 9.9; RFC 7953, 7.2.2"""

    def test_free_and_busy_time(self):
        whole = spans(event("1", "DTEND:20260106T100000Z", kind="VFREEBUSY"))
        assert whole == (Span(TEN, TEN + DAY + 1, False),)
        periods = "FREEBUSY:20260105T100000Z/PT1H,20260107T100000Z/20260107T120000Z"
        assert spans(event("1", periods, start="", kind="VFREEBUSY")) == (
            Span(TEN, TEN + HOUR, False),
            Span(TEN + 2 * DAY, TEN + 2 * DAY + 2 * HOUR, False),
        )
        assert spans(event("1", start="", kind="VFREEBUSY")) == ()

    def test_more_periods_than_are_kept(self):
        periods = ",".join([f"202601{day:02}T{hour:02}0000Z/PT1H" for day in range(1, 29) for hour in range(0, 24, 2)])
        (span,) = spans(event("1", f"FREEBUSY:{periods}", start="", kind="VFREEBUSY"))
        assert (span.start, span.exact) == (int(NOW) - 4 * DAY, False)

    def test_availability(self):
        assert spans(event("1", "DTEND:20260106T100000Z", kind="VAVAILABILITY")) == (Span(TEN, TEN + DAY, False),)
        assert spans(event("1", "DURATION:P1D", kind="VAVAILABILITY")) == (Span(TEN, TEN + DAY, False),)
        assert spans(event("1", kind="VAVAILABILITY")) == (Span(TEN, FOREVER, False),)
        assert spans(event("1", start="", kind="VAVAILABILITY")) == (Span(-FOREVER, FOREVER, False),)

    def test_what_nobody_asks_by_time(self):
        assert spans(event("1", kind="X-NOTE")) == ()


RULES = st.builds(
    "RRULE:FREQ={};INTERVAL={}{}".format,
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 5),
    st.sampled_from(["", ";COUNT=7", ";UNTIL=20260301T000000Z", ";BYDAY=MO,FR"]),
)
STARTS = st.sampled_from(
    [
        "DTSTART:20260105T100000Z", "DTSTART:20260105T100000", "DTSTART;VALUE=DATE:20260105",
        "DTSTART;TZID=America/New_York:20260105T230000", "DTSTART;TZID=Nowhere:20260105T230000",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STARTS, st.lists(RULES, max_size=1), st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kolkata"]))
def test_no_instance_is_outside_in_any_zone(start: str, rules: list[str], zone: str) -> None:
    """Verifies: RFC 4791, 7.3, 9.9."""
    data = event("1", *rules, start=start)
    checked = read(data)
    found = index_of(checked, NOW).spans
    floating = named(zone)
    assert floating is not None
    instances = RecurringObject(checked.calendar, floating).between(
        int(NOW) - 400 * DAY, int(NOW) + 400 * DAY, Budget()
    )
    for instance in instances:
        assert covers(found, instance.start, instance.end)
