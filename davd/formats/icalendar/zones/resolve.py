"""Which zone a TZID means inside an iCalendar object, and instants of its moments.

Implements: RFC 5545, 3.2.19, 3.3.5, 3.6.5; RFC 4791, 5.2.2, 7.3
"""

from __future__ import annotations

from davd.formats.contentlines import ContentError
from davd.formats.icalendar.object import Component
from davd.formats.icalendar.values import Kind, Moment
from davd.formats.icalendar.zones.definition import defined
from davd.formats.icalendar.zones.identifiers import look_up
from davd.formats.icalendar.zones.zone import UTC, Zone


def resolve(tzid: str, calendar: Component | None) -> Zone | None:
    """The zone of a TZID parameter in `calendar`, a VCALENDAR; None when nothing tells, so that the time is floating.

    A name that is certain (IANA's, Windows', either with a vendor's prefix) means the database's zone, in the TZID or
    in the X-LIC-LOCATION of the VTIMEZONE it names: definitions in old events are out of date, and often one hour
    wrong. For all others ("EST", "GMT+0100", "Customized Time Zone") the VTIMEZONE decides, where there is a sound one.
    """
    found = look_up(tzid)
    if found is not None and found.certain:
        return found.zone
    definition = _definition(tzid, calendar) if calendar is not None else None
    if definition is not None:
        place = look_up(definition.text("X-LIC-LOCATION"))
        if place is not None and place.certain:
            return place.zone
        try:
            return defined(definition)
        except ContentError:
            # A broken definition must not hide the event that uses it.
            pass
    return None if found is None else found.zone


def _definition(tzid: str, calendar: Component) -> Component | None:
    """The VTIMEZONE of that TZID; white space around it and case do not matter."""
    wanted = tzid.strip().casefold()
    for sub in calendar.components:
        if sub.name == "VTIMEZONE" and sub.text("TZID").strip().casefold() == wanted:
            return sub
    return None


class Zones:
    """The zones of one VCALENDAR, each looked up once.

    `floating` is the zone for floating times and dates, and for TZIDs of which nothing is known.
    """

    __slots__ = ("_calendar", "_floating", "_known")

    def __init__(self, calendar: Component | None, floating: Zone = UTC) -> None:
        self._calendar = calendar
        self._floating = floating
        self._known: dict[str, Zone] = {}

    def zone(self, moment: Moment) -> Zone:
        """The zone on whose clock the moment is."""
        kind = moment.kind
        if kind is Kind.ZONED:
            tzid = moment.tzid
            zone = self._known.get(tzid)
            if zone is None:
                zone = self._known[tzid] = resolve(tzid, self._calendar) or self._floating
            return zone
        return UTC if kind is Kind.UTC else self._floating

    def utc(self, moment: Moment) -> int:
        """The moment in seconds UTC; for a DATE its beginning."""
        return moment.wall if moment.kind is Kind.UTC else self.zone(moment).utc(moment.wall)
