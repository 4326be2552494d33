"""calendar-query: the calendar objects that are as a filter says.

The store's index says which objects may be; those that it is not sure of are read. An object that cannot be understood
matches no filter that has to look into it. One whose instances are too many to tell matches: a client can see for
itself that it asked for something else, but not what it was never told of.

Implements: RFC 4791, 7.2, 7.3, 7.8; RFC 7809, 3.1.6
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from typing import Final

from davd.caldav.elements.calendar_query import CalendarQuery, parse_calendar_query
from davd.caldav.filter import matches
from davd.caldav.filter_index import Plan, plan
from davd.caldav.filter_scan import may_match, needles
from davd.caldav.filter_time import Times
from davd.caldav.objects import CalendarObject, CalendarObjects, is_demanding
from davd.caldav.reports.limits import Account, Purse, check_ranges
from davd.caldav.reports.stream import answer
from davd.caldav.reports.targets import TOO_MANY, Target, calendars, is_object
from davd.caldav.reports.telling import Batch, Piece, Telling
from davd.caldav.settings import CalDavSettings
from davd.caldav.zone_of import default_zone, floating_zone
from davd.dav import multistatus
from davd.dav.contents import Aside, readable
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import base_href
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.recur.budget import TooMuch
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.writer import status_response
from davd.http.prefer import Preferences
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.index import Found
from davd.model.path import quote_segment
from davd.model.resource import Resource

# So many objects that may match are looked at in one request.
MOST_CANDIDATES: Final = 100_000

# So many rows are read at once where objects are told of without a look at them, and where they are looked at.
_SEEN: Final = 500
_READ: Final = 100

_LEVELS: Final = {None: 0.0, "0": 0.0, "1": 1.0, "infinity": float("inf")}


async def respond(exchange: Exchange, settings: CalDavSettings, memory: CalendarObjects) -> Response:
    """207 with a response for each object that matches.

    When more match than may be told of, the last response is one with 507 and DAV:number-of-matches-within-limits for
    the request URI. 403 with the precondition that the question fails; 507 with that of too many when there is too much
    to look at.
    """
    headers = exchange.request.headers
    asked = parse_calendar_query(exchange.source, headers.get("content-type"))
    check_ranges(asked.ranges, settings)
    telling = Telling(exchange, asked.asked, memory, Purse(settings), _is_expanded(asked))
    course = _Course(exchange, settings, asked, telling)
    if is_object(exchange):
        course.add_object()
    else:
        # RFC 4791, 7.8: "If no Depth header is included, Depth:0 is assumed", and no collection is an object itself.
        # Its members are one level deeper than it.
        levels = _LEVELS[exchange.fields.depth]
        if levels:
            for target in await calendars(exchange, levels - 1):
                await course.add(target)
    body = await answer(exchange, telling.renderer, course)
    return multistatus.respond(body, Preferences.from_headers(headers).applied("return"))


def _is_expanded(asked: CalendarQuery) -> bool:
    """Whether instances are wanted in the range in which objects have to have some."""
    expand = None if asked.asked.data is None else asked.asked.data.expand
    return expand is not None and any(comp.span == expand for comp in asked.filter.comps)


class _Course:
    """The objects that may match, on their way into one answer."""

    def __init__(self, exchange: Exchange, settings: CalDavSettings, asked: CalendarQuery, telling: Telling) -> None:
        self.purse = telling.purse
        self.more = False
        self._exchange = exchange
        self._asked = asked
        self._telling = telling
        self._plan = plan(asked.filter)
        self._needles = needles(asked.filter)
        # Where nothing narrows the search, all of a calendar passes by.
        self._passing = not self._plan.narrow
        self._default = default_zone(settings.time_zone)
        self._left = settings.max_query_names if asked.asked.data is None else settings.max_query_results
        self._ahead: list[tuple[Target, list[Found]]] = []
        self._candidates = 0
        self._zones: dict[int, Zone] = {}
        # Of the batch that was loaded last, those that have to be looked at.
        self._unsure: frozenset[int] = frozenset()
        self._truncated = False

    def add_object(self) -> None:
        """Look at the target, which is an object, however it is known to the index."""
        exchange = self._exchange
        chain = exchange.node.chain
        row = chain[-1]
        if self._plan.query is not None:
            self._plan = Plan(self._plan.query)
            target = Target(chain[:-1], base_href(exchange, exchange.node.path.segments[:-1]) + "/")
            self._ahead.append((target, [Found(row.id, row.name, "", "", False)]))
            self.more = True

    async def add(self, target: Target) -> None:
        """Search one calendar more; 507 when there are too many objects to look at by now."""
        query = self._plan.query
        if query is None or self._truncated:
            return
        room = MOST_CANDIDATES + 1 - self._candidates
        found: list[Found] = await self._exchange.transaction.find(target.calendar.id, query, room)
        self._candidates += len(found)
        if self._candidates > MOST_CANDIDATES:
            if not self._plan.settled:
                raise HTTPError(507, TOO_MANY)
            found.pop()
            self._truncated = True
        if found:
            self._ahead.append((target, found))
            self.more = True

    # -- loading --------------------------------------------------------------------------------------------------

    async def load(self, transaction: IReadTransaction) -> Batch | None:
        """The next objects of one calendar; None when none of those is there any more, or may match."""
        telling, settled = self._telling, self._plan.settled
        target, found = self._ahead[0]
        count = _SEEN if telling.form is None and settled else _READ
        some = found[:count]
        del found[:count]
        self.purse.work += 4 * len(some)
        if self._plan.picks:
            some = [each for each in some if self._plan.allows(each)]
        rows = await transaction.resources([each.id for each in some]) if some else []
        # What has been moved meanwhile is not there any more.
        rows = [row for row in rows if row.parent_id == target.calendar.id]
        self._unsure = frozenset([each.id for each in some if not (settled and each.exact)])
        if telling.form is not None or self._unsure:
            room = readable(rows)
            if room < len(rows):
                # The others are too long to be read in one go with these.
                left = [each.id for each in some].index(rows[room].id)
                found[:0] = some[left:]
                rows = rows[:room]
        if not found:
            del self._ahead[0]
        self.more = bool(self._ahead)
        if not rows:
            return None
        unsure = [row for row in rows if row.id in self._unsure] if self._unsure else []
        if unsure or telling.reads:
            await self._find_zone(transaction, target)
        hrefs = [target.base + quote_segment(row.name) for row in rows]
        return await telling.load(transaction, rows, hrefs, target.chain, unsure)

    async def _find_zone(self, transaction: IReadTransaction, target: Target) -> None:
        calendar = target.calendar
        if calendar.id not in self._zones:
            # RFC 4791, 7.3: servers "MUST rely on the value of the CALDAV:timezone XML element, if specified as part of
            # the request body", else "on the value of the CALDAV:calendar-timezone property, if defined".
            zone = self._asked.zone or await floating_zone(transaction, calendar, self._default)
            self._zones[calendar.id] = zone

    # -- telling --------------------------------------------------------------------------------------------------

    def tell(self, batch: Batch) -> Iterator[Piece]:
        """The responses to what matches of a batch."""
        telling = self._telling
        chosen: list[int] = []
        for index, row in enumerate(batch.rows):
            zone = self._zones.get(row.parent_id or 0)
            if row.id in self._unsure:
                matching = yield from self._matches(row, batch.contents[row.id], zone)
                yield ""
                if not matching:
                    continue
            if not self._left or self.purse.is_empty:
                self._truncated = True
                self.more = False
                break
            self._left -= 1
            if telling.form is None:
                chosen.append(index)
            else:
                yield from telling.one(batch, index, zone)
        if chosen:
            # In one piece: between two of them others have a turn.
            yield "".join(telling.some(batch, chosen))

    def _matches(self, row: Resource, content: bytes, zone: Zone | None) -> Generator[Piece, None, bool]:
        assert zone is not None
        if self._needles:
            self.purse.work += 3 + len(content) / 100
            if not may_match(content, self._needles):
                return False
        account = self.purse.open()
        try:
            found = yield from self._telling.understand(row, content, self._passing)
            self.purse.look()
            if is_demanding(content):
                looking = Aside(partial(self._fits, found, zone, account))
                yield looking
                return looking.outcome()
            return self._fits(found, zone, account)
        except ContentError:
            return False
        except TooMuch:
            return True
        finally:
            account.settle()

    def _fits(self, found: CalendarObject, zone: Zone, account: Account) -> bool:
        return matches(self._asked.filter, found.calendar, Times(found, zone, account.budget))

    def tail(self) -> bytes:
        """The response for the request URI where not all could be told."""
        if not self._truncated:
            return b""
        exchange = self._exchange
        own = exchange.href(exchange.node.path.segments, exchange.node.chain[-1].is_collection)
        return status_response(own, 507, TOO_MANY)
