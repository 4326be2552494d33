"""What of an index is written.

Verifies: RFC 4791, 9.9; docs/architecture.md, Data
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davd.model.index import ObjectIndex, Span
from davd.model.resource import FILE, Resource
from davd.stores.sqlite.spans import MOST
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.finding_conformance import card, event, indexed, plant
from davd.testing.store_machine import drive
from tests.stores.life import opened

DAILY = tuple(Span(day * 86400, day * 86400 + 3600, True) for day in range(200))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with opened(tmp_path) as store:
        yield store


def written(store: SQLiteStore, file: Resource | None, index: ObjectIndex | None) -> tuple[Resource, int]:
    """The file with new content and an index, and how many rows were written for it beyond those of a plain file."""

    async def work(index: ObjectIndex | None, file: Resource | None) -> tuple[Resource, int]:
        connection = store.writer.connection
        async with store.write() as transaction:
            before = connection.total_changes()
            if file is None:
                place = await plant(transaction, "c", [])
                file = await transaction.create(place, "f", FILE, "ann", 1.0, indexed(index), "")
            else:
                file = await transaction.replace(file, indexed(index), "", 1.0)
            return file, connection.total_changes() - before

    made, changes = drive(work(index, file))
    plain = 3 if file is None else 2
    return made, changes - plain


def test_only_what_differs_is_written(store: SQLiteStore) -> None:
    index = event("1", (0, 10), (100, 110))
    file, changes = written(store, None, index)
    assert changes == 3
    cases: list[tuple[ObjectIndex | None, int]] = [
        (index, 0),
        (replace(index, spans=index.spans[::-1]), 0),
        # The row of the object, and from now on those of its spans and terms that came, were changed, or went.
        (replace(index, uid="2"), 1),
        (replace(index, spans=(*index.spans, Span(200, 210, True))), 1 + 1),
        (replace(index, spans=index.spans[1:]), 1 + 2),
        (replace(index, spans=(Span(100, 120, True),)), 1 + 1),
        (card("1", ("FN", "ann"), ("FN", "ann")), 1 + 1 + 1),
        (card("1", ("FN", "ann"), ("TEL", "1")), 1 + 1),
        (card("1", ("FN", "bob"), ("TEL", "1")), 1 + 2),
        (None, 1 + 2),
        (None, 0),
    ]
    for turn, (given, expected) in enumerate(cases):
        file, changes = written(store, file, given)
        assert changes == expected, turn


def test_two_hundred_spans_are_some_thirty_rows(store: SQLiteStore) -> None:
    _, changes = written(store, None, ObjectIndex("1", "VEVENT", DAILY))
    assert changes <= 1 + 2 * MOST


def test_plain_files_have_no_rows(store: SQLiteStore) -> None:
    file, changes = written(store, None, None)
    assert changes == 0
    assert written(store, file, None)[1] == 0


def test_nothing_is_left_of_what_is_gone(store: SQLiteStore) -> None:
    async def work() -> None:
        async with store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            place = await plant(
                transaction, "c", [("a", ObjectIndex("1", "VEVENT", DAILY)), ("b", card("2", ("FN", "x")))]
            )
            await transaction.copy(place, files, "d", True, "ann", 1.0)
        async with store.write() as transaction:
            await transaction.delete((await transaction.resolve(["files", "c", "a"]))[-1], 2.0)
            await transaction.delete((await transaction.resolve(["files", "c"]))[-1], 2.0)
            await transaction.delete((await transaction.resolve(["files", "d"]))[-1], 2.0)

    drive(work())
    for table in ("object", "span", "term"):
        assert store.writer.connection.execute(f"SELECT count(*) FROM {table}").get == 0
