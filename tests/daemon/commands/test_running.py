"""Principals that are made and removed beside a running server, and what clients see of it with their next request.

Verifies: RFC 3744, 4.3, 6; RFC 6764, 5, 6; docs/architecture.md, Access
"""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from tests.daemon.twistd import Running, basic, davctl
from tests.dav.sharing import ace, acl

ALICE, BOB = basic("alice", "wonderland"), basic("bob", "builder1")
PRINCIPAL = b'<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>'


def run(running: Running, *words: str, text: str = "") -> str:
    done = davctl(running.data, *words, text=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def send(running: Running, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    return running.ask(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})


def test_groups_count_from_the_next_request_on(running: Running) -> None:
    with running:
        run(running, "user", "add", "alice", "--password-file", "-", text="wonderland\n")
        run(running, "user", "add", "bob", "--password-file", "-", text="builder1\n")
        run(running, "group", "create", "staff")
        assert send(running, "PUT", "/files/alice/note", b"x", **ALICE).status == 201
        entry = acl(ace("/principals/groups/staff/", "read"))
        assert send(running, "ACL", "/files/alice/note", entry, Content_Type="text/xml", **ALICE).status == 200
        for command, status in (("add", 200), ("remove-member", 404), ("add", 200)):
            run(running, "group", command, "staff", "bob")
            # Asked twice, so that the second answer is one that was kept.
            for _ in range(2):
                assert send(running, "GET", "/files/alice/note", **BOB).status == status
                seen = send(running, "PROPFIND", "/principals/groups/staff/", Depth="0", **BOB)
                assert seen.status == (207 if status == 200 else 404)
        run(running, "group", "remove", "staff")
        assert send(running, "GET", "/files/alice/note", **BOB).status == 404
        run(running, "group", "create", "staff")
        run(running, "group", "add", "staff", "bob")
        assert send(running, "GET", "/files/alice/note", **BOB).status == 404


def test_a_client_that_knows_the_host_alone_finds_the_principal(running: Running) -> None:
    with running:
        run(running, "user", "add", "alice@example.org", "--password-file", "-", text="wonderland\n")
        account = basic("alice@example.org", "wonderland")
        for name in ("caldav", "carddav"):
            found = send(running, "PROPFIND", f"/.well-known/{name}", PRINCIPAL, Depth="0", Content_Type="text/xml")
            assert (found.status, found.headers["Location"]) == (301, "/")
        assert send(running, "PROPFIND", "/", PRINCIPAL, Depth="0").status == 401
        told = send(running, "PROPFIND", "/", PRINCIPAL, Depth="0", **account)
        assert told.status == 207
        assert b"<D:href>/principals/users/alice@example.org/</D:href>" in told.content
        for path in ("/principals/users/alice@example.org/", "/principals/users/alice%40example.org"):
            told = send(running, "PROPFIND", path, PRINCIPAL, Depth="0", **account)
            assert told.status == 207, path
            assert b"<D:href>/principals/users/alice@example.org/</D:href>" in told.content, path


def test_rooms_have_calendars_and_no_password(running: Running) -> None:
    with running:
        run(running, "user", "add", "alice", "--password-file", "-", text="wonderland\n")
        run(running, "room", "create", "hall", "--display-name", "Great Hall")
        run(running, "group", "create", "staff")
        run(running, "group", "add", "staff", "alice", "hall")
        body = (
            b'<propfind xmlns="DAV:"><prop><displayname/><C:calendar-home-set xmlns:C="urn:ietf:params:xml:ns:caldav"/>'
            b"</prop></propfind>"
        )
        told = send(running, "PROPFIND", "/principals/rooms/hall/", body, Depth="0", **ALICE)
        assert told.status == 207
        assert b"Great Hall" in told.content and b"<D:href>/calendars/hall/</D:href>" in told.content
        assert send(running, "GET", "/", **basic("hall", "")).status == 401


def test_other_addresses_and_names_count_from_the_next_request_on(running: Running) -> None:
    body = (
        b'<propfind xmlns="DAV:"><prop><displayname/>'
        b'<C:calendar-user-address-set xmlns:C="urn:ietf:params:xml:ns:caldav"/></prop></propfind>'
    )
    with running:
        words = ("--email", "alice@example.org", "--display-name", "Alice")
        run(running, "user", "add", "alice", "--password-file", "-", *words, text="wonderland\n")
        for name in ("alice", "alice2", "alice3"):
            # Asked twice, so that the second answer is one that was kept.
            for _ in range(2):
                told = send(running, "PROPFIND", "/principals/users/alice/", body, Depth="0", **ALICE)
                assert told.status == 207
                assert f"<D:href>mailto:{name}@example.org</D:href>".encode() in told.content
                assert f"<D:displayname>{name.capitalize()}</D:displayname>".encode() in told.content
            run(running, "user", "change", "alice", "--email", f"{name[:5]}{int(name[5:] or 1) + 1}@example.org")
            run(running, "user", "change", "alice", "--display-name", f"Alice{int(name[5:] or 1) + 1}")


def test_a_room_is_booked_by_those_who_were_granted_it(running: Running) -> None:
    event = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\n"
        b"DTSTART:20240102T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    with running:
        run(running, "user", "add", "alice", "--password-file", "-", text="wonderland\n")
        run(running, "room", "create", "hall")
        place = "/calendars/hall/calendar/"
        for command, made in ((("grant", "read", "write"), 201), (("revoke",), 409)):
            for number in range(2):
                event_at = f"{place}{command[0]}{number}.ics"
                assert send(running, "PUT", event_at, event, Content_Type="text/calendar", **ALICE).status != 201
            run(running, command[0], place, "alice", *command[1:])
            event_at = f"{place}{command[0]}.ics"
            assert send(running, "PUT", event_at, event, Content_Type="text/calendar", **ALICE).status == made
            seen = send(running, "PROPFIND", place, Depth="1", **ALICE)
            assert seen.status == (207 if made == 201 else 404)
