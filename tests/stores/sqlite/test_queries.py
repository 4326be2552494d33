"""What is kept of small questions is never older than the view it is asked in.

Verifies: docs/architecture.md, Data
"""

import tempfile

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.interfaces.store import IReadTransaction
from davd.model.principal import Account
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import a_lock, folder, put
from davd.testing.store_machine import drive
from tests.stores.life import opened, process
from tests.stores.sqlite.numbered import write

LAST = 60


async def _ask(view: IReadTransaction) -> list[object]:
    """All that may be kept."""
    files = (await view.resolve(["files"]))[-1]
    ids = [1, files.id, *(member.id for member in await view.members(files.id, "", 3))]
    return [
        [await view.quota(name) for name in ("ann", "bob")],
        [await view.account(name) for name in ("ann", "bob")],
        [await view.kept(key, now) for key in ("a", "number") for now in (1.0, 50.0, 500.0)],
        [await view.locks(ids, now) for now in (1.0, 150.0)],
        [await view.oldest_revision(id) for id in ids],
        [await view.properties([id]) for id in ids],
    ]


async def look(store: SQLiteStore) -> list[object]:
    """Ask twice in one view; the second time most of it is known."""
    async with store.read() as view:
        first = await _ask(view)
        assert await _ask(view) == first
        return first


class TestTogether(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data"""

    async def numbers(self, store: SQLiteStore) -> list[int]:
        """The number as each place shows it."""
        async with store.read() as view:
            files = (await view.resolve(["files"]))[-1]
            account = await view.account("ann")
            assert account is not None
            return [
                (await view.quota("ann")).limit or 0,
                int(account.password_hash),
                int(await view.kept("number", 1.0) or 0),
                int((await view.locks([files.id], 1.0))[0].owner),
                int((await view.properties([files.id]))[files.id]["{x}number"]),
            ]

    def test_a_view_shows_one_commit_of_another_process_and_never_an_older_one(self) -> None:
        path = self.mktemp()
        clock = Clock()
        store = SQLiteStore(path, clock=clock)
        drive(store.start())
        with opened(path, StoreSettings(query_cache=0)) as witness:

            async def begin() -> None:
                async with witness.write() as transaction:
                    await transaction.add_account(Account("ann"))

            drive(begin())
            drive(write(witness, 0))
            newest, seen = 0, set()
            with process("tests.stores.sqlite.numbered", path, LAST) as other:
                while other.poll() is None:
                    (least,) = set(drive(self.numbers(witness)))
                    (shown,) = set(drive(self.numbers(store)))
                    self.assertGreaterEqual(shown, max(newest, least))
                    newest = shown
                    seen.add(newest)
                _, errors = other.communicate(timeout=60)
            self.assertEqual(errors, "")
            self.assertEqual(set(drive(self.numbers(store))), {LAST})
        found = store.statistics()
        self.assertGreater(found["query_cache.hits"], 0)
        self.assertGreater(found["query_cache.renewals"], len(seen) - 2)
        drive(store.stop())

    def test_a_view_that_is_older_asks_for_itself(self) -> None:
        path = self.mktemp()
        with opened(path) as store:

            async def account(quota: int | None) -> None:
                async with store.write() as transaction:
                    if quota is None:
                        await transaction.add_account(Account("ann"))
                    else:
                        await transaction.update_account(Account("ann", quota=quota))

            async def overlap() -> None:
                async with store.read() as old:
                    self.assertEqual((await old.quota("ann")).limit, None)
                    await account(5)
                    async with store.read() as new:
                        self.assertEqual((await new.quota("ann")).limit, 5)
                        self.assertEqual((await old.quota("ann")).limit, None)
                        self.assertEqual((await new.quota("ann")).limit, 5)

            drive(account(None))
            drive(overlap())
            self.assertEqual(store.statistics()["query_cache.bypasses"], 1)

    def test_what_was_given_out_is_the_callers(self) -> None:
        with opened(self.mktemp()) as store:

            async def work() -> None:
                async with store.write() as transaction:
                    files = (await transaction.resolve(["files"]))[-1]
                    await transaction.add_account(Account("ann", "right"))
                    await transaction.set_properties(files, [("{x}p", b"<p/>")], 1.0)
                    await transaction.add_lock(a_lock("urn:uuid:1", files))
                for _ in range(2):
                    async with store.read() as view:
                        account = await view.account("ann")
                        properties = await view.properties([files.id])
                        (lock,) = await view.locks([files.id], 1.0)
                        assert account is not None
                        self.assertEqual(
                            (account.password_hash, properties[files.id]["{x}p"], lock.principal),
                            ("right", b"<p/>", "ann"),
                        )
                        account.password_hash = lock.principal = "wrong"
                        properties[files.id].clear()

            drive(work())

    def test_many_locks_are_found_as_few_are(self) -> None:
        with opened(self.mktemp()) as store:

            async def work(count: int) -> None:
                async with store.write() as transaction:
                    files = (await transaction.resolve(["files"]))[-1]
                    inside = await folder(transaction, files, f"{count}")
                    made = [await put(transaction, inside, f"{number:03}") for number in range(count)]
                    for number, file in enumerate(made):
                        expires = 100.0 if number % 2 else 200.0
                        await transaction.add_lock(a_lock(f"urn:uuid:{count} {number:03}", file, expires=expires))
                for ids in ([file.id for file in made], [made[0].id, made[-1].id, 1], [made[1].id]):
                    for now in (1.0, 150.0):
                        expected = [
                            f"urn:uuid:{count} {number:03}"
                            for number, file in enumerate(made)
                            if file.id in ids and (now < 100 or number % 2 == 0)
                        ]
                        async with store.read() as view:
                            for _ in range(2):
                                found = await view.locks(ids, now)
                                self.assertEqual([lock.token for lock in found], expected)

            for count in (3, 30, 31, 40, 200):
                drive(work(count))


_STEPS = st.tuples(
    st.sampled_from(["account", "keep", "lock", "property", "file", "sweep", "other"]), st.integers(0, 9)
)


async def _change(store: SQLiteStore, verb: str, number: int) -> None:
    async with store.write() as transaction:
        files = (await transaction.resolve(["files"]))[-1]
        if verb == "account":
            known = await transaction.account("ann")
            account = Account("ann", f"{number}", quota=number)
            await (transaction.update_account(account) if known else transaction.add_account(account))
        elif verb == "keep":
            await transaction.keep("a", b"%d" % number, 100.0 * number)
        elif verb == "lock":
            await transaction.remove_lock("urn:uuid:1")
            await transaction.add_lock(a_lock("urn:uuid:1", files, expires=50.0 * number))
        elif verb == "property":
            await transaction.set_properties(files, [("{x}p", b"%d" % number if number else None)], 1.0)
        elif verb == "file":
            found = await transaction.resolve(["files", f"{number}"])
            if len(found) == 3:
                await transaction.delete(found[-1], float(number))
            else:
                await put(transaction, files, f"{number}", b"x" * number)
        elif verb == "sweep":
            await transaction.sweep(100.0, 5.0)


def test_answers_are_the_same_without_the_cache() -> None:
    """Two stores on one folder, one of them without a cache, while a third one and the plain one change it by turns."""
    with tempfile.TemporaryDirectory() as path, opened(path, StoreSettings(query_cache=0)) as plain:
        with opened(path, StoreSettings(query_cache=4)) as small, opened(path) as other:
            clock = Clock()
            store = SQLiteStore(path, clock=clock)
            drive(store.start())

            @settings(max_examples=25, deadline=None)
            @given(st.lists(_STEPS, max_size=12))
            def compare(steps: list[tuple[str, int]]) -> None:
                for turn, (verb, number) in enumerate(steps):
                    drive(_change((plain, other, small)[turn % 3], verb, number))
                    expected = drive(look(plain))
                    assert drive(look(store)) == expected
                    assert drive(look(small)) == expected

            compare()
            assert store.statistics()["query_cache.hits"] > 0
            assert small.statistics()["query_cache.evictions"] > 0
            assert plain.statistics()["query_cache.hits"] == 0
            drive(store.stop())
