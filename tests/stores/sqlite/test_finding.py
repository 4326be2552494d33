"""What a query costs, and where it is run.

Verifies: RFC 4791, 7.8; docs/architecture.md, Overload
"""

import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from davd.model.index import FOREVER, Found, IndexQuery, ObjectIndex, Span, Term
from davd.model.resource import FILE, Resource
from davd.stores.settings import StoreSettings
from davd.stores.sqlite import finding
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.finding_conformance import card, event, indexed, plant
from davd.testing.store_life import new_content
from davd.testing.store_machine import drive
from tests.stores.life import opened

T = TypeVar("T")

HOUR, DAY, NOW = 3600, 86400, 1_700_000_000
MONTH = IndexQuery(frozenset({"VEVENT"}), NOW, NOW + 31 * DAY)


def _spans(number: int, chance: random.Random) -> tuple[Span, ...]:
    """The times of one event: four a day, of which some last for days and one in twenty comes back for weeks."""
    start = NOW + (number // 2 if number % 2 else -number // 2) * 6 * HOUR + chance.randrange(6 * HOUR)
    if number % 20 == 0:
        weeks = tuple(Span(start + n * 3 * DAY, start + n * 3 * DAY + HOUR, True) for n in range(40))
        return (*weeks, Span(start + 120 * DAY, FOREVER, False)) if start > NOW else weeks
    return (Span(start, start + (9 * DAY if number % 20 == 1 else chance.choice([900, 3600, 5400, DAY])), True),)


async def fill(store: SQLiteStore, name: str, count: int) -> int:
    """A calendar with so many events, about half of them before a time and half after it."""
    chance = random.Random(1)
    body = new_content(b"BEGIN:VCALENDAR")
    async with store.write() as transaction:
        calendar = await plant(transaction, name, [])
        for number in range(count):
            index = ObjectIndex(f"{number}", "VEVENT", _spans(number, chance))
            await transaction.create(
                calendar, f"{number * 7919 % count:06}", FILE, "ann", 1.0, replace(body, index=index), ""
            )
    return calendar.id


def steps(store: SQLiteStore, collection: int, query: IndexQuery, limit: int = 10_000) -> tuple[int, list[Found]]:
    """How many steps SQLite's machine takes for a query, and what is found."""
    counted = 0

    def count() -> bool:
        nonlocal counted
        counted += 1
        return False

    async def find() -> list[Found]:
        async with store.read() as view:
            # A scan with a limit would set a handler of its own.
            view.connection._budget = None
            view.connection.set_progress_handler(count, 1)
            try:
                return await view.find(collection, query, limit)
            finally:
                view.connection.set_progress_handler(None)
                view.connection.allow(store.settings.statement_seconds)

    found = drive(find())
    return counted, found


def test_a_month_costs_as_much_in_a_hundred_thousand_events_as_in_a_thousand(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        small, large = (drive(fill(store, f"{count}", count)) for count in (1_000, 100_000))
        queries = [
            MONTH,
            IndexQuery(start=NOW, end=NOW + DAY),
            IndexQuery(start=NOW, end=NOW + HOUR),
            IndexQuery(uids=("77", "78")),
            IndexQuery(frozenset({"VTODO"})),
        ]
        for query in queries:
            (few, found), (many, other) = (steps(store, place, query) for place in (small, large))
            assert {each.uid for each in found} == {each.uid for each in other}
            assert many <= 1.2 * few, query
        assert steps(store, large, IndexQuery(frozenset({"VEVENT"})), 100)[0] < 5_000


def test_what_is_found_in_vain_is_bounded(tmp_path: Path) -> None:
    """Each step is paid for by what is found, also where many events are long, or are over before the range."""
    with opened(tmp_path) as store:

        async def make() -> Resource:
            async with store.write() as transaction:
                objects = [(f"{n}", event(f"{n}", (n * DAY, n * DAY + 20 * DAY))) for n in range(2000)]
                objects += [(f"s{n}", event(f"s{n}", (n * DAY, n * DAY + 60))) for n in range(2000)]
                return await plant(transaction, "c", objects)

        place = drive(make())
        for length in (DAY, 30 * DAY, 365 * DAY):
            counted, found = steps(store, place.id, IndexQuery(start=1000 * DAY, end=1000 * DAY + length))
            assert counted < 60 * len(found) + 300


class Threads:
    """Runs at once what is run in a thread, and counts it."""

    def __init__(self) -> None:
        self.calls = 0

    def run(self, call: Callable[[], T]) -> Awaitable[T]:
        self.calls += 1

        async def done() -> T:
            return call()

        return done()


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[tuple[SQLiteStore, Threads]]:
    """A store in which forty rows are many."""
    threads = Threads()
    store = SQLiteStore(tmp_path, StoreSettings(long_nodes=8, slow_query_ms=0), threads.run)
    drive(store.start())
    yield store, threads
    drive(store.stop())


def test_long_searches_are_run_in_a_thread_and_short_ones_are_not(counted: tuple[SQLiteStore, Threads]) -> None:
    store, threads = counted

    async def make() -> tuple[Resource, Resource]:
        async with store.write() as transaction:
            spans = [((n, n + 1), f"{n:03}") for n in range(300)]
            events = await plant(transaction, "e", [(name, event(name, span)) for span, name in spans])
            rare = indexed(event("r", component="VTODO"))
            await transaction.create(events, "rare", FILE, "ann", 1.0, rare, "")
            cards = [(f"{n:03}", card(f"{n}", ("FN", f"name {n}"), ("NOTE", "x"))) for n in range(39)]
            return events, await plant(transaction, "c", cards)

    async def find(place: Resource, query: IndexQuery, limit: int = 1000) -> tuple[int, bool]:
        before = threads.calls
        async with store.read() as view:
            found = await view.find(place.id, query, limit)
        return len(found), threads.calls > before

    events, cards = drive(make())
    cases: list[tuple[Resource, IndexQuery, tuple[int, bool]]] = [
        (events, IndexQuery(start=0, end=40), (40, False)),
        (events, IndexQuery(start=0, end=41), (41, True)),
        (events, IndexQuery(frozenset({"VTODO"})), (1, False)),
        (events, IndexQuery(frozenset({"VEVENT"})), (300, True)),
        (events, IndexQuery(), (301, True)),
        (events, IndexQuery(uids=tuple(f"{n:03}" for n in range(40))), (40, False)),
        (events, IndexQuery(uids=tuple(f"{n:03}" for n in range(41))), (41, True)),
        (events, IndexQuery(uid_parts=("07",)), (13, False)),
        (events, IndexQuery(uid_parts=("0", "7")), (23, True)),
        (cards, IndexQuery(), (39, False)),
        (cards, IndexQuery(terms=(Term("FN", "contains", "1"),)), (13, False)),
        (cards, IndexQuery(terms=(Term("FN", "starts-with", "name"),)), (39, False)),
    ]
    for place, query, expected in cases:
        assert drive(find(place, query)) == expected, query

    async def more_texts() -> None:
        async with store.write() as transaction:
            texts = tuple(("FN", f"text {n}") for n in range(400))
            await transaction.create(cards, "many", FILE, "ann", 1.0, indexed(card("many", *texts)), "")

    async def more_uids() -> None:
        async with store.write() as transaction:
            folder = (await transaction.resolve(["files", "e"]))[-1]
            for number in range(100):
                content = indexed(event(f"more{number}"))
                await transaction.create(folder, f"more{number}", FILE, "ann", 1.0, content, "")

    # More UIDs than this are looked through in a thread.
    drive(more_uids())
    assert drive(find(events, IndexQuery(uid_parts=("more7",)))) == (11, True)
    # So many texts are looked through in a thread, however few of them fit.
    drive(more_texts())
    assert drive(find(cards, IndexQuery(terms=(Term("FN", "ends-with", "name 7"),)))) == (1, True)
    assert drive(find(cards, IndexQuery(terms=(Term("FN", "equals", "name 7"),)))) == (1, False)


def test_a_long_search_is_run_in_pieces(counted: tuple[SQLiteStore, Threads]) -> None:
    store, threads = counted
    place = drive(fill(store, "c", 9_000))

    async def find(query: IndexQuery, limit: int) -> list[str]:
        async with store.read() as view:
            return [each.name for each in await view.find(place, query, limit)]

    for query, limit, pieces in ((IndexQuery(start=0), 10_000, 3), (IndexQuery(), 9_000, 3), (IndexQuery(), 5_000, 2)):
        before = threads.calls
        assert drive(find(query, limit)) == [f"{number:06}" for number in range(9_000)][:limit]
        assert threads.calls - before == pieces


def test_many_rows_and_much_content_are_read_in_a_thread(counted: tuple[SQLiteStore, Threads]) -> None:
    store, threads = counted
    place = drive(fill(store, "c", 4_500))

    async def read(count: int) -> tuple[int, int, int]:
        async with store.read() as view:
            members = await view.members(place, "", count)
            ids = [member.id for member in members]
            before = threads.calls
            assert await view.resources(ids) == members
            after = threads.calls
            assert len(await view.contents(members)) == len(await view.index(ids)) == count
            return count, after - before, threads.calls - after

    assert [drive(read(count)) for count in (40, 41, 4_500)] == [(40, 0, 0), (41, 1, 2), (4_500, 2, 4)]

    async def large() -> int:
        async with store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            made = [
                await transaction.create(files, f"{n}", FILE, "ann", 1.0, new_content(b"x" * 600_000), "")
                for n in range(2)
            ]
        before = threads.calls
        async with store.read() as view:
            assert len(await view.contents(made[:1])) == 1
            assert threads.calls == before
            assert len(await view.contents(made)) == 2
        return threads.calls - before

    assert drive(large()) == 1


def test_no_statement_goes_through_a_table(tmp_path: Path) -> None:
    statements = [
        finding._OVERLAPPING, finding._WITH_UID, finding._WITH_UIDS, finding._EVERY, finding._OF_COMPONENT,
        finding._DETAILS, finding._WALK, *finding._TERMS.values(),
    ]  # fmt: skip
    with opened(tmp_path) as store:
        for statement in statements:
            numbered = [int(number) for number in re.findall(r"\?(\d)", statement)]
            plan = store._connections.explain(statement, max(numbered, default=statement.count("?")))
            assert any(line.startswith("SEARCH") for line in plan)
            wrong = ("SCAN object", "SCAN span", "SCAN term", "SCAN resource", "USE TEMP")
            assert not [line for line in plan if line.startswith(wrong)], plan


def test_the_first_of_many_are_found_by_name(tmp_path: Path) -> None:
    """The first few of a component are read in the order of names, as far as that is not too far to go."""
    threads = Threads()
    store = SQLiteStore(tmp_path, StoreSettings(slow_query_ms=0), threads.run)
    drive(store.start())

    async def make() -> Resource:
        async with store.write() as transaction:
            objects = [
                (f"{n:04}", event(f"{n}", component="VTODO" if n in (500, 501, 2998) else "VEVENT"))
                for n in range(3000)
            ]
            objects[502:502] = [("0501 plain", None)]
            return await plant(transaction, "c", objects)

    async def find(component: str, limit: int) -> tuple[list[str], bool]:
        before = threads.calls
        async with store.read() as view:
            found = await view.find(place.id, IndexQuery(frozenset({component})), limit)
        return [each.name for each in found], threads.calls > before

    place = drive(make())
    assert drive(find("VTODO", 1)) == (["0500"], False)
    assert drive(find("VTODO", 2)) == (["0500", "0501"], False)
    assert drive(find("VTODO", 3)) == (["0500", "0501", "2998"], False)
    assert drive(find("VEVENT", 700)) == ([f"{n:04}" for n in range(702) if n not in (500, 501)], True)
    assert drive(find("VEVENT", 400)) == ([f"{n:04}" for n in range(400)], False)

    async def late() -> None:
        async with store.write() as transaction:
            for name in ("0500", "0501"):
                await transaction.delete((await transaction.resolve(["files", "c", name]))[-1], 2.0)
            again = (await transaction.resolve(["files", "c"]))[-1]
            await transaction.create(again, "9", FILE, "ann", 1.0, indexed(event("9", component="VTODO")), "")

    drive(late())
    assert drive(find("VTODO", 1)) == (["2998"], True)
    drive(store.stop())
