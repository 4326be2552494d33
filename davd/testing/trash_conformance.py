"""What a store promises of its trash.

Verifies: docs/architecture.md, Data; RFC 4918, 9.6, 9.7; RFC 6578, 3.2; RFC 4331, 4
"""

from __future__ import annotations

from collections.abc import Sequence

from davd.interfaces.store import ITransaction
from davd.model.index import IndexQuery, ObjectIndex, Span
from davd.model.principal import Account, Quota
from davd.model.resource import COLLECTION, FILE, PRINCIPAL, NewContent, Resource
from davd.model.trash import DAY, DELETED, NEWEST, OVERWRITTEN, ROW_BYTES, Trashed
from davd.testing.store_life import StoreLife, folder, new_content, put


class TrashConformance(StoreLife):
    """What is deleted or written over can be had back, and does not grow for ever."""

    async def trash(self, owner: str | None = "ann") -> list[Trashed]:
        """What is in the trash, the newest first."""
        async with self.store.read() as view:
            found: list[Trashed] = await view.trash(owner, 0.0, NEWEST, 100_000)
        return found

    async def write_over(self, file: Resource, times: Sequence[float]) -> None:
        """New content at each of the times."""
        for now in times:
            async with self.store.write() as transaction:
                await transaction.replace(file, new_content(b"at %.1f" % now), "", now)

    async def test_a_deleted_file_comes_back_as_it_was(self) -> None:
        """Content, times, properties and index are as they were; name and UID can be taken meanwhile."""
        index = ObjectIndex("uid", "VEVENT", (Span(0, 10, True), Span(100, 200, False)), (("FN", "ann"),))
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            place = await transaction.create(files, "c", "calendar", "ann", 1.0)
            content = new_content(b"12345")
            content.index = index
            file = await transaction.create(place, "f", FILE, "ann", 2.0, content, "text/calendar", 3.0)
            await transaction.set_properties(file, [("{x}p", b"<p/>")], 4.0)
        async with self.store.write() as transaction:
            await transaction.delete(file, 20.0)
            again = new_content(b"other")
            again.index = ObjectIndex("uid", "VEVENT")
            await transaction.create(place, "f", FILE, "ann", 21.0, again)
        (entry,) = await self.trash()
        self.assertEqual(
            entry,
            Trashed(
                entry.id,
                ("files", "c", "f"),
                "f",
                "ann",
                file.etag,
                20.0,
                DELETED,
                FILE,
                1,
                5 + ROW_BYTES,
                "uid",
                place.id,
            ),
        )
        async with self.store.write() as transaction:
            before = (await transaction.resolve(["files", "c"]))[-1].sync_revision
            restored = await transaction.untrash(entry.id, place, "g", "ann", 30.0)
            self.assertEqual((restored.created, restored.modified, restored.name), (2.0, 3.0, "g"))
            self.assertNotIn(restored.etag, (file.etag, ""))
            self.assertNotEqual(restored.id, file.id)
            self.assertEqual(await transaction.content(restored), b"12345")
            self.assertEqual(await transaction.properties([restored.id]), {restored.id: {"{x}p": b"<p/>"}})
            found = await transaction.find(place.id, IndexQuery(start=150, end=160), 9)
            self.assertEqual([(each.id, each.exact) for each in found], [(restored.id, False)])
            changes = await transaction.changes(place.id, before, 1 << 40, 9)
            self.assertEqual([(each.name, each.removed) for each in changes], [("g", False)])
            self.assertEqual(await transaction.trash(None, 0.0, NEWEST, 9), [])
            self.assertEqual(await transaction.quota("ann"), Quota(10, None))
            self.assertEqual(await transaction.trash_usage("ann"), 0)

    async def test_a_deleted_collection_comes_back_whole(self) -> None:
        """A collection with all below it is one entry, and comes back with all below it."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            top = await folder(transaction, files, "t")
            await put(transaction, top, "f", b"123")
            inner = await folder(transaction, top, "i")
            # A collection that is older than the one that it was moved into.
            old = await folder(transaction, files, "old")
            deep = await put(transaction, old, "deep", b"4567")
            await transaction.set_properties(deep, [("{x}p", b"<p/>")], 11.0)
            await transaction.move(inner, old, "i", "ann", 12.0)
            await transaction.move(old, top, "old", "ann", 12.0)
            await transaction.set_acl(top, "name:bob\t{DAV:}read", 12.0)
        async with self.store.write() as transaction:
            await transaction.delete((await transaction.resolve(["files", "t"]))[-1], 20.0)
            self.assertEqual((await transaction.quota("ann")).used, 0)
        (entry,) = await self.trash()
        self.assertEqual((entry.path, entry.type, entry.count, entry.etag), (("files", "t"), COLLECTION, 5, ""))
        self.assertEqual(entry.bytes, 7 + 5 * ROW_BYTES)
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.trash_usage("ann"), entry.bytes)
            files = (await transaction.resolve(["files"]))[-1]
            restored = await transaction.untrash(entry.id, files, "u", "ann", 30.0)
            self.assertEqual(restored.acl, "name:bob\t{DAV:}read")
        async with self.store.read() as view:
            found = await view.descendants(restored.id, 99)
            self.assertEqual(["/".join(path) for path, _ in found], ["f", "old", "old/deep", "old/i"])
            deep = found[2][1]
            self.assertEqual(await view.content(deep), b"4567")
            self.assertEqual(await view.properties([deep.id]), {deep.id: {"{x}p": b"<p/>"}})
            self.assertEqual(len(await view.changes(restored.id, 0, 99, 99)), 2)
            self.assertEqual(await view.quota("ann"), Quota(7, None))
        self.assertEqual([finding.what async for finding in self.store.check(False)], [])

    async def test_what_comes_to_another_owner_brings_no_grants(self) -> None:
        """Another owner has the bytes, and nobody whom the former owner let in."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await put(transaction, files, "f", b"123")
            await transaction.delete(await transaction.set_acl(file, "name:eve\t{DAV:}read", 11.0), 12.0)
            (entry,) = await transaction.trash("ann", 0.0, NEWEST, 9)
            restored = await transaction.untrash(entry.id, files, "f", "bob", 13.0)
            self.assertEqual((restored.owner, restored.acl), ("bob", ""))
            self.assertEqual([(await transaction.quota(name)).used for name in ("ann", "bob")], [0, 3])

    async def test_what_was_granted_to_an_account_that_is_gone_does_not_come_back(self) -> None:
        """An account that is given the name later has nothing of it, on a collection or on what was in it."""
        async with self.store.write() as transaction:
            for name in ("bob", "bobby"):
                await transaction.add_account(Account(name))
            files = (await transaction.resolve(["files"]))[-1]
            top = await folder(transaction, files, "t")
            await transaction.set_acl(await put(transaction, top, "f", b"1"), "name:bob\t{DAV:}read", 11.0)
            await transaction.set_acl(top, "name:bob\t{DAV:}all\nname:bobby\t{DAV:}read", 11.0)
            await transaction.delete((await transaction.resolve(["files", "t"]))[-1], 12.0)
            await transaction.remove_account("bob")
            (entry,) = await transaction.trash("ann", 0.0, NEWEST, 9)
            restored = await transaction.untrash(entry.id, files, "t", "ann", 13.0)
            self.assertEqual(restored.acl, "name:bobby\t{DAV:}read")
            self.assertEqual([each.acl for _, each in await transaction.descendants(restored.id, 9)], [""])

    async def test_former_contents_are_kept(self) -> None:
        """What was written over is an entry with its content; what is the same, or was empty, is not."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await put(transaction, files, "f", b"")
            for now, data in ((20.0, b"one"), (21.0, b"one"), (22.0, b"two")):
                file = await transaction.replace(file, new_content(data), "text/css", now)
        (entry,) = await self.trash()
        self.assertEqual((entry.reason, entry.deleted, entry.path), (OVERWRITTEN, 22.0, ("files", "f")))
        async with self.store.write() as transaction:
            content, kind = await transaction.trashed_content(entry.id)
            self.assertEqual((content.data, content.length, kind), (b"one", 3, "text/css"))
            await transaction.replace((await transaction.resolve(["files", "f"]))[-1], content, kind, 23.0)
            self.assertEqual(await transaction.drop_trash([entry.id, entry.id]), 1)
        self.assertEqual([each.deleted for each in await self.trash()], [23.0])

    async def test_one_that_writes_every_five_seconds_fills_nothing(self) -> None:
        """Of one place the newest stay, and beyond these the oldest of each day."""
        async with self.store.write() as transaction:
            file = await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
        for day in range(1, 5):
            await self.write_over(file, [day * DAY + 5 * count for count in range(40)])
        versions = self.store.trash.versions
        kept = [each.deleted for each in await self.trash()]
        newest = [4 * DAY + 5 * count for count in range(39, 39 - versions, -1)]
        self.assertEqual(kept, [*newest, 4 * DAY, 3 * DAY, 2 * DAY, DAY])

    async def test_a_name_that_is_made_and_removed_again_and_again_fills_nothing(self) -> None:
        """Entries of one place are counted together, whether they were deleted or written over."""
        for now in range(60):
            async with self.store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                await transaction.delete(await put(transaction, files, "f", b"%d" % now), 100.0 + now)
        self.assertEqual(len(await self.trash()), self.store.trash.versions + 1)

    async def test_what_has_gone_can_be_removed_for_good(self) -> None:
        """Expiry looks at so many of the oldest, and removes those that came too early."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for now in (10.0, 20.0, 15.0, 30.0):
                await transaction.delete(await put(transaction, files, f"{now}"), now)
            self.assertEqual(await transaction.expire_trash(25.0, 2), 2)
            self.assertEqual(await transaction.expire_trash(25.0, 2), 1)
            self.assertEqual(await transaction.expire_trash(25.0, 2), 0)
        (left,) = await self.trash()
        self.assertEqual((left.deleted, await self.usage()), (30.0, left.bytes))
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.drop_trash([left.id]), 1)
        self.assertEqual((await self.trash(), await self.usage()), ([], 0))

    async def test_entries_of_a_clock_that_was_ahead_keep_none_of_the_others(self) -> None:
        """Those that came before the clock went back stay until their time comes; others go when theirs has come."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for now in (1000.0, 1001.0, 1002.0, 10.0, 20.0, 30.0):
                await transaction.delete(await put(transaction, files, f"{now}"), now)
            self.assertEqual(await transaction.expire_trash(25.0, 2), 2)
            self.assertEqual(await transaction.expire_trash(25.0, 2), 0)
        self.assertEqual([entry.deleted for entry in await self.trash()], [30.0, 1002.0, 1001.0, 1000.0])

    async def usage(self) -> int:
        """Bytes of the owner of it all."""
        async with self.store.read() as view:
            found: int = await view.trash_usage("ann")
        return found

    async def test_a_blob_stays_as_long_as_the_trash_refers_to_it(self) -> None:
        """Members of deleted collections refer to blobs like others."""
        writer = self.store.blobs.create([])
        await writer.write(b"z" * 100)
        name = await writer.finish()
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            top = await folder(transaction, files, "t")
            content = NewContent(100, writer.digest("sha256"), None, name)
            await transaction.create(top, "f", FILE, "ann", 1.0, content)
        async with self.store.write() as transaction:
            await transaction.delete(top, 2.0)
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [name])
        async with self.store.write() as transaction:
            (entry,) = await transaction.trash(None, 0.0, NEWEST, 9)
            await transaction.drop_trash([entry.id])
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [])

    async def settled(self) -> None:
        """Wait until blobs that nothing refers to have been removed."""

    async def test_what_cannot_be_done_changes_nothing(self) -> None:
        """A taken name, an entry that is gone, a collection asked for content, and an undone deletion."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            await transaction.delete(await folder(transaction, files, "t"), 10.0)
            await put(transaction, files, "f")
        (entry,) = await self.trash()
        file = (await self.at("files", "f"))[-1]

        async def undone(transaction: ITransaction) -> None:
            await transaction.delete(file, 20.0)
            await transaction.drop_trash([entry.id])
            raise ZeroDivisionError

        await self.refused(ZeroDivisionError, undone)
        await self.refused(ValueError, lambda transaction: transaction.untrash(entry.id, files, "f", "ann", 20.0))
        await self.refused(KeyError, lambda transaction: transaction.untrash(99_999, files, "g", "ann", 20.0))
        await self.refused(KeyError, lambda transaction: transaction.trashed_content(entry.id))

    async def test_principals_are_not_kept(self) -> None:
        """A principal stands for an account, which is not in the tree."""
        async with self.store.write() as transaction:
            users = (await transaction.resolve(["principals", "users"]))[-1]
            await transaction.delete(await transaction.create(users, "ann", PRINCIPAL, "ann", 1.0), 2.0)
        self.assertEqual(await self.trash(), [])

    async def test_entries_come_in_pages(self) -> None:
        """By owner, since a time, the newest first, from an id downwards."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for number, owner in enumerate(("ann", "bob", "ann", "ann")):
                await transaction.delete(await put(transaction, files, f"{number}", owner=owner), 10.0 + number)
        async with self.store.read() as view:
            everything = await view.trash(None, 0.0, NEWEST, 9)
            self.assertEqual([each.name for each in everything], ["3", "2", "1", "0"])
            self.assertEqual(await view.trash(None, 11.0, NEWEST, 9), everything[:3])
            self.assertEqual(await view.trash("ann", 0.0, everything[0].id, 1), everything[1:2])
            self.assertEqual(await view.trashed(everything[2].id), everything[2])
            self.assertIsNone(await view.trashed(1))
