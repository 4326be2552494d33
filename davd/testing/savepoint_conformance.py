"""What every store does with parts of a transaction that fail alone.

Verifies: docs/architecture.md, Data
"""

from __future__ import annotations

import hashlib

from davd.interfaces.store import ITransaction
from davd.model.index import IndexQuery, ObjectIndex, Span
from davd.model.principal import Account, Quota
from davd.model.resource import FILE, NewContent, Resource
from davd.model.trash import NEWEST
from davd.testing.store_life import a_lock, folder, new_content, put
from davd.testing.tree_conformance import TreeConformance


class SavepointConformance(TreeConformance):
    """What a store promises of `ITransaction.savepoint`."""

    async def seen(self, transaction: ITransaction, files: Resource) -> list[object]:
        """What a transaction shows of the collection `files`."""
        found = await transaction.descendants(files.id, 1000)
        ids = [files.id, *(resource.id for _, resource in found)]
        return [
            await transaction.resolve(["files"]),
            await transaction.resolve(["files", "f"]),
            found,
            await transaction.changes(files.id, 0, 1 << 40, 1000),
            await transaction.properties(ids),
            await transaction.locks(ids, 0.0),
            [await transaction.quota(owner) for owner in ("ann", "bob")],
            await transaction.accounts(),
            await transaction.kept("k", 0.0),
            await transaction.find(files.id, IndexQuery(start=0, end=100), 1000),
            await transaction.index(ids),
            await transaction.groups_of("ann"),
        ]

    async def spoil(self, transaction: ITransaction, files: Resource, number: int) -> None:
        """Do something of everything."""
        file = (await transaction.resolve(["files", "f"]))[-1]
        await put(transaction, files, f"raw {number}", b"1234567")
        file = await transaction.replace(file, new_content(b"other"), "", 20.0)
        await transaction.set_properties(file, [("{x}p", b"<p/>"), ("{x}q", None)], 20.0)
        await transaction.set_acl(file, "owner\t{DAV:}all", 20.0)
        await transaction.set_index(file, ObjectIndex("u", "VEVENT", (Span(0, 10, True), Span(50, 60, False))))
        await transaction.add_lock(a_lock(f"urn:uuid:{number}", files))
        await transaction.add_account(Account(f"eve{number}"))
        await transaction.add_account(Account("ann"))
        await transaction.set_group_members(f"eve{number}", ["ann"])
        await transaction.keep("k", b"%d" % number, 1e9)
        made = await folder(transaction, files, f"d {number}", "bob")
        await transaction.copy(file, made, "copy", True, "bob", 20.0)
        await transaction.move(file, made, "f", "bob", 20.0)
        await transaction.delete((await transaction.resolve(["files", "g"]))[-1], 20.0)
        await put(transaction, files, "g", b"new")
        await transaction.sweep(1.0, 1e9)

    async def planted(self, transaction: ITransaction) -> Resource:
        """The collection `files` with something in it."""
        files = (await transaction.resolve(["files"]))[-1]
        file = await put(transaction, files, "f", b"12345")
        await put(transaction, files, "g", b"1", "bob")
        await transaction.set_properties(file, [("{x}q", b"<q/>")], 11.0)
        return (await transaction.resolve(["files"]))[-1]

    async def test_a_part_left_by_an_exception_undoes_exactly_what_it_did(self) -> None:
        """A part left by an exception undoes exactly what it did, before a commit and after it."""
        undone = self.store.statistics()["savepoints.undone"]
        for committed in (False, True):
            async with self.store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1] if committed else await self.planted(transaction)
                await put(transaction, files, f"before {committed}", b"123")
                before = await self.seen(transaction, files)
                with self.assertRaises(ZeroDivisionError):
                    async with transaction.savepoint():
                        await self.spoil(transaction, files, 1)
                        raise ZeroDivisionError
                self.assertEqual(await self.seen(transaction, files), before)
                await put(transaction, files, f"after {committed}", b"1")
                expected = await self.seen(transaction, files)
            async with self.store.read() as view:
                self.assertEqual(await self.seen(view, files), expected)
        self.assertEqual([finding.what async for finding in self.store.check(False)], [])
        self.assertEqual(self.store.statistics()["savepoints.undone"], undone + 2)

    async def test_what_was_done_before_a_part_outlives_it(self) -> None:
        """What was done before a part that is undone, and never looked at, counts as ever."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            await put(transaction, files, "before", b"123")
            with self.assertRaises(ZeroDivisionError):
                async with transaction.savepoint():
                    await put(transaction, files, "undone", b"12345")
                    await transaction.set_properties(files, [("{x}p", b"<p/>")], 20.0)
                    await put(transaction, files, "undone too", b"1234567")
                    raise ZeroDivisionError
            await put(transaction, files, "after", b"1")
        async with self.store.read() as view:
            files = (await view.resolve(["files"]))[-1]
            changes = await view.changes(files.id, 0, 99, 99)
            self.assertEqual(await view.quota("ann"), Quota(4, None))
            self.assertEqual([change.name for change in changes], ["before", "after"])
            self.assertEqual(files.sync_revision, changes[-1].revision)
        self.assertEqual([finding.what async for finding in self.store.check(False)], [])

    async def test_a_part_left_normally_is_kept(self) -> None:
        """A part left normally is kept with the transaction, and undone with it."""
        async with self.store.write() as transaction:
            files = await self.planted(transaction)
            async with transaction.savepoint():
                await self.spoil(transaction, files, 1)
                inside = await self.seen(transaction, files)
            self.assertEqual(await self.seen(transaction, files), inside)
        async with self.store.read() as view:
            self.assertEqual(await self.seen(view, files), inside)

        async def work(transaction: ITransaction) -> None:
            async with transaction.savepoint():
                await transaction.delete((await transaction.resolve(["files", "g"]))[-1], 30.0)
            raise ZeroDivisionError

        await self.refused(ZeroDivisionError, work)

    async def test_parts_are_nested(self) -> None:
        """An inner part fails alone, or with the outer one."""
        async with self.store.write() as transaction:
            files = await self.planted(transaction)
            start = await self.seen(transaction, files)
            with self.assertRaises(KeyError):
                async with transaction.savepoint():
                    await put(transaction, files, "outer")
                    async with transaction.savepoint():
                        await put(transaction, files, "kept with the outer one")
                    outer = await self.seen(transaction, files)
                    with self.assertRaises(ZeroDivisionError):
                        async with transaction.savepoint():
                            await self.spoil(transaction, files, 2)
                            raise ZeroDivisionError
                    self.assertEqual(await self.seen(transaction, files), outer)
                    raise KeyError
            self.assertEqual(await self.seen(transaction, files), start)
            async with transaction.savepoint():
                async with transaction.savepoint():
                    await put(transaction, files, "last", b"12")
                expected = await self.seen(transaction, files)
        async with self.store.read() as view:
            self.assertEqual(await self.seen(view, files), expected)
            self.assertEqual(await view.quota("ann"), Quota(7, None))

    async def test_numbers_of_an_undone_part_are_not_given_again(self) -> None:
        """An ETag that was given in an undone part names nothing later."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            with self.assertRaises(ZeroDivisionError):
                async with transaction.savepoint():
                    lost = await put(transaction, files, "f", b"same")
                    raise ZeroDivisionError
            kept = await put(transaction, files, "f", b"same")
        self.assertNotEqual(kept.etag, lost.etag)
        self.assertNotEqual(kept.id, lost.id)

    async def test_blobs_that_lose_their_reference_only_in_an_undone_part_stay(self) -> None:
        """A blob stays when the part that dropped it is undone."""
        writer = self.store.blobs.create([])
        await writer.write(b"large")
        name = await writer.finish()
        content = NewContent(5, hashlib.sha256(b"large").hexdigest(), None, name)
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await transaction.create(files, "f", FILE, "ann", 10.0, content, "")
        async with self.store.write() as transaction:
            with self.assertRaises(ZeroDivisionError):
                async with transaction.savepoint():
                    await transaction.delete(file, 20.0)
                    raise ZeroDivisionError
            await put(transaction, files, "g")
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [name])
        async with self.store.write() as transaction, transaction.savepoint():
            await transaction.delete((await transaction.resolve(["files", "f"]))[-1], 30.0)
            await transaction.drop_trash([each.id for each in await transaction.trash(None, 0.0, NEWEST, 9)])
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [])
