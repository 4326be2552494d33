"""Entries of the trash come back by the rules of the collections that they come back to.

Verifies: docs/operate/backup.md, The trash; RFC 4791, 4.1, 5.3.2.1; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as changed
from pathlib import Path

import pytest

from davd.application.putting_back import NotPutBack, PuttingBack
from davd.model.index import IndexQuery
from davd.model.resource import COLLECTION, FILE
from davd.model.trash import NEWEST, Trashed
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.exchange import Trial, run
from davd.testing.store_life import new_content
from tests.caldav.calendars import HOME, ICS, WORK, event, mkcalendar, trial_with_calendars

FILES = "/files/alice/"


@pytest.fixture(params=["memory", "sqlite"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    """Two calendars of alice's, /calendars/alice/work/ among them, in each store that there is."""
    if request.param == "memory":
        trial = trial_with_calendars()
        assert mkcalendar(trial).status == 201
        yield trial
        return
    store = SQLiteStore(tmp_path / "data")
    run(store.start())
    trial = trial_with_calendars(store=store)
    assert mkcalendar(trial).status == 201
    yield trial
    run(store.stop())


def entries(trial: Trial) -> list[Trashed]:
    async def read() -> list[Trashed]:
        async with trial.store.read() as view:
            found: list[Trashed] = await view.trash(None, 0.0, NEWEST, 100)
        return found

    return run(read())


def back(trial: Trial, id: int, replace: bool = False) -> str:
    """Where the entry is now."""

    async def work() -> tuple[str, ...]:
        async with trial.store.write() as transaction:
            putting_back = PuttingBack(trial.store, trial.registry, trial.settings)
            return await putting_back.put_back(transaction, id, replace, trial.now)

    return "/" + "/".join(run(work()))


def put(trial: Trial, path: str, data: bytes, headers: dict[str, str] | None = None) -> None:
    assert trial.request("PUT", path, headers or {}, data).status in (201, 204)


def delete(trial: Trial, path: str) -> None:
    assert trial.request("DELETE", path).status == 204


def text(trial: Trial, path: str) -> bytes:
    """What a client gets there; empty for nothing."""
    response = trial.request("GET", path)
    assert isinstance(response.body, bytes)
    return response.body if response.status == 200 else b""


def limit_trash(trial: Trial, **limits: int) -> None:
    """Give the trash of the store in use other limits, by the names of `TrashLimits`."""
    store = trial.store
    if isinstance(store, SQLiteStore):
        for name, limit in limits.items():
            setattr(store.settings, f"trash_{name}", limit)
        store.reconfigure()
    else:
        store.trash = changed(store.trash, **limits)


def lock(trial: Trial, path: str) -> None:
    body = (
        b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b"<D:locktype><D:write/></D:locktype></D:lockinfo>"
    )
    assert trial.request("LOCK", path, {"Content-Type": "application/xml"}, body).status == 200


class TestItsPlace:
    """Verifies: docs/operate/backup.md, The trash"""

    def test_an_object_comes_back_once(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        (entry,) = entries(trial)
        assert back(trial, entry.id) == WORK + "1.ics"
        assert text(trial, WORK + "1.ics") == event("one")
        with pytest.raises(NotPutBack, match="there is no entry"):
            back(trial, entry.id)

    def test_a_name_that_is_taken_makes_another_one(self, trial: Trial) -> None:
        put(trial, FILES + "a.txt", b"one")
        put(trial, FILES + "a.txt", b"two")
        (entry,) = entries(trial)
        assert back(trial, entry.id) == FILES + "a (2).txt"
        assert (text(trial, FILES + "a.txt"), text(trial, FILES + "a%20(2).txt")) == (b"two", b"one")

    def test_a_former_content_takes_the_place_of_the_present_one(self, trial: Trial) -> None:
        put(trial, FILES + "a.txt", b"one")
        put(trial, FILES + "a.txt", b"two")
        for content in (b"one", b"two"):
            (entry,) = entries(trial)
            assert back(trial, entry.id, replace=True) == FILES + "a.txt"
            assert text(trial, FILES + "a.txt") == content

    def test_a_collection_comes_back_before_what_was_in_it(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        put(trial, WORK + "2.ics", event("two"), ICS)
        delete(trial, WORK + "1.ics")
        delete(trial, WORK)
        collection, member = entries(trial)
        with pytest.raises(NotPutBack, match="/calendars/alice/work/ is gone"):
            back(trial, member.id)
        assert back(trial, collection.id) + "/" == WORK
        assert back(trial, member.id) == WORK + "1.ics"
        assert text(trial, WORK + "2.ics") == event("two")


class TestUIDs:
    """Verifies: RFC 4791, 4.1, 5.3.2.1"""

    def test_a_uid_that_is_taken_is_told_of(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        put(trial, WORK + "again.ics", event("one", "SUMMARY:Again"), ICS)
        (entry,) = entries(trial)
        with pytest.raises(NotPutBack, match=r"^again\.ics has the same UID$") as raised:
            back(trial, entry.id)
        assert raised.value.taken
        assert back(trial, entry.id, replace=True) == WORK + "again.ics"
        assert text(trial, WORK + "again.ics") == event("one") and not text(trial, WORK + "1.ics")
        assert [each.name for each in entries(trial)] == ["again.ics"]

        async def uids() -> list[str]:
            async with trial.store.read() as view:
                place = (await view.resolve(("calendars", "alice", "work")))[-1]
                return [each.name for each in await view.find(place.id, IndexQuery(uids=("one",)), 9)]

        assert run(uids()) == ["again.ics"]

    def test_no_object_is_overwritten_by_one_of_another_uid(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        put(trial, WORK + "1.ics", event("two"), ICS)
        (entry,) = entries(trial)
        assert back(trial, entry.id, replace=True) == WORK + "1 (2).ics"
        assert (text(trial, WORK + "1.ics"), text(trial, WORK + "1%20(2).ics")) == (event("two"), event("one"))


class TestRoom:
    """What gives way is in the trash afterwards, and all that was there beside it.

    Verifies: docs/operate/backup.md, The trash
    """

    @pytest.mark.parametrize(
        ("limit", "sentence"),
        [({"bytes": 4000}, "has no room for what would give way"), ({"days": 0}, "keeps nothing")],
    )
    def test_nothing_gives_way_that_the_trash_does_not_keep(
        self, trial: Trial, limit: dict[str, int], sentence: str
    ) -> None:
        put(trial, FILES + "a.txt", b"old")
        delete(trial, FILES + "a.txt")
        put(trial, FILES + "a.txt", b"x" * 5000)
        limit_trash(trial, **limit)
        before = entries(trial)
        with pytest.raises(NotPutBack, match=sentence) as raised:
            back(trial, before[0].id, replace=True)
        assert not raised.value.taken
        assert entries(trial) == before and text(trial, FILES + "a.txt") == b"x" * 5000
        assert back(trial, before[0].id) == FILES + "a (2).txt"

    def test_no_other_entry_makes_room_for_what_gives_way(self, trial: Trial) -> None:
        limit_trash(trial, bytes=3000)
        for name in ("a", "b"):
            put(trial, FILES + name, b"1" * 900)
            delete(trial, FILES + name)
        before = entries(trial)
        put(trial, FILES + "b", b"2" * 1100)
        with pytest.raises(NotPutBack, match="no room"):
            back(trial, before[0].id, replace=True)
        assert entries(trial) == before and text(trial, FILES + "b") == b"2" * 1100

    def test_the_bytes_of_the_entry_itself_are_room(self, trial: Trial) -> None:
        limit_trash(trial, bytes=2 * 1412)
        for name in ("a", "b"):
            put(trial, FILES + name, b"1" * 900)
            delete(trial, FILES + name)
            put(trial, FILES + name, name.encode() * 900)
        for entry in reversed(entries(trial)):
            assert back(trial, entry.id, replace=True) == FILES + entry.name
        assert [each.name for each in entries(trial)] == ["b", "a"]
        assert text(trial, FILES + "a") == text(trial, FILES + "b") == b"1" * 900

    @pytest.mark.parametrize("present", [b"", b"old"])
    def test_what_needs_no_place_in_the_trash_gives_way(self, trial: Trial, present: bytes) -> None:
        """Nothing is lost of an empty file, nor of the same content."""
        put(trial, FILES + "a.txt", b"old")
        delete(trial, FILES + "a.txt")
        put(trial, FILES + "a.txt", present)
        limit_trash(trial, days=0)
        (entry,) = entries(trial)
        assert back(trial, entry.id, replace=True) == FILES + "a.txt"
        assert text(trial, FILES + "a.txt") == b"old"


class TestLocks:
    """Verifies: RFC 4918, 7"""

    def test_nothing_takes_the_place_of_a_locked_file(self, trial: Trial) -> None:
        put(trial, FILES + "a.txt", b"old")
        delete(trial, FILES + "a.txt")
        put(trial, FILES + "a.txt", b"being edited")
        (entry,) = entries(trial)
        lock(trial, FILES + "a.txt")
        with pytest.raises(NotPutBack, match=r"^a client has locked a\.txt$"):
            back(trial, entry.id, replace=True)
        assert text(trial, FILES + "a.txt") == b"being edited" and entries(trial) == [entry]
        assert back(trial, entry.id) == FILES + "a (2).txt"

    def test_nothing_new_comes_into_a_locked_folder(self, trial: Trial) -> None:
        put(trial, FILES + "a.txt", b"old")
        delete(trial, FILES + "a.txt")
        (entry,) = entries(trial)
        lock(trial, FILES)
        with pytest.raises(NotPutBack, match="^a client has locked /files/alice/$"):
            back(trial, entry.id)
        assert not text(trial, FILES + "a.txt") and entries(trial) == [entry]


class TestAnotherCollection:
    """What is called as the collection that an entry was in need not be the same. Verifies: RFC 4791, 4.1, 5.3.2.1"""

    def test_no_object_comes_back_into_a_plain_folder(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        delete(trial, WORK)
        assert trial.request("MKCOL", WORK).status == 201
        before = entries(trial)
        for replace in (False, True):
            with pytest.raises(NotPutBack, match=r"/calendars/alice/work/ is another collection now"):
                back(trial, before[1].id, replace)
        assert entries(trial) == before and not text(trial, WORK + "1.ics")

    def test_no_plain_file_comes_back_into_a_calendar(self, trial: Trial) -> None:
        assert trial.request("MKCOL", HOME + "notes/").status == 201
        put(trial, HOME + "notes/a.txt", b"one", {"Content-Type": "text/plain"})
        delete(trial, HOME + "notes/a.txt")
        delete(trial, HOME + "notes/")
        assert mkcalendar(trial, HOME + "notes/").status == 201
        with pytest.raises(NotPutBack, match="does not take it"):
            back(trial, entries(trial)[1].id)

    def test_components_are_those_that_the_calendar_takes_now(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        delete(trial, WORK)
        tasks = '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
        assert mkcalendar(trial, WORK, tasks).status == 201
        with pytest.raises(NotPutBack, match="does not take it"):
            back(trial, entries(trial)[1].id)

    def test_another_calendar_takes_what_it_can_hold_and_no_uid_twice(self, trial: Trial) -> None:
        put(trial, WORK + "1.ics", event("one"), ICS)
        delete(trial, WORK + "1.ics")
        delete(trial, WORK)
        assert mkcalendar(trial).status == 201
        put(trial, WORK + "2.ics", event("one", "SUMMARY:Another"), ICS)
        entry = entries(trial)[1]
        with pytest.raises(NotPutBack, match=r"2\.ics has the same UID"):
            back(trial, entry.id)
        delete(trial, WORK + "2.ics")
        assert back(trial, entry.id) == WORK + "1.ics"
        assert text(trial, WORK + "1.ics") == event("one")

    def test_a_calendar_does_not_come_back_among_files(self, trial: Trial) -> None:
        assert trial.request("MKCOL", HOME + "f/").status == 201
        assert mkcalendar(trial, HOME + "f/c/").status == 201
        delete(trial, HOME + "f/c/")
        moved = trial.request("MOVE", HOME + "f/", {"Destination": "https://dav.example/files/alice/f/"})
        assert moved.status == 201
        with pytest.raises(NotPutBack, match="/files/alice/f/ is another collection now"):
            back(trial, entries(trial)[0].id)

    def test_what_belonged_to_nobody_comes_back_to_its_owner(self, trial: Trial) -> None:
        """Above the homes there is no owner to ask for."""

        async def work() -> None:
            async with trial.store.write() as transaction:
                top = (await transaction.resolve(()))[0]
                made = await transaction.create(top, "loose", COLLECTION, "alice", 1.0)
                await transaction.create(made, "f", FILE, "alice", 1.0, new_content(b"x"))
                await transaction.delete(made, 2.0)

        run(work())
        assert back(trial, entries(trial)[0].id) == "/loose"
        assert text(trial, "/loose/f") == b"x"
