"""Calendar objects from a few lines, and times in short."""

from __future__ import annotations

from davd.formats.icalendar.instance import Instance
from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.values import Kind, Moment, moment, write_moment
from davd.formats.icalendar.zones.zone import UTC, Zone


def text_of(*components: str, name: str = "VEVENT") -> bytes:
    """A calendar object; each component is its lines between spaces, in which `~` stands for a space."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for component in components:
        lines += [f"BEGIN:{name}", "UID:a", *(line.replace("~", " ") for line in component.split()), f"END:{name}"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def calendar(*components: str, name: str = "VEVENT") -> Component:
    """The same, parsed."""
    return parse(text_of(*components, name=name))


def recurring(*components: str, name: str = "VEVENT", floating: Zone = UTC) -> RecurringObject:
    """Its instances."""
    return RecurringObject(calendar(*components, name=name), floating)


def utc(text: str) -> int:
    """POSIX seconds of a DATE or DATE-TIME in UTC."""
    return moment(text).wall


def shown(seconds: int) -> str:
    """The time in UTC without seconds and `Z`, or the day alone at midnight."""
    return write_moment(Moment(seconds, Kind.UTC))[:13].removesuffix("T0000")


def stretches(instances: list[Instance]) -> list[str]:
    """Start and end of each."""
    return [f"{shown(instance.start)}/{shown(instance.end)}" for instance in instances]
