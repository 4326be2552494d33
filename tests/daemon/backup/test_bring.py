"""A part of a restore point brought into the store that is in use.

Verifies: docs/operate/backup.md, Bringing back a part
"""

from pathlib import Path

import pytest

from davd.daemon.backup import bring as bringing
from davd.daemon.backup.backup import back_up
from davd.daemon.backup.bring import Brought, bring, bring_accounts
from davd.daemon.backup.source import of_point
from davd.daemon.backup.target import Target
from davd.interfaces.store import StoreError
from davd.model.index import IndexQuery
from davd.model.principal import Account
from davd.model.trash import NEWEST
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import everything
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import SETTINGS, add_blob, delete, fill, findings, opened, put, silent, target_in, texts

CALENDAR = ["calendars", "ann", "c"]


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A backup of a store that is in `data`."""
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
        drive(add_blob(store, "large", b"large" * 20_000))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    return target


async def brought(store: SQLiteStore, target: Target, path: tuple[str, ...], account: str | None = None) -> Brought:
    """Bring what is at a path."""
    done = Brought()
    with of_point(target, target.at(None)) as source:
        if account is not None:
            await bring_accounts(store, source, account)
        await bring(store, source, path, 100.0, done)
    return done


def test_what_is_as_it_was_is_left_alone(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        before = drive(everything(store))
        done = drive(brought(store, target, ()))
        assert (done.added, done.changed, done.lost) == (0, 0, [])
        assert drive(everything(store)) == before


def test_a_collection_is_as_it_was_beside_what_has_come_since(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(put(store, [*CALENDAR, "1.ics"], b"changed", "uid-1"))
        drive(put(store, [*CALENDAR, "new.ics"], b"new", "uid-new"))
        drive(delete(store, [*CALENDAR, "2.ics"]))
        drive(delete(store, [*CALENDAR, "3.ics"]))
        drive(put(store, [*CALENDAR, "renamed.ics"], b"again", "uid-3"))
        token = drive(_revision(store, CALENDAR))
        done = drive(brought(store, target, tuple(CALENDAR)))
        assert (done.added, done.changed, done.lost) == (1, 2, [])
        found = drive(texts(store, CALENDAR))
        assert (found["1.ics"], found["2.ics"]) == (b"event 1", b"event 2")
        assert (found["new.ics"], found["renamed.ics"]) == (b"new", b"event 3")
        assert "3.ics" not in found
        assert drive(_changed(store, CALENDAR, token)) == ["1.ics", "2.ics", "renamed.ics"]
        assert drive(_found(store, CALENDAR, "uid-2")) == ["2.ics"]
        assert {"changed", "again"} <= drive(_trashed(store))
        assert drive(findings(store)) == []


async def _revision(store: SQLiteStore, path: list[str]) -> int:
    async with store.read() as view:
        return (await view.resolve(path))[-1].sync_revision


async def _changed(store: SQLiteStore, path: list[str], since: int) -> list[str]:
    async with store.read() as view:
        place = (await view.resolve(path))[-1]
        return sorted(change.name for change in await view.changes(place.id, since, 1 << 40, 100))


async def _found(store: SQLiteStore, path: list[str], uid: str) -> list[str]:
    async with store.read() as view:
        place = (await view.resolve(path))[-1]
        return [each.name for each in await view.find(place.id, IndexQuery(start=0, end=10**6, uids=(uid,)), 9)]


async def _trashed(store: SQLiteStore) -> set[str]:
    async with store.read() as view:
        entries = await view.trash(None, 0.0, NEWEST, 100)
        contents = [await view.trashed_content(each.id) for each in entries]
    return {content.data.decode() for content, _ in contents if content.data is not None}


def test_a_uid_is_never_brought_twice(tmp_path: Path, target: Target) -> None:
    """RFC 4791, 4.1: it is unique in a calendar, whatever has come to be called as its object was."""
    with opened(tmp_path / "data") as store:
        drive(delete(store, [*CALENDAR, "1.ics"]))
        drive(put(store, [*CALENDAR, "1.ics"], b"another", "uid-other"))
        drive(put(store, [*CALENDAR, "again.ics"], b"again", "uid-1"))
        drive(brought(store, target, tuple(CALENDAR)))
        assert drive(_found(store, CALENDAR, "uid-1")) == ["again.ics"]
        assert drive(_found(store, CALENDAR, "uid-other")) == ["1.ics"]
        found = drive(texts(store, CALENDAR))
        assert (found["again.ics"], found["1.ics"]) == (b"event 1", b"another")


def test_what_was_granted_to_an_account_that_is_gone_is_not_granted_again(tmp_path: Path, target: Target) -> None:
    """Whoever is given its name later would have it."""

    async def grant(store: SQLiteStore) -> None:
        async with store.write() as transaction:
            await transaction.add_account(Account("bob"))
            place = (await transaction.resolve(CALENDAR))[-1]
            await transaction.set_acl(place, "name:bob\t{DAV:}read\nname:staff\t{DAV:}read", 5.0)

    async def remove(store: SQLiteStore) -> None:
        async with store.write() as transaction:
            await transaction.remove_account("bob")
            await transaction.delete((await transaction.resolve(CALENDAR))[-1], 6.0)

    async def granted(store: SQLiteStore) -> str:
        async with store.read() as view:
            return (await view.resolve(CALENDAR))[-1].acl

    with opened(tmp_path / "data") as store:
        drive(grant(store))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    with opened(tmp_path / "data") as store:
        drive(remove(store))
        drive(brought(store, target, tuple(CALENDAR)))
        assert drive(granted(store)) == "name:staff\t{DAV:}read"


def test_what_is_written_ahead_of_its_transaction_is_bounded(
    tmp_path: Path, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running server takes a blob that nothing refers to for some minutes for nobody's."""
    monkeypatch.setattr(bringing, "BATCH_BYTES", 100_000)
    lengths: list[int] = []

    async def watch(store: SQLiteStore) -> None:
        store.on_commit.append(lambda _: lengths.append(len(store.blobs.names())))
        await brought(store, target, ("files",))

    with opened(tmp_path / "new") as store:
        drive(watch(store))
    assert sorted(set(lengths)) == [1, 2, 3, 4]


def test_an_account_that_is_gone_comes_back(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(delete(store, ["calendars", "ann"]))
        drive(delete(store, ["files", "ann"]))

        async def remove() -> None:
            async with store.write() as transaction:
                await transaction.remove_account("ann")

        drive(remove())
        with of_point(target, target.at(None)) as source:
            assert sorted(source.homes("ann")) == [("calendars", "ann"), ("files", "ann")]
        for path in (("calendars", "ann"), ("files", "ann")):
            drive(brought(store, target, path, "ann"))
        assert len(drive(texts(store, CALENDAR))) == 20
        assert drive(_quota(store)) == (
            ["ann", "staff"],
            100_000 + 3 * 70_000 + sum(len(b"event %d" % n) for n in range(20)),
        )
        assert drive(findings(store)) == []


async def _quota(store: SQLiteStore) -> tuple[list[str], int]:
    async with store.read() as view:
        return [account.name for account in await view.accounts()], (await view.quota("ann")).used


def test_what_was_not_there_cannot_be_had(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store, pytest.raises(StoreError, match="nothing at /calendars/bob"):
        drive(brought(store, target, ("calendars", "bob")))


def test_content_that_is_damaged_is_told_of_and_left_out(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(delete(store, ["files", "ann", "large"]))
        (digest,) = [
            digest
            for digest in target.listed(target.at(None).name, "blobs", target.at(None).blobs)
            if Path(target.path(digest)).stat().st_size == 100_000
        ]
        Path(target.path(digest)).write_bytes(b"x" * 100_000)
        done = drive(brought(store, target, ("files", "ann")))
        assert done.lost == ["the content of /files/ann/large is not what was stored"]
        assert drive(findings(store)) == []
