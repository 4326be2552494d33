"""The dialogue of Thunderbird: finding calendars, sync-collection by its own way, invitations left to the client.

Verifies: RFC 6764, 5, 6
Verifies: RFC 6578, 3
Verifies: RFC 4791, 7.9
"""

from uuid import uuid4

from tests.conformance.dialogue import Account
from tests.conformance.groupware import (
    ICS,
    XML,
    accounts,
    clark,
    document,
    event,
    found,
    gone,
    href,
    members,
    multiget,
    prop,
    propfind,
    sync,
    text,
    token,
)

AGENT = (
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.4.0"),
    ("Accept", "text/xml"),
    ("Accept-Language", "en-GB,en;q=0.5"),
    ("Accept-Charset", "utf-8,*;q=0.1"),
)


thunderbird = accounts("thunderbird", AGENT)


def calendar_of(account: Account) -> str:
    """The calendar for events, found from the root."""
    names = ("D:resourcetype", "D:owner", "D:displayname", "D:current-user-principal", "D:current-user-privilege-set")
    reply = propfind(account, "/", "0", *names, "I:calendar-color", "C:calendar-home-set")
    principal = href(reply, "/", "D:current-user-principal")
    home = href(
        propfind(account, principal, "0", "D:resourcetype", "C:calendar-home-set"), principal, "C:calendar-home-set"
    )
    reply = propfind(account, home, "1", *names, "I:calendar-color", "C:supported-calendar-component-set")
    return next(
        of
        for of in members(reply, "C:calendar")
        if "VEVENT"
        in {one.get("name") for one in reply.properties()[of][clark("C:supported-calendar-component-set")][1]}
    )


class TestThunderbird:
    """Verifies: RFC 6578, 3; RFC 4791, 7.9"""

    def test_first_look_at_a_calendar(self, thunderbird: Account) -> None:
        """It asks for everything at once, wants a sync-token and the reports, and reads the DAV field."""
        place = calendar_of(thunderbird)
        reply = propfind(
            thunderbird,
            place,
            "0",
            "D:resourcetype",
            "D:owner",
            "D:current-user-principal",
            "D:current-user-privilege-set",
            "D:supported-report-set",
            "C:supported-calendar-component-set",
            "S:getctag",
            "D:sync-token",
        )
        assert text(reply, place, "D:sync-token") and text(reply, place, "S:getctag")
        reports = {one.tag for one in reply.properties()[place][clark("D:supported-report-set")][1].iter()}
        assert {clark("D:sync-collection"), clark("C:calendar-multiget"), clark("C:calendar-query")} <= reports
        assert "calendar-access" in thunderbird.ask("OPTIONS", place).field("DAV")

    def test_sync(self, thunderbird: Account) -> None:
        place = calendar_of(thunderbird)
        start = token(sync(thunderbird, place, ""))
        name = f"{place}{uuid4()}.ics"
        invitation = event(
            "inv", "Invited", "20261201", "ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:a@example.org",
            "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:b@example.org", "X-MOZ-GENERATION:1",
        )  # fmt: skip
        made = thunderbird.ask("PUT", name, ICS, ("If-None-Match", "*"), body=invitation)
        assert made.status == 201
        page = sync(thunderbird, place, start)
        assert list(found(page, "D:getetag")) == [name]
        assert "X-MOZ-GENERATION:1" in found(multiget(thunderbird, place, [name]), "C:calendar-data")[name]
        assert thunderbird.ask("DELETE", name, ("If-Match", made.field("ETag"))).status == 204
        assert gone(sync(thunderbird, place, token(page))) == [name]

    def test_a_poll_without_news(self, thunderbird: Account) -> None:
        place = calendar_of(thunderbird)
        at = token(sync(thunderbird, place, ""))
        page = sync(thunderbird, place, at)
        assert not page.xml().findall("{DAV:}response") and token(page) == at
        body = document("D:propfind", prop("S:getctag"))
        one = thunderbird.ask("PROPFIND", place, ("Depth", "0"), XML, body=body).body
        assert one == thunderbird.ask("PROPFIND", place, ("Depth", "0"), XML, body=body).body
