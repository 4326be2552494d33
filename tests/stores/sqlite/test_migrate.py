"""Bringing a file up to date, and refusing what is not ours.

Verifies: docs/architecture.md, Data
"""

import hashlib
import os
from pathlib import Path

import apsw
import pytest

from davd.interfaces.store import StoreError
from davd.model.index import IndexQuery, ObjectIndex, Term
from davd.model.principal import GROUP, INDIVIDUAL, Account
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.connection import connect, require_sqlite
from davd.stores.sqlite.migrate import Migration, migrate, migrations
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.stores.life import findings, opened

HASTY = StoreSettings(busy_seconds=0.05)


def refusal(folder: Path) -> str:
    with pytest.raises(StoreError) as caught, opened(folder, HASTY):
        pass
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_steps_are_numbered_from_one_without_a_gap() -> None:
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))
    assert all(step.name.startswith(f"{step.number:04}_") for step in migrations())


def test_a_new_file_gets_all_steps_and_an_old_one_the_rest(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    extra = Migration(2, "0002_more.sql", "CREATE TABLE more (x); INSERT INTO more VALUES (1);")
    connection = connect(path, HASTY)
    first = migrations()[:1]
    assert migrate(connection, path, first, 0.05) == ["0001_tree.sql"]
    assert migrate(connection, path, first, 0.05) == []
    assert migrate(connection, path, [*first, extra], 0.05) == ["0002_more.sql"]
    assert connection.execute("SELECT x FROM more").get == 1
    assert connection.pragma("user_version") == 2
    with pytest.raises(StoreError, match="newer davd .schema 2, this one knows 1."):
        migrate(connection, path, first, 0.05)
    connection.close()


def test_a_store_of_version_2_keeps_what_it_has(tmp_path: Path) -> None:
    path = str(tmp_path / "davd.sqlite")
    connection = connect(path, HASTY)
    migrate(connection, path, migrations()[:2], 0.05)
    sha256 = hashlib.sha256(b"one").hexdigest()
    connection.execute(
        "INSERT INTO account VALUES ('ann', 'hash', 'a@b', 'Ann', 5, 1.5);"
        "INSERT INTO resource VALUES (5, 2, 't', 'collection', 'ann', '', '', 0, 1.0, 2.0, 1, 1, NULL, ''),"
        f" (6, 5, 'f', 'file', 'ann', '\"{sha256[:20]}-6\"', 'text/plain', 3, 1.0, 2.0, 1, 0, NULL, '{sha256}');"
        "INSERT INTO content VALUES (6, x'6f6e65'); INSERT INTO property VALUES (6, '{x}p', x'00');"
        "UPDATE resource SET sync_revision = 1 WHERE id = 2; INSERT INTO usage VALUES ('ann', 3);"
        "UPDATE store SET number = 6"
    )
    connection.close()
    with opened(tmp_path, HASTY) as store:
        assert drive(findings(store)) == []
        drive(_use_an_old_store(store))
        assert drive(findings(store)) == []


async def _use_an_old_store(store: SQLiteStore) -> None:
    """What was there is as it was, and what is new works on it."""
    async with store.read() as view:
        old = await view.resolve(["files", "t", "f"])
        assert [each.acl for each in old] == [""] * 4
        assert (old[-1].name, old[-1].revision, old[-1].content_length) == ("f", 1, 3)
        assert await view.properties([6]) == {6: {"{x}p": b"\0"}}
        assert await view.account("ann") == Account("ann", "hash", "a@b", "Ann", 5, 1.5, INDIVIDUAL)
        assert await view.find(5, IndexQuery(), 10) == []
    async with store.write() as transaction:
        assert await transaction.content(old[-1]) == b"one"
        await transaction.set_acl(old[-1], "owner\t{DAV:}all", 3.0)
        await transaction.set_index(old[-1], ObjectIndex("u", "VEVENT"))
        await transaction.add_account(Account("staff", kind=GROUP))
        await transaction.set_group_members("staff", ["ann"])
    async with store.read() as view:
        assert [each.uid for each in await view.find(5, IndexQuery(), 10)] == ["u"]
        assert (await view.resolve(["files", "t", "f"]))[-1].acl == "owner\t{DAV:}all"
        assert await view.groups_of("ann") == {"staff"}


def test_alarms_of_a_store_of_version_4_are_found(tmp_path: Path) -> None:
    path = str(tmp_path / "davd.sqlite")
    connection = connect(path, HASTY)
    migrate(connection, path, migrations()[:4], 0.05)
    contents = (b"BEGIN:VEVENT\nBEGIN:VALARM", b"BEGIN:VEVENT\nBEGIN:VAL\r\n ARM", b"BEGIN:VEVENT\nSUMMARY:VALARM")
    connection.execute(
        "INSERT INTO account VALUES ('ann', 'hash', '', '', NULL, 1.5, 'individual'); UPDATE store SET number = 8"
    )
    connection.execute("UPDATE resource SET sync_revision = 3 WHERE id = 2")
    for id, content in enumerate(contents, 6):
        sha256 = hashlib.sha256(content).hexdigest()
        values = (id, str(id), f'"{sha256[:20]}-{id}"', len(content), id - 5, sha256)
        connection.execute(
            "INSERT INTO resource (id, parent_id, name, type, owner, etag, content_type, content_length, created,"
            " modified, revision, sync_revision, sha256) VALUES (?, 2, ?, 'file', 'ann', ?, 'text/calendar', ?, 1.0,"
            " 2.0, ?, 0, ?)",
            values,
        )
        connection.execute("INSERT INTO content VALUES (?, ?)", (id, content))
        connection.execute("INSERT INTO object VALUES (?, 2, ?, 'VEVENT', NULL, NULL)", (id, str(id)))
    connection.execute("INSERT INTO usage (owner, used) VALUES ('ann', ?)", (sum(map(len, contents)),))
    connection.close()
    query = IndexQuery(start=0, end=1, beside=(Term("VALARM", "equals", "far"),))

    async def found(store: SQLiteStore) -> list[str]:
        async with store.read() as view:
            return [each.name for each in await view.find(2, query, 10)]

    with opened(tmp_path, HASTY) as store:
        assert drive(found(store)) == ["6", "7"]
        assert drive(findings(store)) == []


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    connection = connect(path, HASTY)
    bad = Migration(2, "0002_bad.sql", "CREATE TABLE more (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StoreError):
        migrate(connection, path, [*migrations()[:1], bad], 0.05)
    assert connection.execute("SELECT count(*) FROM sqlite_schema").get == 0
    assert migrate(connection, path, migrations(), 0.05)
    connection.close()


def test_two_new_stores_have_different_epochs(tmp_path: Path) -> None:
    with opened(tmp_path / "a") as one, opened(tmp_path / "b") as two:
        assert len(one.epoch) == 16
        assert one.epoch != two.epoch


def test_a_changed_step_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.writer.connection.execute("UPDATE migration SET sha256 = 'tampered'")
    assert "was migrated by another 0001_tree.sql" in refusal(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.writer.connection.execute(
            "INSERT INTO migration VALUES (99, '0099_x.sql', '', 0); PRAGMA user_version=99"
        )
    assert "newer davd (schema 99" in refusal(tmp_path)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "davd.sqlite"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    assert "another program" in refusal(tmp_path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "davd.sqlite").write_bytes(b"hello" * 1000)
    assert "is not a store of davd" in refusal(tmp_path)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "davd.sqlite").mkdir()
    assert "cannot be opened" in refusal(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    assert "cannot be made" in refusal(tmp_path / "file")


def test_a_locked_store_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    other = apsw.Connection(str(tmp_path / "davd.sqlite"))
    other.pragma("journal_mode", "delete")
    other.execute("BEGIN EXCLUSIVE")
    assert "locked by another process" in refusal(tmp_path)
    other.close()
    with opened(tmp_path):
        pass


def test_a_blob_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"")
    assert "blobs cannot be used" in refusal(tmp_path)


def test_a_refused_store_leaves_no_descriptor_open(tmp_path: Path) -> None:
    (tmp_path / "davd.sqlite").write_bytes(b"hello" * 1000)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        refusal(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_stopped_store_may_be_stopped_again_and_is_not_written_to(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path)
    drive(store.stop())
    drive(store.start())
    drive(store.stop())
    drive(store.stop())
    with pytest.raises(StoreError, match="closed"):
        drive(store.write().__aenter__())
    with pytest.raises(StoreError, match="closed"):
        drive(store.read().__aenter__())


def test_a_sqlite_that_loses_data_is_refused() -> None:
    for version in ("3.40.1", "3.51.2", "3.7.0"):
        with pytest.raises(StoreError, match=r"3\.51\.3 or newer"):
            require_sqlite(version)
    for version in ("3.51.3", "3.52.0", "4.0.0"):
        require_sqlite(version)
