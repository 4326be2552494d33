"""A whole store brought back: it is what it was, in a new life.

Verifies: docs/operate/backup.md, Bringing back the whole store; RFC 6578, 3.2; RFC 4918, 6.5
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from davd.daemon.backup.backup import back_up
from davd.daemon.backup.target import Target
from davd.daemon.backup.whole import Restored, restore
from davd.interfaces.store import StoreError
from davd.model.principal import Account, AppPassword
from davd.model.trash import NEWEST
from davd.stores.blobs import FileBlobs
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here
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
    (tmp_path / "data" / "derived.sqlite").write_text("answers")
    (tmp_path / "data" / "certificate.pem").write_text("certificate")
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    return target


def restored(
    target: Target, data: Path, replace: bool = False, newer: bool = True, at: float | None = None
) -> Restored:
    return restore(target, str(data), at, SETTINGS, replace, newer, silent)


def without_locks(state: list[Any]) -> list[Any]:
    return [*state[:3], *state[4:]]


def test_it_is_what_it_was(tmp_path: Path, target: Target) -> None:
    done = restored(target, tmp_path / "other")
    assert (done.former, done.newer, done.lost) == (None, None, [])
    with opened(tmp_path / "data") as store, opened(tmp_path / "other") as other:
        before, after = drive(everything(store)), drive(everything(other))
        assert without_locks(before) == without_locks(after)
        assert before[3] and not after[3]
        assert store.epoch != other.epoch
        assert drive(findings(other)) == []
        # No id and no ETag of the former life is given again.
        drive(put(other, [*CALENDAR, "new.ics"], b"new", "uid-new"))
        drive(put(store, [*CALENDAR, "new.ics"], b"new", "uid-new"))
        ids = [drive(_resource(each, [*CALENDAR, "new.ics"])).id for each in (store, other)]
        assert ids[1] > ids[0] + 1_000_000
    assert (tmp_path / "other" / "certificate.pem").read_text() == "certificate"
    assert not (tmp_path / "other" / "derived.sqlite").exists()


async def _resource(store: SQLiteStore, path: list[str]) -> Any:
    async with store.read() as view:
        return (await view.resolve(path))[-1]


def test_an_earlier_time_can_be_had(tmp_path: Path, target: Target) -> None:
    first = target.at(None)
    with opened(tmp_path / "data") as store:
        drive(delete(store, CALENDAR))
        second = back_up(store, target, silent).manifest
    restored(target, tmp_path / "one", at=second.time - 0.001)
    restored(target, tmp_path / "two", at=second.time)
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        assert len(drive(texts(one, ["calendars"]))) == 20
        assert drive(texts(two, ["calendars"])) == {}
        assert len(drive(_trash(two))) == 1
    with pytest.raises(StoreError, match="as early as that"):
        restored(target, tmp_path / "three", at=first.time - 1)


async def _trash(store: SQLiteStore) -> list[Any]:
    async with store.read() as view:
        found: list[Any] = await view.trash(None, 0.0, NEWEST, 100)
    return found


def test_what_is_newer_is_brought_forward(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(put(store, [*CALENDAR, "1.ics"], b"changed", "uid-1"))
        drive(put(store, [*CALENDAR, "new.ics"], b"new", "uid-new"))
        # Removed and made again: under the same name, and under another name with the same UID.
        for number, name in ((2, "2.ics"), (3, "other.ics")):
            drive(delete(store, [*CALENDAR, f"{number}.ics"]))
            drive(put(store, [*CALENDAR, name], b"again", f"uid-{number}"))
        drive(delete(store, [*CALENDAR, "4.ics"]))
        drive(add_blob(store, "large", b"large" * 20_000))
        drive(_more(store))
    done = restored(target, tmp_path / "data", replace=True)
    assert done.newer is not None and done.lost == []
    assert (done.newer.added, done.newer.changed) == (4, 3)
    with opened(tmp_path / "data") as store:
        found = drive(texts(store, CALENDAR))
        assert found["1.ics"] == b"changed" and found["new.ics"] == b"new" and found["2.ics"] == b"again"
        assert found["3.ics"] == b"again" and "other.ics" not in found
        assert found["4.ics"] == b"event 4"
        assert drive(texts(store, ["calendars", "ann", "later"])) == {"e.ics": b"later"}
        assert drive(_resource(store, ["files", "ann", "large"])).content_length == 100_000
        assert sorted(each.name for each in drive(_trash(store))) == ["1.ics", "2.ics", "3.ics"]
        assert drive(findings(store)) == []
        assert drive(_accounts(store)) == ["ann", "bob", "staff"]
    assert done.former is not None
    with opened(Path(done.former)) as former:
        assert drive(texts(former, CALENDAR))["other.ics"] == b"again"


async def _more(store: SQLiteStore) -> None:
    async with store.write() as transaction:
        home = (await transaction.resolve(["calendars", "ann"]))[-1]
        await transaction.create(home, "later", "calendar", "ann", 70.0)
        await transaction.add_account(Account("bob"))
    await put(store, ["calendars", "ann", "later", "e.ics"], b"later", "uid-later")


async def _accounts(store: SQLiteStore) -> list[str]:
    async with store.read() as view:
        return [each.name for each in await view.accounts()]


def test_what_is_newer_can_be_left_behind(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(put(store, [*CALENDAR, "1.ics"], b"changed", "uid-1"))
    done = restored(target, tmp_path / "data", replace=True, newer=False)
    assert done.newer is None
    with opened(tmp_path / "data") as store:
        assert drive(texts(store, CALENDAR))["1.ics"] == b"event 1"


async def _passwords(store: SQLiteStore, *account: str) -> None:
    """Revoke all app passwords there are, and give each account one that is called after it."""
    async with store.write() as transaction:
        for name in ("ann", "bob"):
            for password in await transaction.app_passwords(name):
                await transaction.remove_app_password(password.id)
        for name in account:
            if await transaction.account(name) is None:
                await transaction.add_account(Account(name, "hash"))
            await transaction.add_app_password(AppPassword(f"of-{name}", name, "", "a" * 64, 1.0))


async def _ids(store: SQLiteStore) -> list[str]:
    async with store.read() as view:
        return [one.id for account in await view.accounts() for one in await view.app_passwords(account.name)]


@pytest.mark.parametrize(
    ("newer", "expected"),
    [(True, (["of-bob"], 0)), (False, (["of-ann"], 1))],
    ids=["brought-forward", "left-behind"],
)
def test_app_passwords_that_were_revoked_since(
    tmp_path: Path, target: Target, newer: bool, expected: tuple[list[str], int]
) -> None:
    with opened(tmp_path / "data") as store:
        drive(_passwords(store, "ann"))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    with opened(tmp_path / "data") as store:
        drive(_passwords(store, "bob"))
    done = restored(target, tmp_path / "data", replace=True, newer=newer)
    with opened(tmp_path / "data") as store:
        assert (drive(_ids(store)), done.app_passwords) == expected
        assert drive(findings(store)) == []


def test_an_account_that_was_removed_since_comes_back_without_app_passwords(tmp_path: Path, target: Target) -> None:
    async def remove() -> None:
        async with store.write() as transaction:
            await transaction.remove_account("ann")

    with opened(tmp_path / "data") as store:
        drive(_passwords(store, "ann"))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    with opened(tmp_path / "data") as store:
        drive(remove())
    restored(target, tmp_path / "data", replace=True)
    with opened(tmp_path / "data") as store:
        assert (drive(_accounts(store)), drive(_ids(store))) == (["ann", "staff"], [])


def test_what_cannot_be_known_of_app_passwords_is_counted(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "data") as store:
        drive(_passwords(store, "ann"))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    assert restored(target, tmp_path / "new").app_passwords == 1
    with open(tmp_path / "data" / "davd.sqlite", "r+b") as file:
        file.write(b"x" * 8192)
    assert restored(target, tmp_path / "data", replace=True).app_passwords == 1


def test_a_former_store_that_is_damaged_does_not_stand_in_the_way(tmp_path: Path, target: Target) -> None:
    with open(tmp_path / "data" / "davd.sqlite", "r+b") as file:
        file.write(b"x" * 8192)
    done = restored(target, tmp_path / "data", replace=True)
    assert any("could not be read" in line for line in done.lost)
    with opened(tmp_path / "data") as store:
        assert len(drive(texts(store, CALENDAR))) == 20


def test_another_store_gives_nothing(tmp_path: Path, target: Target) -> None:
    with opened(tmp_path / "another") as store:
        drive(fill(store, 3))
    done = restored(target, tmp_path / "another", replace=True)
    assert any("another store" in line for line in done.lost)


def test_a_store_that_is_there_or_in_use_is_left_alone(tmp_path: Path, target: Target) -> None:
    with pytest.raises(StoreError, match="--replace"):
        restored(target, tmp_path / "data")
    with opened(tmp_path / "data"), pytest.raises(StoreError, match="stop it first"):
        restored(target, tmp_path / "data", replace=True)


def test_those_that_gave_way_within_one_second_are_all_kept(tmp_path: Path, target: Target) -> None:
    for second in range(int(time.time()), int(time.time()) + 120):
        taken = tmp_path / datetime.fromtimestamp(second, UTC).strftime("data.before-%Y%m%dT%H%M%SZ")
        taken.mkdir()
        (taken / "file").touch()
    first = restored(target, tmp_path / "data", replace=True, newer=False).former
    second_one = restored(target, tmp_path / "data", replace=True, newer=False).former
    assert first is not None and second_one is not None and first != second_one
    for former in (first, second_one):
        with opened(Path(former)) as store:
            assert len(drive(texts(store, CALENDAR))) == 20


def test_one_restores_into_a_folder_at_a_time(tmp_path: Path, target: Target) -> None:
    staged = tmp_path / "new.restoring"
    staged.mkdir()
    (staged / "left behind").touch()
    descriptor = os.open(staged, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(StoreError, match="another davctl restore"):
        restored(target, tmp_path / "new")
    assert (staged / "left behind").exists()
    os.close(descriptor)
    restored(target, tmp_path / "new")
    assert not staged.exists() and not (tmp_path / "new" / "left behind").exists()


def test_a_server_that_was_about_to_open_the_former_store_does_not(tmp_path: Path, target: Target) -> None:
    """It would go on in the former one, where nobody looks for what it is given."""

    class Late(FileBlobs):
        """Blobs whose lock is had only when a restore has ended."""

        def start(self, referenced: Callable[[], Iterable[str]], now: float) -> int:
            restored(target, tmp_path / "data", replace=True)
            return super().start(referenced, now)

    store = SQLiteStore(tmp_path / "data", SETTINGS)
    store.blobs = Late(store.blobs.folder, run_here, pytest.fail)
    with pytest.raises(StoreError, match="gave way to another"):
        drive(store.start())
    with opened(tmp_path / "data") as store:
        assert drive(findings(store)) == []


def test_a_backup_that_is_damaged_changes_nothing(tmp_path: Path, target: Target) -> None:
    manifest = target.at(None)
    os.unlink(target.path(target.listed(manifest.name, "pieces", manifest.pieces)[0]))
    with pytest.raises(StoreError, match="cannot be read"):
        restored(target, tmp_path / "data", replace=True)
    with opened(tmp_path / "data") as store:
        assert len(drive(texts(store, CALENDAR))) == 20
    assert not (tmp_path / "data.restoring").exists()


def test_after_a_restore_what_goes_is_kept_whatever_the_settings_say(tmp_path: Path, target: Target) -> None:
    restored(target, tmp_path / "other")
    with opened(tmp_path / "other", StoreSettings(trash_days=0)) as store:
        now = store.trash.until - 1
        assert store.trash.before(now) == now - 14 * 86_400
        assert not store.trash.keeps(store.trash.until)
        drive(delete(store, [*CALENDAR, "1.ics"]))
        assert [each.name for each in drive(_trash(store))] == ["1.ics"]
