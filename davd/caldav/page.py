"""The page about a calendar for people: what comes next, what is to be done, what was written down.

Implements: RFC 4791, 4.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Final, cast

from davd.caldav import names
from davd.caldav.objects import is_demanding
from davd.caldav.properties.supported import supported
from davd.caldav.settings import CalDavSettings
from davd.caldav.zone_of import default_zone, floating_zone
from davd.dav import page
from davd.dav.contents import PAGE, contents_of, readable
from davd.dav.exchange import Exchange
from davd.dav.title import title_in
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.budget import Budget, BudgetError
from davd.formats.icalendar.values import DAY, Kind, civil, of_line
from davd.formats.icalendar.zones.resolve import Zones
from davd.formats.icalendar.zones.zone import Zone
from davd.http.response import Response
from davd.model.index import FOREVER, IndexQuery
from davd.model.resource import Resource

# What one page shows at most, and how many objects are looked at for it.
_ROWS: Final = 500
_OBJECTS: Final = 2000
_LONGEST: Final = 500
# How much is done in one turn, some 5 ms: what an object is beside its instances, and every so many of its bytes. Then
# for how long one is looked at.
_AT_ONCE: Final = 200
_OBJECT: Final = 10
_BYTES: Final = 100
_SECONDS: Final = 0.005
_DONE: Final = frozenset(("COMPLETED", "CANCELLED"))
_WEEKDAYS: Final = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True, order=True)
class _Row:
    """A line of a table: sorted by `key`, `when` and `what` are HTML."""

    key: int
    when: str
    what: str
    where: str


class CalendarPage:
    """Writes the page about `calendar`, with a view of its own and a turn for others for each part."""

    def __init__(self, exchange: Exchange, calendar: Resource, settings: CalDavSettings) -> None:
        self._exchange = exchange
        self._calendar = calendar
        self._settings = settings
        self._zone = default_zone(settings.time_zone)
        self._start = int(exchange.now)
        self._end = self._start + settings.page_days * DAY
        self._work = 0

    async def respond(self) -> Response:
        """The page."""
        exchange, calendar = self._exchange, self._calendar
        async with exchange.store.read() as view:
            self._zone = await floating_zone(view, calendar, self._zone)
            stored = (await view.properties([calendar.id])).get(calendar.id, {})
            kinds = await supported(view, calendar)
        link = escape(exchange.href(exchange.node.path.segments, True))
        head = page.head(exchange, _CONTROL.sub("", title_in(stored)))
        parts = [f'{head}<p><a href="{link}?export">The whole calendar as a file</a></p>\n'.encode()]
        if names.VEVENT in kinds:
            caption = f"The next {self._settings.page_days} days ({self._zone.name})"
            parts.append(await self._section(names.VEVENT, caption, "When", self._events))
        if names.VTODO in kinds:
            parts.append(await self._section(names.VTODO, "To do", "Due", self._to_dos))
        if names.VJOURNAL in kinds:
            parts.append(await self._section(names.VJOURNAL, "Journal", "Date", self._entries))
        return Response(200, page.headers(), b"".join([*parts, page.TAIL]))

    async def _section(
        self, kind: str, caption: str, first: str, rows_of: Callable[[Component], Iterator[_Row]]
    ) -> bytes:
        start, end = (self._start, self._end) if kind == names.VEVENT else (None, None)
        async with self._exchange.store.read() as view:
            query = IndexQuery(components=frozenset((kind,)), start=start, end=end)
            ids = [found.id for found in await view.find(self._calendar.id, query, _OBJECTS)]
        rows: list[_Row] = []
        position = 0
        while position < len(ids):
            await self._exchange.pace()
            some = ids[position : position + PAGE]
            async with self._exchange.store.read() as view:
                members = await view.resources(some)
                room = readable(members)
                position += len(some) if room == len(members) else some.index(members[room].id)
                contents = await contents_of(view, self._exchange.store.blobs, members[:room])
            for data in contents:
                rows += await self._rows_of(data, rows_of)
        rows.sort()
        self._exchange.rows += len(rows)
        shown = [_written(row) for row in rows[:_ROWS]] or ['<tr><td colspan="3">Nothing</td></tr>\n']
        return (page.table(caption, first, "What", "Where") + "".join(shown) + page.TABLE_END).encode()

    async def _rows_of(self, data: bytes, rows_of: Callable[[Component], Iterator[_Row]]) -> list[_Row]:
        """The lines about one object, none about a broken one; with a turn for others once much has been done."""
        exchange = self._exchange
        if is_demanding(data):
            return cast(list[_Row], await exchange.aside(partial(_rows, data, rows_of)))
        rows = _rows(data, rows_of)
        self._work += _OBJECT + len(rows) + len(data) // _BYTES
        if self._work >= _AT_ONCE:
            self._work = 0
            await exchange.pace()
        return rows

    def _events(self, calendar: Component) -> Iterator[_Row]:
        budget = Budget(iterations=500, instances=_ROWS, seconds=_SECONDS)
        for instance in RecurringObject(calendar, self._zone).between(self._start, self._end, budget):
            component = instance.component
            begin = component.first("DTSTART")
            if begin is None or component.text("STATUS").upper() == "CANCELLED":
                continue
            whole_days = of_line(begin).kind is Kind.DATE
            when = self._stretch(instance.start, instance.end, whole_days)
            yield _Row(instance.start, when, _summary(component), _text(component, "LOCATION"))

    def _to_dos(self, calendar: Component) -> Iterator[_Row]:
        zones = Zones(calendar, self._zone)
        for component in calendar.subs(names.VTODO):
            if component.text("STATUS").upper() in _DONE or component.first("COMPLETED") is not None:
                continue
            due = component.first("DUE") or component.first("DTSTART")
            if due is None:
                yield _Row(FOREVER, "", _summary(component), _text(component, "LOCATION"))
                continue
            moment = of_line(due)
            when = self._moment(zones.utc(moment), moment.kind is Kind.DATE)
            yield _Row(zones.utc(moment), when, _summary(component), _text(component, "LOCATION"))

    def _entries(self, calendar: Component) -> Iterator[_Row]:
        zones = Zones(calendar, self._zone)
        for component in calendar.subs(names.VJOURNAL):
            begin = component.first("DTSTART")
            if begin is None:
                yield _Row(FOREVER, "", _summary(component), "")
                continue
            moment = of_line(begin)
            # The newest first.
            yield _Row(
                -zones.utc(moment), self._moment(zones.utc(moment), moment.kind is Kind.DATE), _summary(component), ""
            )

    def _moment(self, utc: int, whole_days: bool) -> str:
        zone = self._zone
        day, second = divmod(zone.wall(utc), DAY)
        text = _day(day) if whole_days else f"{_day(day)}, {_clock(second)}"
        machine = _iso_day(day) if whole_days else _iso(utc)
        return f'<time datetime="{machine}">{text}</time>'

    def _stretch(self, start: int, end: int, whole_days: bool) -> str:
        zone: Zone = self._zone
        first, begin = divmod(zone.wall(start), DAY)
        # An end is the first moment after: that of a whole day is the next midnight.
        last, stop = divmod(zone.wall(max(start, end - 1)) if whole_days else zone.wall(end), DAY)
        text = self._moment(start, whole_days)
        if whole_days:
            return (
                text if last == first else f'{text} \N{EN DASH} <time datetime="{_iso_day(last)}">{_day(last)}</time>'
            )
        if (last, stop) == (first, begin):
            return text
        until = _clock(stop) if last == first else f"{_day(last)}, {_clock(stop)}"
        return f'{text}\N{EN DASH}<time datetime="{_iso(end)}">{until}</time>'


def _rows(data: bytes, rows_of: Callable[[Component], Iterator[_Row]]) -> list[_Row]:
    found: list[_Row] = []
    try:
        for row in rows_of(parse(data)):
            found.append(row)
    except (ContentError, BudgetError):
        # What is broken is left to the client that wrote it, and what is too much is told of as far as it goes.
        pass
    return found


def _written(row: _Row) -> str:
    return f'<tr><td>{row.when}</td><th scope="row"><bdi>{row.what}</bdi></th><td class="text">{row.where}</td></tr>\n'


def _summary(component: Component) -> str:
    return _text(component, "SUMMARY") or "(no title)"


def _text(component: Component, name: str) -> str:
    return escape(_CONTROL.sub("", component.text(name)).strip()[:_LONGEST])


def _day(day: int) -> str:
    year, month, date = civil(day)
    return f"{_WEEKDAYS[day % 7]} {date} {_MONTHS[month - 1]} {year}"


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"


def _iso_day(day: int) -> str:
    year, month, date = civil(day)
    return f"{year:04}-{month:02}-{date:02}"


def _iso(utc: int) -> str:
    day, second = divmod(utc, DAY)
    return f"{_iso_day(day)}T{_clock(second)}:{second % 60:02}Z"
