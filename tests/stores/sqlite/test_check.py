"""Each planted damage is found, and mended where nothing is lost by it.

Verifies: docs/architecture.md, Data
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from davd.model.lock import EXCLUSIVE, SHARED
from davd.model.resource import FILE, NewContent
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import a_lock, new_content
from davd.testing.store_machine import drive
from tests.stores.life import add, add_blob, findings, names, opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """`/files/t` with the file f (5), g (6) and the folder d (8) with h (9); i (7) is in a blob."""
    with opened(tmp_path) as store:
        drive(_fill(store))
        store.blobs.safe_age = -1.0
        yield store


async def _fill(store: SQLiteStore) -> None:
    await add(store, "f", b"12345")
    await add(store, "g", b"123")
    blob = await add_blob(store, b"large")
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        sha256 = new_content(b"large").sha256
        await transaction.create(files, "i", FILE, "ann", 10.0, NewContent(5, sha256, None, blob))
        folder = await transaction.create(files, "d", "collection", "ann", 10.0)
        file = await transaction.create(folder, "h", FILE, "bob", 10.0, new_content(b"h"))
        await transaction.delete(await transaction.copy(file, files, "gone", True, "bob", 10.0), 10.0)
        await transaction.add_lock(a_lock("urn:uuid:1", file, expires=1e12))


def plant(store: SQLiteStore, sql: str) -> None:
    """Change the database behind the store's back."""
    connection = apsw.Connection(store.path)
    connection.execute(sql)
    connection.close()


MENDED: list[tuple[str, str, str]] = [
    ("number", "UPDATE store SET number = 5", "the counter of ids and ETags is behind"),
    ("quota", "UPDATE usage SET used = 1 WHERE owner = 'ann'", "'ann' stores 13 bytes, but 1 are counted"),
    ("quota-missing", "DELETE FROM usage WHERE owner = 'ann'", "'ann' stores 13 bytes, but 0 are counted"),
    ("trash-quota", "UPDATE usage SET trashed = 7", "'ann' has 0 bytes in the trash, but 7 are counted"),
    ("trash-member", "INSERT INTO trash_property VALUES (99, 1, 'x', x'00')", "1 x property of entry 99 of the trash"),
    ("quota-nobody", "INSERT INTO usage (owner, used) VALUES ('eve', 3)", "'eve' stores 0 bytes, but 3 are counted"),
    ("orphan", "UPDATE resource SET parent_id = 999 WHERE id = 6", "resource 6 ('g') is in no collection"),
    ("in-a-file", "UPDATE resource SET parent_id = 5 WHERE id = 6", "resource 6 ('g') is in no collection"),
    ("cycle", "UPDATE resource SET parent_id = 8 WHERE id = 8", "collection 8 ('d') is inside of itself"),
    ("name-nfd", "UPDATE resource SET name = 'e' || char(769) WHERE id = 5", "no request can reach resource 5"),
    ("name-slash", "UPDATE resource SET name = 'a/b' WHERE id = 5", "no request can reach resource 5 ('a/b')"),
    ("revision", "UPDATE resource SET sync_revision = 1 WHERE id = 2", "the change number of collection 2 is behind"),
    ("revision-twice", "UPDATE resource SET revision = 1 WHERE id = 6", "'g' in collection 2 has no number of its own"),
    ("tombstone-twice", "UPDATE tombstone SET revision = 1", "'gone' in collection 2 has no number of its own"),
    ("tombstone-alive", "UPDATE tombstone SET name = 'f'", "says that 'f' is gone, but it is there"),
    ("tombstone-lost", "UPDATE tombstone SET collection_id = 999", "1 x line of a change log of resource 999"),
    ("lock-lost", "UPDATE lock SET resource_id = 999", "1 x lock of resource 999"),
    ("property-lost", "INSERT INTO property VALUES (999, 'p', x'00')", "1 x dead property of resource 999"),
    ("content-lost", "INSERT INTO content VALUES (999, x'616263')", "content of resource 999, which does not exist"),
    (
        "etag-twice",
        "UPDATE resource SET etag = (SELECT etag FROM resource WHERE id = 5) WHERE id = 6",
        "is not its own",
    ),
    ("etag-odd", "UPDATE resource SET etag = 'W/x' WHERE id = 6", "the ETag of resource 6 (W/x) is not its own"),
    ("length", "UPDATE resource SET content_length = 4 WHERE id = 5", "the recorded length of /files/f is wrong"),
]


@pytest.mark.parametrize(("sql", "what"), [case[1:] for case in MENDED], ids=[case[0] for case in MENDED])
def test_damage_that_loses_nothing_is_mended(store: SQLiteStore, sql: str, what: str) -> None:
    assert drive(findings(store)) == []
    everything = drive(_files(store))
    plant(store, sql)
    found = drive(findings(store))
    assert any(what in text for text, _ in found), found
    assert not any(mended for _, mended in found)
    assert all(mended for _, mended in drive(findings(store, repair=True)))
    assert drive(findings(store)) == []
    assert everything <= drive(_files(store))


async def _files(store: SQLiteStore) -> set[str]:
    """The digests of all files that can be reached."""
    async with store.read() as transaction:
        return {resource.sha256 for _, resource in await transaction.descendants(1, 100)}


LOST: list[tuple[str, str, str]] = [
    ("content", "UPDATE content SET data = x'00' WHERE resource_id = 5", "the content of /files/f is not what was"),
    ("content-missing", "DELETE FROM content WHERE resource_id = 5", "/files/f has no content"),
    ("content-twice", "INSERT INTO content VALUES (7, x'00')", "/files/i has a row of content that it does not use"),
]


@pytest.mark.parametrize(("sql", "what"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_damage_that_loses_content_is_reported_and_left(store: SQLiteStore, sql: str, what: str) -> None:
    plant(store, sql)
    for repair in (False, True, False):
        found = drive(findings(store, repair))
        assert [(what in text, mended) for text, mended in found] == [(True, False)], found
    assert drive(names(store, "files")) == ["d", "f", "g", "i"]


def _blob(store: SQLiteStore) -> Path:
    name = store.blobs.names()[0]
    return Path(store.blobs.folder, name[0], name[1], name)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(b"other"), "is not what was stored"),
        (lambda path: path.write_bytes(b"larger"), "has 6 bytes instead of 5"),
    ],
    ids=["missing", "changed", "length"],
)
def test_a_damaged_blob_is_reported_and_left(store: SQLiteStore, damage: Callable[[Path], object], what: str) -> None:
    damage(_blob(store))
    for repair in (False, True):
        found = drive(findings(store, repair))
        assert [("/files/i" in text and what in text, mended) for text, mended in found] == [(True, False)], found
    assert drive(names(store, "files")) == ["d", "f", "g", "i"]


def test_what_nothing_refers_to_is_removed_when_it_is_old(store: SQLiteStore) -> None:
    lost = drive(add_blob(store, b"lost"))
    temporary = Path(store.blobs.folder, "tmp", "x")
    temporary.write_bytes(b"")
    store.blobs.safe_age = 60.0
    assert drive(findings(store)) == []
    store.blobs.safe_age = -1.0
    found = [text for text, _ in drive(findings(store))]
    assert found == [f"nothing refers to the blob {lost}", f"the temporary file {temporary} was left behind"]
    assert all(mended for _, mended in drive(findings(store, repair=True)))
    assert drive(findings(store)) == []
    assert not temporary.exists()
    assert len(store.blobs.names()) == 1


def test_locks_that_exclude_each_other_are_ended_but_one(store: SQLiteStore) -> None:
    async def lock() -> None:
        async with store.write() as transaction:
            file = (await transaction.resolve(["files", "f"]))[-1]
            await transaction.add_lock(a_lock("urn:uuid:2", file, expires=1e11, scope=EXCLUSIVE))
            await transaction.add_lock(a_lock("urn:uuid:3", file, expires=1e12, scope=SHARED))

    drive(lock())
    assert drive(findings(store)) == [("resource 5 has an exclusive lock beside others", False)]
    assert drive(findings(store, repair=True)) == [("resource 5 has an exclusive lock beside others", True)]
    assert drive(findings(store)) == []


def test_a_longer_cycle_is_cut_once(store: SQLiteStore) -> None:
    async def nest() -> None:
        async with store.write() as transaction:
            folder = (await transaction.resolve(["files", "d"]))[-1]
            inner = await transaction.create(folder, "e", "collection", "ann", 10.0)
            await transaction.create(inner, "e", "collection", "ann", 10.0)

    drive(nest())
    plant(store, "UPDATE resource SET parent_id = (SELECT max(id) FROM resource) WHERE id = 8")
    found = [text for text, _ in drive(findings(store))]
    assert [text for text in found if "inside" in text] == ["collection 8 ('d') is inside of itself"]
    drive(findings(store, repair=True))
    assert drive(findings(store)) == []
    assert drive(names(store, "recovered")) == ["8 d"]
    assert drive(names(store, "recovered", "8 d", "e")) == ["e"]


def test_a_damaged_index_is_built_anew(store: SQLiteStore) -> None:
    hide = "PRAGMA writable_schema = ON; CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = '{0}';"
    hide += " DELETE FROM sqlite_schema WHERE name = '{0}'"
    show = "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM hidden; DROP TABLE hidden"
    plant(store, hide.format("lock_principal"))
    plant(store, "UPDATE lock SET principal = 'eve'")
    plant(store, show)
    found = drive(findings(store))
    assert found and all("damaged index" in text for text, _ in found), found
    assert all(mended for _, mended in drive(findings(store, repair=True)))
    assert drive(findings(store)) == []


def test_a_damaged_page_is_reported(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        drive(_fill(store))
        for number in range(50):
            drive(add(store, f"n{number}", os.urandom(3000)))
    with open(tmp_path / "davd.sqlite", "r+b") as file:
        file.seek(4096 * 40)
        file.write(b"\x99" * 4096 * 10)
    with opened(tmp_path) as store:
        found = drive(findings(store, repair=False))
    assert any("damaged" in text or "failed while checking" in text for text, _ in found)
