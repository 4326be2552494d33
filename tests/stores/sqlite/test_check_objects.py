"""Planted damage to indexes and groups is found, and mended where the store knows what is right.

Verifies: docs/architecture.md, Data
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.model.index import IndexQuery, ObjectIndex, Span, Term
from davd.model.principal import GROUP, Account
from davd.model.resource import FILE
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.finding_conformance import card, event, indexed
from davd.testing.store_machine import drive
from tests.stores.life import findings, opened
from tests.stores.sqlite.test_check import plant

DAILY = tuple(Span(day * 86400, day * 86400 + 3600, True) for day in range(200))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """The calendar `/files/c` (5) with a (6) and b (7), `/files/d` (8) with the contact x (9); staff has ann in it."""
    with opened(tmp_path) as store:
        drive(_fill(store))
        yield store


async def _fill(store: SQLiteStore) -> None:
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        calendar = await transaction.create(files, "c", "calendar", "ann", 1.0)
        await transaction.create(calendar, "a", FILE, "ann", 1.0, indexed(event("1", (0, 10), (50, 60))), "")
        await transaction.create(calendar, "b", FILE, "ann", 1.0, indexed(ObjectIndex("2", "VEVENT", DAILY)), "")
        book = await transaction.create(files, "d", "addressbook", "ann", 1.0)
        await transaction.create(book, "x", FILE, "ann", 1.0, indexed(card("3", ("FN", "ann"), ("TEL", "1"))), "")
        for name in ("ann", "staff"):
            await transaction.add_account(Account(name, kind=GROUP))
        await transaction.set_group_members("staff", ["ann"])


async def _found(store: SQLiteStore) -> list[object]:
    async with store.read() as view:
        queries = [IndexQuery(), IndexQuery(start=5, end=55), IndexQuery(start=86400 * 100, end=86400 * 103)]
        queries += [IndexQuery(terms=(Term("FN", "equals", "ann"),)), IndexQuery(uids=("1", "3"))]
        return [
            *[await view.find(place, query, 100) for place in (5, 8) for query in queries],
            await view.group_members("staff"),
        ]


MENDED: list[tuple[str, str, str]] = [
    ("span-gone", "DELETE FROM span WHERE resource_id = 7", "the index of resource 7 in collection 5 is not whole"),
    ("span-changed", 'UPDATE span SET "end" = 9 WHERE start = 0 AND resource_id = 6', "resource 6 in collection 5"),
    ("span-exact", "UPDATE span SET exact = 0 WHERE resource_id = 6", "the index of resource 6 in collection 5"),
    ("span-many", "INSERT INTO span VALUES (5, 17, 7, 6, 9, 1, 0, 1)", "the index of resource 6 in collection 5"),
    ("span-nobody", "INSERT INTO span VALUES (5, 17, 7, 99, 9, 1, 0, 1)", "the index of resource 99 in collection 5"),
    ("span-nowhere", "INSERT INTO span VALUES (99, 17, 7, 6, 9, 1, 0, 1)", "the index of resource 6 in collection 99"),
    ("span-elsewhere", "UPDATE span SET collection_id = 8 WHERE resource_id = 6", "resource 6 in collection 8"),
    ("term-gone", "DELETE FROM term WHERE name = 'FN'", "the index of resource 9 in collection 8 is not whole"),
    ("term-changed", "UPDATE term SET text = 'bob' WHERE name = 'FN'", "the index of resource 9 in collection 8"),
    ("term-nobody", "INSERT INTO term VALUES (8, 'FN', 'x', 99)", "the index of resource 99 in collection 8"),
    (
        "moved",
        "UPDATE object SET collection_id = 8 WHERE resource_id = 6",
        "of resource 6 ('a') is not in its coll",
    ),
    (
        "lost",
        "INSERT INTO object VALUES (99, 5, 'u', 'VEVENT', NULL, NULL)",
        "1 x index of resource 99, which does",
    ),
    ("folder", "INSERT INTO object VALUES (5, 2, 'u', 'VEVENT', NULL, NULL)", "of resource 5 ('c') is not in its coll"),
    ("nobody", "INSERT INTO membership VALUES ('eve', 'staff')", "'eve' is in the group 'staff', and one of them"),
    ("no-group", "INSERT INTO membership VALUES ('ann', 'none')", "'ann' is in the group 'none', and one of them"),
]


@pytest.mark.parametrize(("sql", "what"), [case[1:] for case in MENDED], ids=[case[0] for case in MENDED])
def test_what_the_store_knows_is_mended(store: SQLiteStore, sql: str, what: str) -> None:
    assert drive(findings(store)) == []
    before = drive(_found(store))
    plant(store, sql)
    found = drive(findings(store))
    assert any(what in text for text, _ in found), found
    assert not any(mended for _, mended in found)
    assert all(mended for _, mended in drive(findings(store, repair=True)))
    assert drive(findings(store)) == []
    assert drive(_found(store)) == before


@pytest.mark.parametrize(
    ("sql", "id"),
    [
        ("UPDATE object SET spans = x'0102' WHERE resource_id = 6", 6),
        ("UPDATE object SET spans = 'text' WHERE resource_id = 6", 6),
        ("UPDATE object SET terms = '[1' WHERE resource_id = 9", 9),
        ("UPDATE object SET terms = '[1]' WHERE resource_id = 9", 9),
    ],
)
def test_an_index_that_cannot_be_read_is_removed(store: SQLiteStore, sql: str, id: int) -> None:
    plant(store, sql)
    assert drive(findings(store)) == [(f"the index of resource {id} cannot be read", False)]
    drive(findings(store, repair=True))
    place = "c" if id == 6 else "d"
    assert drive(findings(store)) == [(f"1 x file without an index in /files/{place}", False)]
    assert {found.name for found in drive(_found(store))[0 if id == 6 else 5]} == ({"b"} if id == 6 else set())


def test_files_that_no_query_finds_are_reported(store: SQLiteStore) -> None:
    async def unindexed() -> None:
        async with store.write() as transaction:
            for path in (["files", "c"], ["files", "d"], ["files"]):
                place = (await transaction.resolve(path))[-1]
                for name in ("n", "m"):
                    await transaction.create(place, name, FILE, "ann", 1.0, indexed(None), "")

    drive(unindexed())
    expected = [(f"2 x file without an index in /files/{place}", False) for place in "cd"]
    for repair in (False, True):
        assert drive(findings(store, repair)) == expected


def test_what_is_recovered_takes_its_index_along(store: SQLiteStore) -> None:
    plant(store, "UPDATE resource SET parent_id = 999 WHERE id = 6")
    assert all(mended for _, mended in drive(findings(store, repair=True)))
    assert drive(findings(store)) == []

    async def find() -> list[str]:
        async with store.read() as view:
            recovered = (await view.resolve(["recovered"]))[-1]
            return [each.uid for each in await view.find(recovered.id, IndexQuery(start=55, end=56), 9)]

    assert drive(find()) == ["1"]
