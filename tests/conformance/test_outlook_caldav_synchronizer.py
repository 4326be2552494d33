"""The dialogue of Outlook CalDav Synchronizer: connection test, time-range queries, strict conditions.

Verifies: RFC 4791, 5.3.2, 7.8, 7.9
Verifies: RFC 9110, 13.1.1, 13.1.2
Verifies: RFC 6578, 3
"""

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Dialogue
from tests.conformance.groupware import (
    ICS,
    VCF,
    XML,
    accounts,
    card,
    clark,
    event,
    found,
    href,
    multiget,
    propfind,
    ranged,
    sync,
    types,
)

AGENT = (("User-Agent", "CalDavSynchronizer/4.4.1"), ("Accept", "*/*"))
WINDOWS = "W. Europe Standard Time"


outlook = accounts("outlook", AGENT)


def calendar_of(account: Account) -> str:
    """The user's calendar for events."""
    principal = href(propfind(account, "/", "0", "D:current-user-principal"), "/", "D:current-user-principal")
    home = href(propfind(account, principal, "0", "C:calendar-home-set"), principal, "C:calendar-home-set")
    return f"{home}calendar/"


class TestOutlook:
    """Verifies: RFC 4791, 7.8, 7.9"""

    def test_only_basic_is_offered(self, either: Daemon) -> None:
        """It would try Negotiate or NTLM where these are offered, and fail."""
        with Dialogue(either.url) as stranger:
            reply = stranger.ask("PROPFIND", "/", [("Host", stranger.authority), ("Depth", "0")])
        assert reply.status == 401
        assert all(value.lower().startswith("basic ") for value in reply.all("WWW-Authenticate"))

    def test_connection(self, outlook: Account) -> None:
        """It makes sure of a calendar, of the DAV class, of the reports, and of the right to write."""
        place = calendar_of(outlook)
        assert "calendar-access" in outlook.ask("OPTIONS", place).field("DAV")
        names = ("D:resourcetype", "D:supported-report-set", "D:current-user-privilege-set", "I:calendar-color")
        reply = propfind(outlook, place, "0", *names, "C:supported-calendar-component-set")
        assert clark("C:calendar") in types(reply, place)
        assert clark("C:calendar-query") in {
            one.tag for one in reply.properties()[place][clark("D:supported-report-set")][1].iter()
        }

    def test_sync_by_time_range(self, outlook: Account) -> None:
        place = calendar_of(outlook)
        body = event("o").decode().replace(
            "DTSTART:20261201T100000Z", f'DTSTART;TZID="{WINDOWS}":20261201T003000'
        ).replace("DTEND:20261201T110000Z", f'DTEND;TZID="{WINDOWS}":20261201T004500').encode()  # fmt: skip
        name = f"{place}o.ics"
        made = outlook.ask("PUT", name, ICS, ("If-None-Match", "*"), body=body)
        assert made.status == 201
        query = ranged("20261130T233000Z", "20261130T234500Z")
        reply = outlook.ask("REPORT", place, ("Depth", "1"), XML, body=query)
        assert found(reply, "D:getetag") == {name: made.field("ETag")}
        assert WINDOWS in found(multiget(outlook, place, [name]), "C:calendar-data")[name]
        assert outlook.ask("PUT", name, ICS, ("If-Match", '"no-such"'), body=body).status == 412
        assert outlook.ask("DELETE", name, ("If-Match", '"no-such"')).status == 412
        assert outlook.ask("DELETE", name, ("If-Match", made.field("ETag"))).status == 204
        assert outlook.ask("PUT", name, ICS, ("If-Match", made.field("ETag")), body=body).status == 412

    def test_a_token_that_is_not_known(self, outlook: Account) -> None:
        """It begins anew after the error that RFC 6578 names."""
        reply = sync(outlook, calendar_of(outlook), "urn:foreign:token")
        assert reply.status == 403 and reply.xml()[0].tag == clark("D:valid-sync-token")

    def test_contacts(self, outlook: Account) -> None:
        principal = href(propfind(outlook, "/", "0", "D:current-user-principal"), "/", "D:current-user-principal")
        home = href(propfind(outlook, principal, "0", "A:addressbook-home-set"), principal, "A:addressbook-home-set")
        listed = propfind(outlook, home, "1", "D:resourcetype", "D:displayname")
        book = next(of for of in listed.properties() if clark("A:addressbook") in types(listed, of))
        assert outlook.ask("PUT", f"{book}c.vcf", VCF, ("If-None-Match", "*"), body=card("c", "Ada")).status == 201
        assert list(found(propfind(outlook, book, "1", "D:getetag"), "D:getetag")) == [f"{book}c.vcf"]
