"""What the store is to know of a calendar object, so that queries need not read every object.

Times without a zone of their own are meant in the zone of whoever asks: the calendar's, which may change, or one that
came with the query. So their spans are as wide as all zones together, and not exact.

Implements: RFC 4791, 4.1, 7.3, 9.9; RFC 7953, 7.2.2
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from davd.caldav.alarms import FAR, apart, length
from davd.caldav.names import VAVAILABILITY, VEVENT, VFREEBUSY, VJOURNAL, VTODO
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import BudgetError
from davd.formats.icalendar.validate import Checked
from davd.formats.icalendar.values import Duration, duration, of_line, periods
from davd.formats.icalendar.zones.resolve import Zones, resolve
from davd.formats.icalendar.zones.zone import UTC
from davd.model.index import FOREVER, ObjectIndex, Span

# Local mean times have been up to 15:13:42 ahead of UTC and 15:58:00 behind; no zone is farther away.
_WIDEST: Final = 16 * 3600
# As many as the store keeps of one object.
_MOST: Final = 200
_ALWAYS: Final = (Span(-FOREVER, FOREVER, False),)
_TIMES: Final = frozenset(
    ("DTSTART", "DTEND", "DUE", "COMPLETED", "CREATED", "RECURRENCE-ID", "RDATE", "EXDATE", "FREEBUSY")
)


def index_of(checked: Checked, now: float) -> ObjectIndex:
    """The index of an object that has been checked; `now` (POSIX seconds) is about when it will be asked for.

    Alarms with times of their own are found by spans as well, which say nothing of instances, so they are not exact.
    """
    spans = _spans(checked, now)
    alarms, far = apart(checked.calendar, _MOST - len(spans))
    if alarms:
        spans = tuple(sorted((*spans, *alarms), key=lambda span: (span.start, span.end)))
    return ObjectIndex(checked.uid, checked.kind, spans, (FAR,) if far else ())


def _spans(checked: Checked, now: float) -> tuple[Span, ...]:
    calendar, kind = checked.calendar, checked.kind
    parts = [part for part in calendar.components if part.name == kind]
    try:
        if kind in (VEVENT, VTODO, VJOURNAL):
            spans: Iterable[Span] = RecurringObject(calendar, UTC).spans(int(now))
        elif kind in (VFREEBUSY, VAVAILABILITY):
            zones = Zones(calendar)
            spans = [span for part in parts for span in _extent(part, zones)]
        else:
            # RFC 4791, 9.9 says of no other component when it overlaps a time range.
            return ()
        if not _floats(calendar, parts):
            return tuple(spans)
    except (BudgetError, ContentError):
        return _ALWAYS
    return tuple([Span(_earlier(span.start), _later(span.end), False) for span in spans])


def _earlier(moment: int) -> int:
    return moment if moment <= -FOREVER else moment - _WIDEST


def _later(moment: int) -> int:
    return moment if moment >= FOREVER else moment + _WIDEST


def _floats(calendar: Component, parts: Iterable[Component]) -> bool:
    """Whether the object has times whose zone is not its own."""
    known: set[str] = set()
    for part in parts:
        for line in part.lines:
            if line.name not in _TIMES:
                continue
            tzid = line.param("TZID").strip() if line.raw_params else ""
            for text in line.value.split(","):
                # The first moment of a period tells for both.
                text = text.partition("/")[0].strip().upper()
                if text.endswith("Z"):
                    continue
                if not tzid or "T" not in text:
                    return True
                if tzid not in known:
                    if resolve(tzid, calendar) is None:
                        return True
                    known.add(tzid)
    return False


def _extent(part: Component, zones: Zones) -> list[Span]:
    """Where a VFREEBUSY or a VAVAILABILITY may have something to say."""
    begin, end = part.first("DTSTART"), part.first("DTEND")
    start = -FOREVER if begin is None else zones.utc(of_line(begin))
    stop = FOREVER if end is None else zones.utc(of_line(end))
    lasts = part.first("DURATION")
    if begin is not None and end is None and lasts is not None:
        stop = _after(start, duration(lasts.value))
    if part.name == VAVAILABILITY:
        return [Span(start, max(start, stop), False)]
    if begin is not None and end is not None:
        # RFC 4791, 9.9: (start <= DTEND) AND (end > DTSTART)
        return [Span(start, max(start, stop) + 1, False)]
    spans = []
    for line in part.all("FREEBUSY"):
        for period in periods(line):
            first = zones.utc(period.start)
            last = _after(first, period.duration) if period.duration is not None else first
            spans.append(Span(first, zones.utc(period.end) if period.end is not None else last, False))
    if len(spans) <= _MOST:
        return spans
    return [Span(min([span.start for span in spans]), max([span.end for span in spans]), False)]


def _after(instant: int, time: Duration) -> int:
    return instant + length(time)
