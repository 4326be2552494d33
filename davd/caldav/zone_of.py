"""The time zone in which a calendar's floating times and dates are meant.

Implements: RFC 4791, 5.2.2, 7.3; RFC 7809, 3.1.5
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from davd.caldav.names import CALENDAR_TIMEZONE, CALENDAR_TIMEZONE_ID
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.resolve import resolve
from davd.formats.icalendar.zones.zone import UTC, Zone
from davd.formats.xml.fragment import stored_text
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource


async def floating_zone(transaction: IReadTransaction, collection: Resource, default: Zone = UTC) -> Zone:
    """The zone of `collection` by its own properties, else by those of the collection it is in, else `default`."""
    above = [] if collection.parent_id is None else [collection.parent_id]
    stored = await transaction.properties([collection.id, *above])
    for id in (collection.id, *above):
        zone = zone_in(stored.get(id, {}))
        if zone is not None:
            return zone
    return default


def zone_in(stored: Mapping[str, bytes]) -> Zone | None:
    """The zone that the dead properties of a collection name; None when they name none."""
    identifier = stored.get(CALENDAR_TIMEZONE_ID)
    if identifier is not None:
        return named(stored_text(identifier).strip())
    definition = stored.get(CALENDAR_TIMEZONE)
    return None if definition is None else _defined(definition)


@lru_cache(maxsize=256)
def _defined(fragment: bytes) -> Zone | None:
    text = stored_text(fragment)
    try:
        calendar = parse(text.encode())
        return resolve(identifier_in(text), calendar)
    except ContentError:
        return None


@lru_cache(maxsize=256)
def identifier_in(text: str) -> str:
    """The TZID of the VTIMEZONE that an iCalendar object begins with; empty when there is none."""
    try:
        zones = parse(text.encode()).subs("VTIMEZONE")
    except ContentError:
        return ""
    return zones[0].text("TZID").strip() if zones else ""


def default_zone(name: str) -> Zone:
    """The zone called `name`; ValueError with one sentence when there is none."""
    zone = named(name)
    if zone is None:
        raise ValueError(f"caldav.time_zone: there is no time zone called {name}")
    return zone
