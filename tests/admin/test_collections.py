"""Collections of accounts, as the admin plane lists and changes them.

Verifies: docs/operate/monitoring.md, JSON API; RFC 4791, 5.3.1; RFC 6352, 6.3.1
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from davd.admin import collections as collections_of_accounts
from davd.admin.collections import Collections
from davd.caldav import extension as caldav
from davd.caldav.properties.supported import supported
from davd.caldav.settings import CalDavSettings
from davd.carddav import extension as carddav
from davd.carddav.settings import CardDavSettings
from davd.dav.access.privileges import READ
from davd.model.acl import AUTHENTICATED, NAME, Ace, write
from davd.model.errors import HTTPError
from davd.model.principal import GROUP, Account
from davd.model.resource import FILE
from davd.model.trash import TrashLimits
from davd.stores.memory.store import MemoryStore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.exchange import START, Trial, run
from davd.testing.store_life import new_content
from tests.caldav.calendars import ICS, event

EXTENSIONS = (caldav.make(CalDavSettings()), carddav.make(CardDavSettings()))
FIRST = ["/addressbooks/alice/", "/addressbooks/alice/contacts/", "/calendars/alice/", "/calendars/alice/calendar/"]
FIRST += ["/calendars/alice/tasks/", "/files/alice/"]


@pytest.fixture(params=["memory", "sqlite"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    if request.param == "memory":
        yield Trial(*EXTENSIONS)
        return
    store = SQLiteStore(tmp_path / "data")
    run(store.start())
    yield Trial(*EXTENSIONS, store=store)
    run(store.stop())


def collections_of(trial: Trial, now: float = START) -> Collections:
    return Collections(trial.store, trial.registry, trial.settings, lambda: now)


def at(trial: Trial, path: str) -> dict[str, Any]:
    """The collection of alice's at a path."""
    found = run(collections_of(trial).page("alice"))["collections"]
    return next(one for one in found if one["path"] == path)


class TestList:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    def test_homes_and_what_is_in_them_come_page_by_page(self, trial: Trial) -> None:
        collections = collections_of(trial)
        for path in ("a/", "a/b/", "a/b/c/", "a b/", "d/"):
            assert trial.request("MKCOL", "/files/alice/" + path.replace(" ", "%20")).status == 201
        assert trial.request("PUT", "/files/alice/a/file", {}, b"x").status == 201
        whole = [one["path"] for one in run(collections.page("alice"))["collections"]]
        assert whole[:6] == FIRST
        assert whole[6:] == [f"/files/alice/{path}" for path in ("a/", "a/b/", "a/b/c/", "a%20b/", "d/")]
        for limit in (1, 2, 3, 11):
            paged, after = [], ""
            while after is not None:
                page = run(collections.page("alice", after, limit))
                assert len(page["collections"]) <= limit
                paged += [one["path"] for one in page["collections"]]
                after = page["next"]
            assert paged == whole

    def test_each_tells_what_it_is_and_what_is_in_it(self, trial: Trial) -> None:
        assert trial.request("PUT", "/calendars/alice/calendar/1.ics", ICS, event()).status == 201

        async def share() -> None:
            async with trial.store.write() as transaction:
                calendar = (await transaction.resolve(("calendars", "alice", "calendar")))[-1]
                entries = (Ace(NAME + "bob", (READ, "{DAV:}write")), Ace(AUTHENTICATED, (READ,)))
                await transaction.set_acl(calendar, write(entries), START)

        run(share())
        told = at(trial, "/calendars/alice/calendar/")
        assert told | {"id": 0, "created": 0.0} == {
            "id": 0, "path": "/calendars/alice/calendar/", "type": "calendar", "home": False,
            "display_name": "Calendar", "components": ["VEVENT"], "members": 1,
            "bytes": len(event()), "complete": True, "created": 0.0, "modified": told["modified"],
            "grants": [
                {"principal": "bob", "privileges": ["read", "write"]},
                {"principal": "DAV:authenticated", "privileges": ["read"]},
            ],
        }  # fmt: skip
        assert told["modified"] >= START
        assert run(collections_of(trial).show("alice", told["id"])) == told
        home = at(trial, "/calendars/alice/")
        assert (home["home"], home["type"], home["members"]) == (True, "collection", 3)

    def test_more_than_is_counted_is_said_to_be_more(self, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(collections_of_accounts, "MOST_COUNTED", 9)

        async def fill() -> None:
            async with trial.store.write() as transaction:
                home = (await transaction.resolve(("files", "alice")))[-1]
                for number in range(10):
                    await transaction.create(home, f"{number}", FILE, "alice", START, new_content(b""))

        run(fill())
        told = at(trial, "/files/alice/")
        assert (told["members"], told["complete"]) == (9, False)

    def test_there_are_none_but_those_of_the_account(self, trial: Trial) -> None:
        collections = collections_of(trial)
        alice = at(trial, "/calendars/alice/calendar/")["id"]

        async def others() -> list[int]:
            async with trial.store.write() as transaction:
                await transaction.add_account(Account("staff", kind=GROUP))
                file = await transaction.create(
                    (await transaction.resolve(("files", "bob")))[-1], "f", FILE, "bob", START, new_content(b"x")
                )
                principal = (await transaction.resolve(("principals", "users", "bob")))[-1]
                return [1, file.id, principal.id, 1 << 40]

        for id in [alice, *run(others())]:
            for work in (
                lambda id=id: collections.show("bob", id),
                lambda id=id: collections.rename("bob", id, "x"),
                lambda id=id: collections.remove("bob", id),
            ):
                with pytest.raises(HTTPError, match="404"):
                    run(work())
        for name in ("nobody", "staff"):
            with pytest.raises(HTTPError, match="404"):
                run(collections.page(name))
            with pytest.raises(HTTPError, match="404"):
                run(collections.create(name, "calendar", "", ""))
        with pytest.raises(HTTPError, match="422"):
            run(collections.page("alice", "no path"))


class TestCreate:
    """Verifies: RFC 4791, 5.3.1; RFC 6352, 6.3.1"""

    def test_a_calendar_a_task_list_and_a_book(self, trial: Trial) -> None:
        collections = collections_of(trial)
        made = run(collections.create("alice", "calendar", "work", "Büro", ["VEVENT"]))
        assert (made["path"], made["type"], made["display_name"]) == ("/calendars/alice/work/", "calendar", "Büro")
        made = run(collections.create("alice", "addressbook", "", "Ämter & Co."))
        assert (made["path"], made["type"]) == ("/addressbooks/alice/amter-co/", "addressbook")
        again = run(collections.create("alice", "addressbook", "", "amter co"))
        assert again["path"].startswith("/addressbooks/alice/amter-co-")
        assert run(collections.create("alice", "calendar", "", "日"))["path"].startswith("/calendars/alice/calendar-")

        async def taken() -> frozenset[str]:
            async with trial.store.read() as view:
                return await supported(view, (await view.resolve(("calendars", "alice", "work")))[-1])

        assert run(taken()) == {"VEVENT"}

    @pytest.mark.parametrize(
        ("wanted", "status"),
        [
            (("calendar", "calendar", ""), 409),
            (("calendar", "a/b", ""), 422),
            (("calendar", "..", ""), 422),
            (("calendar", "a" * 300, ""), 422),
            (("calendar", "", "\x00"), 422),
            (("brewery", "", "x"), 422),
            (("addressbook", "", "x", ["VEVENT"]), 422),
            (("calendar", "", "x", ["VBREW"]), 422),
            (("calendar", "", "x", ["\x01"]), 422),
            (("calendar", "", "x", ["VEVENT", "\ufffe"]), 422),
        ],
    )
    def test_what_cannot_be_is_said_and_nothing_made(self, trial: Trial, wanted: Any, status: int) -> None:
        with pytest.raises(HTTPError) as raised:
            run(collections_of(trial).create("alice", *wanted))
        assert raised.value.status == status and raised.value.detail
        assert [one["path"] for one in run(collections_of(trial).page("alice"))["collections"]] == FIRST


class TestRename:
    """Verifies: RFC 4918, 9.2, 15.2"""

    def test_the_display_name_changes_and_the_url_stays(self, trial: Trial) -> None:
        collections = collections_of(trial)
        id = at(trial, "/calendars/alice/calendar/")["id"]
        for title in ("Home & <garden>", ""):
            assert run(collections.rename("alice", id, title))["display_name"] == title
            assert at(trial, "/calendars/alice/calendar/")["display_name"] == title
        with pytest.raises(HTTPError, match="422"):
            run(collections.rename("alice", id, "\ufffe"))

    def test_what_a_client_has_locked_stays(self, trial: Trial) -> None:
        body = b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
        locked = trial.request("LOCK", "/calendars/alice/calendar/", {"Content-Type": "application/xml"}, body)
        assert locked.status == 200
        collections = collections_of(trial)
        id = at(trial, "/calendars/alice/calendar/")["id"]
        for work in (lambda: collections.rename("alice", id, "x"), lambda: collections.remove("alice", id)):
            with pytest.raises(HTTPError) as raised:
                run(work())
            assert (raised.value.status, "locked" in raised.value.detail) == (409, True)


class TestRemove:
    """Verifies: RFC 4918, 9.6; docs/operate/backup.md, The trash"""

    def test_it_goes_into_the_trash(self, trial: Trial) -> None:
        assert trial.request("PUT", "/calendars/alice/calendar/1.ics", ICS, event()).status == 201
        entry = run(collections_of(trial, START + 5).remove("alice", at(trial, "/calendars/alice/calendar/")["id"]))

        async def kept() -> Any:
            async with trial.store.read() as view:
                return await view.trashed(entry)

        found = run(kept())
        assert (found.path, found.count) == (("calendars", "alice", "calendar"), 2)

    def test_homes_stay(self, trial: Trial) -> None:
        with pytest.raises(HTTPError, match="409"):
            run(collections_of(trial).remove("alice", at(trial, "/calendars/alice/")["id"]))

    def test_what_is_not_kept_is_told_of(self) -> None:
        for limits in (TrashLimits(days=0), TrashLimits(bytes=100)):
            trial = Trial(*EXTENSIONS, store=MemoryStore(limits))
            id = at(trial, "/calendars/alice/calendar/")["id"]
            assert run(collections_of(trial).remove("alice", id)) is None
