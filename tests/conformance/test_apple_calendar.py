"""The dialogue of Apple Calendar and Reminders: account set-up from the host name, first sync, changes.

Verifies: RFC 6764, 5, 6
Verifies: RFC 4791, 5.2, 5.3, 6.2, 7.9
Verifies: RFC 3253, 3.8
Verifies: RFC 5397, 3
"""

from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Dialogue
from tests.conformance.groupware import (
    ICS,
    NAMESPACES,
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
    ("Accept", "*/*"),
    ("User-Agent", "macOS/14.6 (23G80) dataaccessd/1.0"),
    ("Brief", "t"),
    ("Prefer", "return=minimal"),
)
USER = "apple@example.org"


apple = accounts(USER, AGENT)


def principal_of(account: Account) -> str:
    """What the root says of who asks."""
    reply = propfind(account, "/", "0", "D:current-user-principal", "D:principal-URL", "D:resourcetype")
    return href(reply, "/", "D:current-user-principal")


def home_of(account: Account) -> str:
    """The one calendar home."""
    principal = principal_of(account)
    names = (
        "C:calendar-home-set",
        "C:calendar-user-address-set",
        "D:displayname",
        "D:principal-collection-set",
        "D:principal-URL",
        "D:resource-id",
        "D:supported-report-set",
    )
    reply = propfind(account, principal, "0", *names)
    addresses = [one.text for one in reply.properties()[principal][clark("C:calendar-user-address-set")][1]]
    assert principal in addresses
    assert href(reply, principal, "D:principal-URL") == principal
    reports = {one.tag for one in reply.properties()[principal][clark("D:supported-report-set")][1].iter()}
    assert clark("D:expand-property") in reports
    return href(reply, principal, "C:calendar-home-set")


class TestSetUp:
    """Verifies: RFC 6764, 5, 6"""

    @pytest.mark.parametrize("method", ["PROPFIND", "OPTIONS", "GET"])
    def test_well_known_without_a_password(self, either: Daemon, method: str) -> None:
        with Dialogue(either.url) as stranger:
            reply = stranger.ask(method, "/.well-known/caldav", [("Host", stranger.authority), ("Depth", "0")])
        assert reply.status in (301, 302, 307, 308) and reply.field("Location").endswith("/")

    @pytest.mark.parametrize("path", ["/", "/principals/", "/principals/users/"])
    def test_wherever_it_looks(self, apple: Account, path: str) -> None:
        """A proxy that loses the well-known address is survived, since each of these tells who asks."""
        reply = propfind(apple, path, "0", "D:current-user-principal", "D:principal-URL", "D:resourcetype")
        assert "users" in href(reply, path, "D:current-user-principal")

    def test_the_principal_by_another_spelling(self, apple: Account) -> None:
        """iOS writes the at sign as %40."""
        principal = principal_of(apple)
        for spelled in (principal.replace("@", "%40"), principal.replace("%40", "@"), principal.rstrip("/")):
            reply = apple.ask(
                "PROPFIND", spelled, ("Depth", "0"), XML, body=document("D:propfind", prop("D:displayname"))
            )
            assert reply.status == 207, spelled

    def test_delegates(self, apple: Account) -> None:
        """expand-property on the principal is understood, though nobody is named."""
        name = '<D:property name="displayname"/>'
        delegates = f'<D:property name="calendar-proxy-write-for" namespace="{NAMESPACES["S"]}">{name}</D:property>'
        groups = f'<D:property name="group-membership">{name}</D:property>'
        body = document("D:expand-property", delegates, groups)
        reply = apple.ask("REPORT", principal_of(apple), XML, ("Depth", "0"), body=body)
        assert reply.status == 207


class TestCalendars:
    """Verifies: RFC 4791, 5.2, 5.3"""

    def test_first_look_at_the_home(self, apple: Account) -> None:
        home = home_of(apple)
        names = (
            "D:displayname",
            "D:resourcetype",
            "D:owner",
            "D:current-user-privilege-set",
            "D:sync-token",
            "D:quota-available-bytes",
            "D:quota-used-bytes",
            "D:supported-report-set",
            "D:add-member",
            "C:supported-calendar-component-set",
            "C:calendar-timezone",
            "C:calendar-description",
            "C:max-attendees-per-instance",
            "C:calendar-free-busy-set",
            "C:schedule-calendar-transp",
            "S:getctag",
            "S:pushkey",
            "S:subscribed-strip-alarms",
            "I:calendar-color",
            "I:calendar-order",
            "I:refreshrate",
        )
        reply = propfind(apple, home, "1", *names)
        calendars = members(reply, "C:calendar")
        parts = {
            one.get("name")
            for of in calendars
            for one in reply.properties()[of][clark("C:supported-calendar-component-set")][1]
        }
        assert {"VEVENT", "VTODO"} <= parts
        assert all(text(reply, of, "S:getctag") and text(reply, of, "D:sync-token") for of in calendars)
        # Without a ctag on the home iOS never looks again.
        assert text(reply, home, "S:getctag")

    def test_a_new_list_of_reminders_sticks(self, apple: Account) -> None:
        """MKCALENDAR by a UUID with its components, colour and order; all of it is told afterwards."""
        home = home_of(apple)
        before = text(propfind(apple, home, "0", "S:getctag"), home, "S:getctag")
        place = f"{home}{str(uuid4()).upper()}/"
        body = document(
            "C:mkcalendar",
            "<D:set><D:prop><D:displayname>Groceries</D:displayname><C:supported-calendar-component-set>"
            '<C:comp name="VTODO"/></C:supported-calendar-component-set><I:calendar-color symbolic-color="purple">'
            "#CC73E1FF</I:calendar-color><I:calendar-order>7</I:calendar-order></D:prop></D:set>",
        )
        assert apple.ask("MKCALENDAR", place, XML, body=body).status == 201
        names = ("D:displayname", "C:supported-calendar-component-set", "I:calendar-color", "I:calendar-order")
        reply = propfind(apple, home, "1", "D:resourcetype", *names)
        assert place in members(reply, "C:calendar")
        row = reply.properties()[place]
        assert [one.get("name") for one in row[clark("C:supported-calendar-component-set")][1]] == ["VTODO"]
        colour = row[clark("I:calendar-color")][1]
        assert (colour.text, colour.get("symbolic-color")) == ("#CC73E1FF", "purple")
        assert (text(reply, place, "D:displayname"), text(reply, place, "I:calendar-order")) == ("Groceries", "7")
        assert text(propfind(apple, home, "0", "S:getctag"), home, "S:getctag") != before

    @pytest.mark.parametrize(
        "change",
        [
            '<I:calendar-color symbolic-color="custom">#0E61B9FF</I:calendar-color>',
            "<I:calendar-order>2</I:calendar-order>",
            "<D:displayname>Wörk</D:displayname>",
            "<C:calendar-description>Of the day</C:calendar-description>",
            "<C:default-alarm-vevent-date>BEGIN:VALARM&#13;\nTRIGGER:-PT15H&#13;\nEND:VALARM&#13;\n</C:default-alarm-vevent-date>",
        ],
    )
    def test_a_property_is_changed(self, apple: Account, change: str) -> None:
        home = home_of(apple)
        place = members(propfind(apple, home, "1", "D:resourcetype"), "C:calendar")[0]
        body = document("D:propertyupdate", f"<D:set><D:prop>{change}</D:prop></D:set>")
        assert apple.ask("PROPPATCH", place, XML, body=body).status in (200, 207)
        name = change[1:].split(">")[0].split(" ")[0]
        told = propfind(apple, place, "0", name).properties()[place][clark(name)]
        assert told[0] == 200 and told[1].text

    def test_free_busy_set_of_the_home_and_default_alarms(self, apple: Account) -> None:
        """What it sets on other places is taken or refused, never an error of the server."""
        home = home_of(apple)
        body = document(
            "D:propertyupdate",
            "<D:set><D:prop><C:default-alarm-vevent-datetime>BEGIN:VALARM&#13;\nACTION:NONE&#13;\nEND:VALARM&#13;\n"
            "</C:default-alarm-vevent-datetime></D:prop></D:set>",
        )
        assert apple.ask("PROPPATCH", home, XML, body=body).status in (200, 207)


class TestEvents:
    """Verifies: RFC 4791, 5.3.2, 7.9"""

    def test_first_sync_and_changes(self, apple: Account) -> None:
        """ETags, multiget, a new event, a change by its ETag, a move to another calendar, a deletion."""
        home = home_of(apple)
        places = members(
            propfind(apple, home, "1", "D:resourcetype", "C:supported-calendar-component-set"), "C:calendar"
        )
        place = next(
            of
            for of in places
            if "VEVENT"
            in {
                one.get("name")
                for one in propfind(apple, of, "0", "C:supported-calendar-component-set").properties()[of][
                    clark("C:supported-calendar-component-set")
                ][1]
            }
        )
        first = sync(apple, place, "")
        assert first.status == 207
        uid = str(uuid4()).upper()
        name = f"{place}{uid}.ics"
        made = apple.ask("PUT", name, ICS, ("If-None-Match", "*"), body=event(uid))
        assert made.status == 201
        assert apple.ask("PUT", name, ICS, ("If-None-Match", "*"), body=event(uid)).status == 412
        later = sync(apple, place, token(first))
        assert list(found(later, "D:getetag")) == [name]
        assert found(later, "D:getetag")[name] == made.field("ETag")
        data = found(multiget(apple, place, [name, f"{place}gone.ics"]), "C:calendar-data")
        # XML turns CRLF into LF, as every client knows.
        assert data[name].replace("\r\n", "\n") == event(uid).decode().replace("\r\n", "\n")

        changed = apple.ask("PUT", name, ICS, ("If-Match", made.field("ETag")), body=event(uid, "Another title"))
        assert changed.status == 204 and changed.field("ETag") != made.field("ETag")
        assert apple.ask("PUT", name, ICS, ("If-Match", made.field("ETag")), body=event(uid, "Late")).status == 412

        other = f"{home}{uuid4()}/"
        assert apple.ask("MKCALENDAR", other).status == 201
        scheme = "https://" + apple.dialogue.authority
        target = f"{other}{quote(uid)}.ics"
        assert apple.ask("MOVE", name, ("Destination", scheme + target), ("Overwrite", "F")).status == 201
        after = sync(apple, place, token(later))
        assert gone(after) == [name]
        assert b"Another title" in apple.ask("GET", target).body
        assert apple.ask("DELETE", target).status == 204
        assert apple.ask("DELETE", other).status == 204
        assert apple.ask("MKCALENDAR", other).status == 201

    def test_a_task_where_only_events_go(self, apple: Account) -> None:
        home = home_of(apple)
        place = f"{home}events-only/"
        body = document(
            "C:mkcalendar",
            '<D:set><D:prop><C:supported-calendar-component-set><C:comp name="VEVENT"/>'
            "</C:supported-calendar-component-set></D:prop></D:set>",
        )
        assert apple.ask("MKCALENDAR", place, XML, body=body).status == 201
        reply = apple.ask("PUT", f"{place}t.ics", ICS, body=event("t", kind="VTODO"))
        assert reply.status == 403
        assert reply.xml()[0].tag == clark("C:supported-calendar-component")

    def test_the_same_uid_twice(self, apple: Account) -> None:
        home = home_of(apple)
        place = f"{home}twice/"
        assert apple.ask("MKCALENDAR", place).status == 201
        assert apple.ask("PUT", f"{place}one.ics", ICS, body=event("same")).status == 201
        reply = apple.ask("PUT", f"{place}two.ics", ICS, body=event("same"))
        assert reply.status in (403, 409)
        conflict = reply.xml()[0]
        assert conflict.tag == clark("C:no-uid-conflict") and conflict.findtext("{DAV:}href") == f"{place}one.ics"
        assert apple.ask("DELETE", f"{place}one.ics").status == 204
        assert apple.ask("PUT", f"{place}two.ics", ICS, body=event("same")).status == 201
