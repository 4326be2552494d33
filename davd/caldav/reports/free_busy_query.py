"""free-busy-query: when the owner of some calendars is busy.

RFC 4791, 7.10 has this report sent to collections alone, so Depth counts calendars, not what is in them: a calendar is
asked about at any Depth, a home about its calendars at Depth 1. An answer that would be wrong because something was too
much to look at is not given.

Implements: RFC 4791, 7.3, 7.10; RFC 7953, 5, 7.2
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Final, cast

from davd.caldav.elements.free_busy_query import parse_free_busy_query
from davd.caldav.elements.time_range import TimeRange
from davd.caldav.merged import PRODID
from davd.caldav.names import (
    CALENDAR_AVAILABILITY,
    CALENDARSERVER_AVAILABILITY,
    READ_FREE_BUSY,
    TEXT_CALENDAR,
    VAVAILABILITY,
    VEVENT,
    VFREEBUSY,
)
from davd.caldav.objects import CalendarObject, CalendarObjects, is_demanding
from davd.caldav.reports.limits import Purse
from davd.caldav.reports.targets import TOO_MANY, Target, calendars
from davd.caldav.settings import CalDavSettings
from davd.caldav.zone_of import default_zone, floating_zone
from davd.dav.contents import contents_of, is_long, readable
from davd.dav.exchange import Exchange
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.availability import Availability, availabilities, unavailable
from davd.formats.icalendar.freebusy import Busy, busy_steps, merged, write
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.recur.budget import TooMuch
from davd.formats.icalendar.values import moment
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.fragment import stored_text
from davd.http.response import Response
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery
from davd.model.principal import INDIVIDUAL, SEGMENTS
from davd.model.resource import PRINCIPAL, Resource

# So many objects are looked at for one answer, and so many are read at once.
MOST_OBJECTS: Final = 20_000
_PAGE: Final = 50
# So many instances are found without a breath, and so many steps of rules are taken.
_BREATH: Final = 200
_SEARCH: Final = 1_000
# An answer about so many stretches of time takes some milliseconds.
_FEW: Final = 500
# So many stretches of busy time are told of.
MOST_PERIODS: Final = 5_000

_LEVELS: Final = {None: 0.0, "0": 0.0, "1": 1.0, "infinity": float("inf")}
_COMPONENTS: Final = frozenset((VEVENT, VFREEBUSY, VAVAILABILITY))
_AVAILABILITY: Final = (CALENDAR_AVAILABILITY, CALENDARSERVER_AVAILABILITY)


@dataclass(slots=True)
class _Source:
    """Objects of one calendar that may take time, by their ids, and the zone of their floating times."""

    calendar: Resource
    ids: list[int]
    zone: Zone


@dataclass(slots=True)
class _Gathered:
    """What has been found of the time from `start` to `end`, POSIX seconds."""

    start: int
    end: int
    busy: list[Busy] = field(default_factory=list)
    available: list[Availability] = field(default_factory=list)

    def take_in(self, calendar: Component, floating: Zone, purse: Purse) -> Iterator[None]:
        """Take in one object; what it gives on the way are breaths. HTTPError 507 when it, or all, are too much."""
        account = purse.open()
        found: list[Busy] = []
        try:
            budget = account.budget
            number, left = 0, budget.iterations
            for one in busy_steps(calendar, self.start, self.end, floating, budget):
                number += 1
                if one is not None:
                    found.append(one)
                if number >= _BREATH or left - budget.iterations >= _SEARCH:
                    number, left = 0, budget.iterations
                    yield
            self.available += availabilities(calendar, floating)
            self.busy += found
        except ContentError:
            # Nobody can tell when that is.
            pass
        except TooMuch:
            raise HTTPError(507, TOO_MANY) from None
        finally:
            account.settle()
        if purse.is_empty:
            raise HTTPError(507, TOO_MANY)

    def join(self) -> None:
        """Join what can be joined; HTTPError 507 when the rest is too much."""
        self.busy = _few(merged(self.busy))

    def all(self, purse: Purse) -> list[Busy]:
        """All busy time, with what availability leaves of the rest; HTTPError 507 when that is too much."""
        try:
            # RFC 7953, 5: "For each "VEVENT" or "VFREEBUSY" component, apply normal free-busy processing" comes last.
            left = unavailable(self.available, self.start, self.end, purse.open().budget)
        except ContentError:
            left = []
        except TooMuch:
            raise HTTPError(507, TOO_MANY) from None
        return _few(merged([*left, *self.busy]))


def _few(found: list[Busy]) -> list[Busy]:
    if len(found) > MOST_PERIODS:
        raise HTTPError(507, TOO_MANY)
    return found


async def respond(exchange: Exchange, settings: CalDavSettings, memory: CalendarObjects) -> Response:
    """200 with one VFREEBUSY, which is made when the transaction has ended.

    507 with DAV:number-of-matches-within-limits when there is more to look at than davd does for one answer.
    """
    asked = parse_free_busy_query(exchange.source, exchange.request.headers.get("content-type"))
    start = moment(settings.min_date_time).wall if asked.start is None else asked.start
    end = moment(settings.max_date_time).wall if asked.end is None else asked.end
    # The objects are read when the transaction has ended, and what availability says lies elsewhere.
    exchange.rests_on_store = True
    default = default_zone(settings.time_zone)
    targets = await calendars(exchange, _LEVELS[exchange.fields.depth], READ_FREE_BUSY)
    sources = await _sources(exchange, targets, TimeRange(start, end), default)
    gathered = _Gathered(start, end)
    purse = Purse(settings)
    told = await _of_owners(exchange, targets, default)

    def written() -> bytes:
        now = int(exchange.now)
        uid = blake2b(f"{exchange.request.path} {start} {end} {now}".encode(), digest_size=16).hexdigest()
        # RFC 4791, 7.10: the answer "MUST be an iCalendar object that contains exactly one VFREEBUSY component".
        return write(gathered.all(purse), start, end, prodid=PRODID, uid=uid, stamp=now)

    async def later() -> Response:
        for text, zone in told.items():
            content = text.encode()
            if is_long(content):
                await exchange.aside(partial(_take_in, content, None, gathered, zone, purse))
            else:
                _take_in(content, None, gathered, zone, purse)
                await exchange.pace()
        for source in sources:
            await _gather(exchange, source, gathered, memory, purse)
        few = len(gathered.busy) + len(gathered.available) <= _FEW
        body = written() if few else await exchange.aside(written)
        return Response(200, {"Content-Type": f"{TEXT_CALENDAR}; charset=utf-8"}, cast(bytes, body))

    exchange.later = later
    return Response(200)


async def _sources(exchange: Exchange, targets: Sequence[Target], within: TimeRange, default: Zone) -> list[_Source]:
    """What has to be looked at of the calendars."""
    query = IndexQuery(components=_COMPONENTS, start=within.start, end=within.end)
    room = MOST_OBJECTS
    sources = []
    for target in targets:
        calendar = target.calendar
        found = await exchange.transaction.find(calendar.id, query, room + 1)
        room -= len(found)
        if room < 0:
            raise HTTPError(507, TOO_MANY)
        # RFC 4791, 7.3: servers "MUST rely on the value of the CALDAV:calendar-timezone property, if defined".
        zone = await floating_zone(exchange.transaction, calendar, default)
        sources.append(_Source(calendar, [each.id for each in found], zone))
    return sources


async def _of_owners(exchange: Exchange, targets: Sequence[Target], default: Zone) -> dict[str, Zone]:
    """The availability that the owners of the calendars have set: on the calendar, above it, or on themselves.

    As iCalendar, each with the zone of its floating times.
    """
    transaction = exchange.transaction
    told: dict[str, Zone] = {}
    seen: set[int] = set()
    for target in targets:
        owner = target.calendar.owner
        places = [resource for resource in target.chain if resource.owner == owner]
        account = await transaction.account(owner)
        segment = SEGMENTS[INDIVIDUAL if account is None else account.kind]
        places += [row for row in await transaction.resolve(("principals", segment, owner)) if row.type == PRINCIPAL]
        places = [resource for resource in places if resource.id not in seen]
        seen.update([resource.id for resource in places])
        stored = await transaction.properties([resource.id for resource in places])
        for properties in stored.values():
            for name in _AVAILABILITY:
                text = stored_text(properties[name]).strip() if name in properties else ""
                if text and text not in told:
                    told[text] = await floating_zone(transaction, target.calendar, default)
    return told


def _take_in(content: bytes, known: CalendarObject | None, gathered: _Gathered, floating: Zone, purse: Purse) -> None:
    """Take in an object, without breaths; what is none says nothing. HTTPError 507 when it, or all, are too much."""
    try:
        found = CalendarObject(content) if known is None else known
    except ContentError:
        return
    for _ in gathered.take_in(found.calendar, floating, purse):
        pass


async def _gather(
    exchange: Exchange, source: _Source, gathered: _Gathered, memory: CalendarObjects, purse: Purse
) -> None:
    """Take in the objects of one calendar; HTTPError 507 when they are too much."""
    position = 0
    while position < len(source.ids):
        await exchange.pace()
        async with exchange.store.read() as transaction:
            ids = source.ids[position : position + _PAGE]
            rows = await transaction.resources(ids)
            rows = [row for row in rows if row.parent_id == source.calendar.id]
            room = readable(rows)
            position += len(ids) if room == len(rows) else ids.index(rows[room].id)
            rows = rows[:room]
            contents = await contents_of(transaction, exchange.store.blobs, rows)
        for row, content in zip(rows, contents, strict=True):
            exchange.rows += 1
            purse.read(content)
            if is_demanding(content):
                await exchange.aside(partial(_take_in, content, memory.known(row), gathered, source.zone, purse))
                continue
            try:
                found = memory.get(row, content)
            except ContentError:
                continue
            for _ in gathered.take_in(found.calendar, source.zone, purse):
                await exchange.pace()
            await exchange.pace()
        if len(gathered.busy) > 2 * MOST_PERIODS:
            await exchange.aside(gathered.join)
