"""The examples of RFC 7265 and RFC 7529.

Verifies: RFC 7265, 3.4, 3.4.1.1, 3.4.1.2, 3.5, 3.5.2, 3.6, 5.3; RFC 7529, 4.3.4, 9
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from davd.formats.icalendar.instances import RecurringObject
from davd.formats.icalendar.jcal import from_jcal, to_jcal
from davd.formats.icalendar.object import parse
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.zones.zone import UTC
from tests.corpus.examples import CORPUS
from tests.corpus.icalendar.objects import octets
from tests.formats.icalendar.calendars import shown, utc

PROPERTIES = [
    entry for name in ("rfc7265/properties.json", "rfc7529/9.json") for entry in json.loads((CORPUS / name).read_text())
]


def jcal(found: list[Any]) -> list[Any]:
    return ["vcalendar", [], [["vevent", [found], []]]]


@pytest.mark.parametrize("section, printed, line", PROPERTIES)
def test_properties(section: str, printed: list[Any], line: str | None) -> None:
    written = from_jcal(json.dumps(jcal(printed)).encode())
    assert json.loads(to_jcal(written)) == jcal(printed)
    if line is not None:
        data = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
        assert json.loads(to_jcal(data)) == jcal(printed)
        (expected,) = parse(data).components[0].lines
        (found,) = parse(written).components[0].lines
        assert (found.name, found.value) == (expected.name, expected.value)


def test_leap_days() -> None:
    """Verifies: RFC 7529, 4.3.4"""
    table = [line.split() for line in (CORPUS / "rfc7529" / "4.3.4.txt").read_text().splitlines()]
    skipping = octets("rfc7529-4.3-4")
    plain = skipping.replace(b"RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", b"FREQ=YEARLY")
    for data, printed in ((skipping, [row[0] for row in table]), (plain, [row[1] for row in table if row[1:]])):
        found = RecurringObject(parse(data), UTC).between(utc("20120101"), utc("20171231"), Budget())
        assert [shown(instance.start) for instance in found] == printed
