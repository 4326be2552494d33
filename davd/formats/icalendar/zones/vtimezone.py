"""VTIMEZONE components for the zones of the database.

Implements: RFC 5545, 3.6.5, 3.8.3; RFC 7809, 3.1.5
"""

from __future__ import annotations

import functools

from davd.formats.contentlines import escape, folded, make
from davd.formats.icalendar.values import Kind, Moment, write_moment, write_utc_offset
from davd.formats.icalendar.zones.database import RELEASED, load, spelled
from davd.formats.icalendar.zones.identifiers import named
from davd.formats.icalendar.zones.observances import Observance, observances
from davd.formats.icalendar.zones.posix import LocalTime
from davd.formats.icalendar.zones.tzif import Tzif


def vtimezone(zone_name: str, tzid: str | None = None, begin: int | None = None) -> bytes:
    """A VTIMEZONE component for a zone that `named` knows; KeyError for any other name.

    `tzid` is what its TZID says, `zone_name` unless given; ContentError when it holds control characters. Each offset
    from `begin` (seconds UTC) on follows from the component, for all time to come by the rule in force. Without `begin`
    that is so from the start of the year of the database's release on: two observances with the true dates of their
    first onsets for most zones, one for those without daylight saving time. That is what clients digest best: Outlook
    reads one STANDARD and one DAYLIGHT (MS-OXCICAL, 2.1.3.1.1.19.2), others have their own data for names they know.

    Onsets are local times by the clock before them. The later clock is called DAYLIGHT, where the database has it the
    other way round (Europe/Dublin) too. X-LIC-LOCATION holds the database's name.
    """
    zone = named(zone_name)
    if zone is None:
        raise KeyError(zone_name)
    return _written(zone.name, tzid if tzid is not None else zone_name, RELEASED if begin is None else begin)


@functools.lru_cache(maxsize=128)
def _written(name: str, tzid: str, begin: int) -> bytes:
    lines = [b"BEGIN:VTIMEZONE\r\n", folded(make("TZID", escape(tzid)))]
    if spelled(name) is not None:
        lines.append(f"X-LIC-LOCATION:{name}\r\n".encode())
    lines += [_observance(one) for one in observances(_data(name), begin)]
    lines.append(b"END:VTIMEZONE\r\n")
    return b"".join(lines)


def _data(name: str) -> Tzif:
    if spelled(name) is not None:
        return load(name)
    # A fixed offset that has no name in the database.
    zone = named(name)
    assert zone is not None
    offset = zone.offset(0)
    return Tzif(LocalTime(offset, False, write_utc_offset(offset)), (), (), None)


def _observance(one: Observance) -> bytes:
    kind = "DAYLIGHT" if one.daylight else "STANDARD"
    lines = [
        f"BEGIN:{kind}",
        f"TZOFFSETFROM:{write_utc_offset(one.before)}",
        f"TZOFFSETTO:{write_utc_offset(one.after)}",
        f"TZNAME:{one.name}",
        # "DTSTART" in this usage MUST be specified as a date with a local time value.
        f"DTSTART:{_local(one.start)}",
        # One date to a line: there are clients that read no more of it.
        *(f"RDATE:{_local(wall)}" for wall in one.dates),
        "",
    ]
    rule = folded(make("RRULE", one.rule)) if one.rule else b""
    return "\r\n".join(lines).encode() + rule + f"END:{kind}\r\n".encode()


def _local(wall: int) -> str:
    return write_moment(Moment(wall, Kind.FLOATING))
