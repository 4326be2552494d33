"""The reports of CalDAV.

Implements: RFC 4791, 7
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from davd.caldav.names import (
    CALENDAR_MULTIGET,
    CALENDAR_QUERY,
    CALENDAR_TYPE,
    FREE_BUSY_QUERY,
    READ_FREE_BUSY,
    TEXT_CALENDAR,
)
from davd.caldav.objects import CalendarObjects
from davd.caldav.reports import calendar_multiget, calendar_query, free_busy_query
from davd.caldav.settings import CalDavSettings
from davd.dav.exchange import Exchange
from davd.dav.registry import Report
from davd.http.response import Response
from davd.model.resource import COLLECTION, FILE, Resource

_Respond = Callable[[Exchange, CalDavSettings, CalendarObjects], Awaitable[Response]]


def make_reports(settings: CalDavSettings, memory: CalendarObjects | None = None) -> list[Report]:
    """The reports with these settings; they share `memory`, one of their own without it."""
    kept = CalendarObjects() if memory is None else memory

    def bound(respond: _Respond) -> Callable[[Exchange], Awaitable[Response]]:
        def of(exchange: Exchange) -> Awaitable[Response]:
            return respond(exchange, settings, kept)

        return of

    return [
        Report(CALENDAR_QUERY, bound(calendar_query.respond), _applies),
        Report(CALENDAR_MULTIGET, bound(calendar_multiget.respond), _applies),
        Report(FREE_BUSY_QUERY, bound(free_busy_query.respond), _is_collection, READ_FREE_BUSY),
    ]


def _is_collection(resource: Resource) -> bool:
    # RFC 4791, 7.10: "An attempt to run the report on a calendar object resource MUST fail and return a 403 (Forbidden)
    # status value."
    return resource.type in (CALENDAR_TYPE, COLLECTION)


def _applies(resource: Resource) -> bool:
    # RFC 4791, 7: the reports are for "calendar collections and calendar object resources", and "MAY" be "on ordinary
    # collections".
    return _is_collection(resource) or (resource.type == FILE and resource.content_type.startswith(TEXT_CALENDAR))
