"""The dialogue of Evolution and GNOME: calendars by ctag and time range, contacts, time zones of its own names.

Verifies: RFC 4791, 5.3.2, 7.8, 7.9
Verifies: RFC 6352, 8.6
"""

from uuid import uuid4

from tests.conformance.dialogue import Account
from tests.conformance.groupware import (
    ICS,
    XML,
    accounts,
    event,
    found,
    href,
    multiget,
    propfind,
    ranged,
    text,
)

AGENT = (("User-Agent", "Evolution/3.54.3"), ("Accept-Language", "en"))
ZONE = "/freeassociation.sourceforge.net/Europe/Berlin"


evolution = accounts("evolution", AGENT)


def calendar_of(account: Account) -> str:
    """A new calendar in the home."""
    reply = propfind(account, "/", "0", "D:current-user-principal", "C:calendar-home-set", "D:principal-URL")
    principal = href(reply, "/", "D:current-user-principal")
    home = href(propfind(account, principal, "0", "C:calendar-home-set"), principal, "C:calendar-home-set")
    place = f"{home}{uuid4()}/"
    assert account.ask("MKCALENDAR", place).status == 201
    return place


class TestEvolution:
    """Verifies: RFC 4791, 7.8"""

    def test_ctag_then_a_time_range(self, evolution: Account) -> None:
        place = calendar_of(evolution)
        before = text(propfind(evolution, place, "0", "S:getctag"), place, "S:getctag")
        for uid, day in (("early", "20261101"), ("late", "20261224")):
            made = evolution.ask("PUT", f"{place}{uid}.ics", ICS, ("If-None-Match", "*"), body=event(uid, day=day))
            assert made.status == 201
        assert text(propfind(evolution, place, "0", "S:getctag"), place, "S:getctag") != before
        reply = evolution.ask("REPORT", place, ("Depth", "1"), XML, body=ranged("20261201T000000Z", "20270101T000000Z"))
        assert list(found(reply, "D:getetag")) == [f"{place}late.ics"]
        assert found(multiget(evolution, place, [f"{place}late.ics"]), "C:calendar-data")

    def test_a_time_zone_of_its_own_name(self, evolution: Account) -> None:
        """A TZID that no database knows as such still means Berlin, with a definition in the object or without."""
        place = calendar_of(evolution)
        lines = event("tz").decode().replace("DTSTART:20261201T100000Z", f"DTSTART;TZID={ZONE}:20261201T003000")
        body = lines.replace("DTEND:20261201T110000Z", f"DTEND;TZID={ZONE}:20261201T004500").encode()
        assert evolution.ask("PUT", f"{place}tz.ics", ICS, body=body).status == 201
        # 00:30 in Berlin is 23:30 of the day before in UTC.
        reply = evolution.ask("REPORT", place, ("Depth", "1"), XML, body=ranged("20261130T230000Z", "20261201T000000Z"))
        assert list(found(reply, "D:getetag")) == [f"{place}tz.ics"]
        reply = evolution.ask("REPORT", place, ("Depth", "1"), XML, body=ranged("20261201T000000Z", "20261201T010000Z"))
        assert not found(reply, "D:getetag")
        assert evolution.ask("GET", f"{place}tz.ics").body == body
