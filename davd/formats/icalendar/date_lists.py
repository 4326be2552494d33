"""EXDATE and RDATE: lists of dates that may be long, looked into without reading each value.

The values stay the texts they are. Those of one clock sort as their times do, and a candidate is written the same way
to see whether it is among them.

Implements: RFC 5545, 3.8.5.1, 3.8.5.2
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Final, NamedTuple

from davd.formats.contentlines import ContentError, Line
from davd.formats.icalendar.values import DAY, Kind, Moment, Period, civil, moment, period
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import UTC, Zone

_DATE_LENGTH: Final = 8
# A day for the time of a value of which only the day counts, and one for the differences between clocks.
_SLACK: Final = 2 * DAY
# A second that no DATE-TIME can name is before or after all that can.
_FIRST: Final = "00000000"
_LAST: Final = "99999999"
_FIRST_WALL: Final = -62_135_596_800
_LAST_WALL: Final = 253_402_300_799


class Listed(NamedTuple):
    """One RDATE: its instant, the wall on DTSTART's clock, and its own length in seconds where it has one."""

    utc: int
    wall: int
    length: int | None


class ExDates:
    """The instances that EXDATE takes out of a series.

    A DATE takes out all instances of that day on the clock of DTSTART. Where DTSTART is a DATE, only the day of an
    EXDATE counts, as it is written.
    """

    __slots__ = ("_days", "_others", "_walls")

    def __init__(self, lines: Iterable[Line], anchor: Moment, zones: Zones) -> None:
        self._days: set[str] = set()
        self._walls: set[str] = set()
        self._others: list[tuple[Zone, set[str]]] = []
        own = zones.zone(anchor)
        others: dict[int, tuple[Zone, set[str]]] = {}
        for tzid, texts in _grouped(lines).items():
            if anchor.kind is Kind.DATE:
                self._days.update(text[:_DATE_LENGTH] for text in texts)
                continue
            for zone, form in _by_clock(tzid, texts, anchor, zones):
                if zone is None:
                    self._days.update(form)
                elif zone is own:
                    self._walls.update(form)
                else:
                    others.setdefault(id(zone), (zone, set()))[1].update(form)
        self._others = list(others.values())

    def has(self, wall: int, utc: int) -> bool:
        """Whether the instance that starts at the wall on DTSTART's clock, which is the instant `utc`, is taken out."""
        text = _written(wall)
        if text in self._walls or text[:_DATE_LENGTH] in self._days:
            return True
        return any(_written(zone.wall(utc)) in texts for zone, texts in self._others)


class RDates:
    """The instances that RDATE adds to a series.

    A DATE in a series of DATE-TIMEs has DTSTART's time of day; of a DATE-TIME in a series of DATEs only the day counts.
    Values that are none are passed over. `have_periods` tells that there are periods, which may have any length.
    """

    __slots__ = ("_anchor", "_groups", "_zone", "have_periods")

    def __init__(self, lines: Iterable[Line], anchor: Moment, zones: Zones) -> None:
        self._anchor = anchor
        self._zone = zones.zone(anchor)
        self._groups: list[tuple[Zone, str, list[str]]] = []
        for tzid, texts in _grouped(lines).items():
            for zone, form in _by_clock(tzid, texts, anchor, zones):
                self._groups.append((zone or self._zone, tzid, sorted(form)))
        self.have_periods = any("/" in texts[0] for _, _, texts in self._groups)

    def __len__(self) -> int:
        return sum(len(texts) for _, _, texts in self._groups)

    def between(self, low: int, high: int) -> Iterator[Listed]:
        """Those that start at an instant from `low` on and before `high`, ascending.

        Periods come even when they start before `low`, since they may last.
        """
        found = [self._group(zone, tzid, texts, low, high) for zone, tzid, texts in self._groups]
        return found[0] if len(found) == 1 else merge(*found)

    def _group(self, zone: Zone, tzid: str, texts: list[str], low: int, high: int) -> Iterator[Listed]:
        begin = bisect_left(texts, _written(_wall(zone, low) - _SLACK)[:_DATE_LENGTH])
        end = bisect_right(texts, _written(_wall(zone, high) + _SLACK))
        if "/" in texts[0]:
            begin = 0
        for text in texts[begin:end]:
            try:
                found = self._listed(zone, tzid, text)
            except ContentError:
                continue
            if (found.utc >= low or found.length is not None) and found.utc < high:
                yield found

    def _listed(self, zone: Zone, tzid: str, text: str) -> Listed:
        lasting: Period | None = None
        if "/" in text:
            lasting = period(text, tzid)
            start = lasting.start
        else:
            start = moment(text, tzid)
        anchor = self._anchor
        if anchor.kind is Kind.DATE:
            wall = start.wall // DAY * DAY
            return Listed(self._zone.utc(wall), wall, None)
        if start.kind is Kind.DATE:
            wall = start.wall + anchor.wall % DAY
            return Listed(self._zone.utc(wall), wall, None)
        utc = zone.utc(start.wall)
        wall = start.wall if zone is self._zone else self._zone.wall(utc)
        if lasting is None:
            return Listed(utc, wall, None)
        if lasting.end is not None:
            end = zone.utc(lasting.end.wall)
        else:
            length = lasting.duration
            assert length is not None
            end = zone.utc(start.wall + length.days * DAY) + length.seconds
        return Listed(utc, wall, max(end - utc, 0))


def _grouped(lines: Iterable[Line]) -> dict[str, set[str]]:
    """The values by the TZID that stands beside them, without white space and in upper case."""
    by_params: dict[str, list[str]] = {}
    tzids: dict[str, str] = {}
    for line in lines:
        params = line.raw_params
        if params not in tzids:
            tzids[params] = line.param("TZID").strip() if params else ""
        by_params.setdefault(params, []).append(line.value)
    found: dict[str, set[str]] = {}
    for params, values in by_params.items():
        texts = "".join(",".join(values).split()).upper().split(",")
        found.setdefault(tzids[params], set()).update(texts)
    for texts_of in found.values():
        texts_of.discard("")
    return found


def _by_clock(tzid: str, texts: set[str], anchor: Moment, zones: Zones) -> Iterator[tuple[Zone | None, set[str]]]:
    """The values of one TZID by the zone of their clock, None for those that are DATEs; `Z` is taken off.

    Periods come apart from the others.
    """
    days = {text for text in texts if len(text) == _DATE_LENGTH}
    lasting = {text for text in texts if "/" in text}
    if days:
        yield None, days
    for among in (texts - days - lasting, lasting):
        utc = {text for text in among if "Z" in text}
        if utc:
            yield UTC, {text.replace("Z", "") for text in utc}
        if among - utc:
            # Without a zone of its own, a value is on the clock of DTSTART.
            yield zones.zone(Moment(0, Kind.ZONED, tzid) if tzid else anchor), among - utc


def _wall(zone: Zone, utc: int) -> int:
    return zone.wall(min(max(utc, _FIRST_WALL), _LAST_WALL))


def _written(wall: int) -> str:
    """The wall as it stands in a DATE-TIME without `Z`."""
    if wall < _FIRST_WALL:
        return _FIRST
    if wall > _LAST_WALL:
        return _LAST
    number, rest = divmod(wall, DAY)
    year, month, day = civil(number)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}"
