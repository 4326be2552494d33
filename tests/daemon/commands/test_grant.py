"""`davctl grant`, `revoke` and `grants`.

Verifies: RFC 3744, 5.5, 8.1; docs/architecture.md, Access
"""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from davd.dav.access.decide import privileges
from davd.model.acl import Ace, parse, write
from davd.model.lock import Lock
from davd.model.principal import Principal
from tests.daemon.commands.davctl import Davctl

HALL = "/calendars/hall/calendar/"
READ, WRITE, BIND = "{DAV:}read", "{DAV:}write", "{DAV:}bind"
FREE_BUSY = "{urn:ietf:params:xml:ns:caldav}read-free-busy"


@pytest.fixture
def davctl(tmp_path: pathlib.Path) -> Davctl:
    davctl = Davctl(tmp_path)
    davctl.user("alice")
    davctl.done("room", "create", "hall")
    davctl.done("group", "create", "staff")
    return davctl


def held(davctl: Davctl, path: str, user: str, *groups: str) -> set[str]:
    """What a user may do at a path, as requests are decided on."""

    async def work(transaction: Any) -> set[str]:
        chain = await transaction.resolve([name for name in path.split("/") if name])
        return set(privileges(Principal(user, frozenset(groups)), chain))

    found: set[str] = davctl.ask(work)
    return found


def entries(davctl: Davctl, path: str) -> tuple[Ace, ...]:
    async def work(transaction: Any) -> tuple[Ace, ...]:
        return parse((await transaction.resolve([name for name in path.split("/") if name]))[-1].acl)

    found: tuple[Ace, ...] = davctl.ask(work)
    return found


class TestGrant:
    """Verifies: RFC 3744, 5.5, 8.1"""

    def test_a_room_can_be_seen_and_booked(self, davctl: Davctl) -> None:
        assert held(davctl, HALL, "alice", "staff") == set()
        assert davctl.done("grant", HALL, "staff", "read", "write") == f"granted read write on {HALL[:-1]} to staff\n"
        assert {READ, WRITE, BIND, FREE_BUSY} <= held(davctl, HALL, "alice", "staff")
        assert held(davctl, HALL, "alice") == set()
        assert "{DAV:}write-acl" not in held(davctl, HALL, "alice", "staff")
        assert davctl.done("grant", HALL, "DAV:authenticated", "read-free-busy") != ""
        assert held(davctl, HALL, "alice") == {FREE_BUSY}

    def test_more_is_added_to_what_there_is(self, davctl: Davctl) -> None:
        davctl.done("grant", HALL, "staff", "CALDAV:read-free-busy")
        davctl.done("grant", HALL, "/principals/users/alice/", "DAV:read")
        davctl.done("grant", HALL, "staff", "read", "bind", "read")
        # What is held already changes nothing.
        davctl.done("grant", HALL, "staff", "read-free-busy")
        assert set(entries(davctl, HALL)) == {Ace("name:alice", (READ,)), Ace("name:staff", (FREE_BUSY, READ, BIND))}

    def test_where_paths_come_from_does_not_matter(self, davctl: Davctl, monkeypatch: pytest.MonkeyPatch) -> None:
        davctl.done("calendar", "create", "two words", "--user", "hall")
        monkeypatch.setenv("DAVD_DAV__PREFIX", "/dav")
        for path in ("/calendars/hall/two words", "calendars/hall/two%20words/", "/dav/calendars/hall/two%20words"):
            davctl.done("grant", path, "staff", "read")
            assert davctl.done("grants", path) == "staff\tread\t/calendars/hall/two%20words\n"
            davctl.done("revoke", path, "staff")
            assert davctl.done("grants", path) == ""

    def test_what_is_without_effect_is_told(self, davctl: Davctl) -> None:
        warning = "warning: without read only read-free-busy has an effect, and staff has no read\n"
        assert warning in davctl.done("grant", HALL, "staff", "write")
        assert warning not in davctl.done("grant", HALL, "staff", "read")
        davctl.done("revoke", HALL, "staff")
        davctl.done("grant", "/calendars/hall", "staff", "read")
        assert warning not in davctl.done("grant", HALL, "staff", "write")
        davctl.done("revoke", "/calendars/hall", "staff")
        davctl.done("revoke", HALL, "staff")
        assert warning not in davctl.done("grant", HALL, "staff", "read-free-busy")
        davctl.done("grant", HALL, "DAV:authenticated", "read")
        assert warning not in davctl.done("grant", HALL, "staff", "write")

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            ((HALL, "nobody", "read"), "there is no user, group, room or resource nobody"),
            (
                (HALL, "/principals/users/staff/", "read"),
                "there is no user, group, room or resource /principals/users/staff/",
            ),
            ((HALL, "authenticated", "read"), "there is no user, group, room or resource authenticated"),
            (("/calendars/hall/none/", "staff", "read"), "there is nothing at /calendars/hall/none"),
            (
                ("/calendars/hall/%zz", "staff", "read"),
                "/calendars/hall/%zz is no path: a bad percent-escape in the path",
            ),
            (("/calendars", "staff", "read"), "/calendars belongs to nobody, and what all may do there is settled"),
            (("/", "staff", "read"), "/ belongs to nobody, and what all may do there is settled"),
            (
                ("/principals/rooms/hall", "staff", "read"),
                "the entries of /principals/rooms/hall cannot be changed: need-privileges",
            ),
        ],
    )
    def test_what_cannot_be(self, davctl: Davctl, words: tuple[str, ...], sentence: str) -> None:
        assert davctl.refused("grant", *words) == sentence
        assert entries(davctl, HALL) == ()

    def test_privileges_that_there_are_not(self, davctl: Davctl) -> None:
        result = davctl("grant", HALL, "staff", "read", "fly")
        assert result.exit_code == 2
        assert "there is no privilege fly; there are all, bind, read, read-acl," in result.output
        assert davctl("grant", HALL, "staff").exit_code == 2
        assert entries(davctl, HALL) == ()

    def test_locks_and_limits_hold(self, davctl: Davctl, monkeypatch: pytest.MonkeyPatch) -> None:
        davctl.done("grant", HALL, "alice", "read")
        monkeypatch.setenv("DAVD_DAV__MAX_ACES", "1")
        sentence = f"the entries of {HALL[:-1]} cannot be changed: "
        assert davctl.refused("grant", HALL, "staff", "read") == sentence + "limited-number-of-aces"

        async def lock(transaction: Any) -> None:
            calendar = (await transaction.resolve(["calendars", "hall", "calendar"]))[-1]
            await transaction.add_lock(
                Lock("urn:uuid:1", calendar.id, "exclusive", True, "alice", b"", 1000, 99_999_999_999.0)
            )

        davctl.ask(lock)
        assert davctl.refused("revoke", HALL, "alice") == sentence + "it is locked"
        assert entries(davctl, HALL) == (Ace("name:alice", (READ,)),)

    def test_what_a_removed_room_has_left_is_nobodys_to_grant(self, davctl: Davctl) -> None:
        davctl.done("room", "remove", "hall")
        sentence = f"{HALL[:-1]} belongs to hall, and there is no account hall"
        assert davctl.refused("grant", HALL, "staff", "read") == sentence

    def test_entries_of_other_kinds_stay(self, davctl: Davctl) -> None:
        kept = (Ace("authenticated", (FREE_BUSY,)), Ace("owner", (READ,)), Ace("name:alice", (READ, WRITE)))

        async def put(transaction: Any) -> None:
            calendar = (await transaction.resolve(["calendars", "hall", "calendar"]))[-1]
            await transaction.set_acl(calendar, write((*kept, Ace("name:gone", (READ,)))), 1_700_000_000.0)

        davctl.ask(put)
        davctl.done("grant", HALL, "staff", "read")
        assert entries(davctl, HALL) == (*kept, Ace("name:staff", (READ,)))


class TestRevoke:
    """Verifies: RFC 3744, 3, 5.5"""

    def test_all_or_a_part(self, davctl: Davctl) -> None:
        davctl.done("grant", HALL, "staff", "all")
        davctl.done("grant", HALL, "alice", "read")
        assert davctl.done("revoke", HALL, "staff", "write-acl") == f"revoked write-acl on {HALL[:-1]} from staff\n"
        kept = (READ, WRITE, "{DAV:}unlock", "{DAV:}read-acl")
        assert entries(davctl, HALL) == (Ace("name:alice", (READ,)), Ace("name:staff", kept))
        davctl.done("revoke", HALL, "staff", "write", "read-acl", "unlock")
        assert entries(davctl, HALL) == (Ace("name:alice", (READ,)), Ace("name:staff", (READ,)))
        davctl.done("revoke", HALL, "alice", "read-free-busy")
        rest = ("{DAV:}read-current-user-privilege-set",)
        assert entries(davctl, HALL) == (Ace("name:staff", (READ,)), Ace("name:alice", rest))
        assert held(davctl, HALL, "alice") == set()
        assert davctl.done("revoke", HALL, "staff") == f"revoked all on {HALL[:-1]} from staff\n"
        davctl.done("revoke", HALL, "alice")
        assert entries(davctl, HALL) == ()

    def test_what_was_not_granted_there(self, davctl: Davctl) -> None:
        davctl.done("grant", "/calendars/hall", "staff", "read")
        sentence = f"staff is not granted anything by an entry of {HALL}"
        assert davctl.refused("revoke", HALL, "staff") == sentence
        davctl.done("grant", HALL, "staff", "read")
        sentence = f"staff is not granted write by an entry of {HALL}"
        assert davctl.refused("revoke", HALL, "staff", "write") == sentence
        assert davctl("revoke", HALL, "staff", "fly").exit_code == 2
        assert entries(davctl, HALL) == (Ace("name:staff", (READ,)),)


class TestGrants:
    """Verifies: RFC 3744, 5.5.4"""

    def test_own_ones_come_before_those_from_above(self, davctl: Davctl) -> None:
        assert davctl.done("grants", HALL) == ""
        davctl.done("grant", HALL, "staff", "read", "write")
        davctl.done("grant", "/calendars/hall", "DAV:authenticated", "read-free-busy")
        davctl.done("grant", HALL, "DAV:owner", "read")
        assert davctl.done("grants", HALL) == (
            "staff\tread write\t/calendars/hall/calendar\n"
            "DAV:owner\tread\t/calendars/hall/calendar\n"
            "DAV:authenticated\tread-free-busy\t/calendars/hall\n"
        )
        assert davctl.done("grants", "/calendars/hall") == "DAV:authenticated\tread-free-busy\t/calendars/hall\n"
        assert davctl.refused("grants", "/calendars/none") == "there is nothing at /calendars/none"
