"""What every store does with the tree.

Verifies: RFC 4918, 5, 9.6, 9.8, 9.9; RFC 6578, 3.2; RFC 9110, 8.8.3
"""

from __future__ import annotations

import hashlib

from davd.interfaces.store import ITransaction
from davd.model.resource import FILE, Change, NewContent, Resource
from davd.testing.store_life import StoreLife, a_lock, empty_trash, folder, new_content, put


class TreeConformance(StoreLife):
    """What a store promises of resources, their content, trees of them, and the change log."""

    # -- the tree -----------------------------------------------------------------------------------------------------

    async def test_a_new_store_has_the_collections_above_the_homes(self) -> None:
        """A new store has the collections above the homes."""
        names = [(await self.at(*path))[-1] for path in ((), ("files",), ("principals",), ("principals", "users"))]
        self.assertEqual([resource.name for resource in names], ["", "files", "principals", "users"])
        self.assertEqual(
            {(resource.type, resource.owner, resource.etag) for resource in names}, {("collection", "", "")}
        )
        self.assertEqual((names[0].id, names[0].parent_id), (1, None))
        self.assertTrue(self.store.epoch)

    async def test_a_path_resolves_as_deep_as_it_exists(self) -> None:
        """A path resolves as deep as it exists."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            made = await put(transaction, await folder(transaction, files, "a"), "b.txt")
        found = await self.at("files", "a", "b.txt", "c", "d")
        self.assertEqual([resource.name for resource in found], ["", "files", "a", "b.txt"])
        self.assertEqual(found[-1], made)
        self.assertEqual(len(await self.at("nowhere", "files")), 1)
        async with self.store.read() as transaction:
            self.assertEqual(await transaction.resource(made.id), made)
            self.assertEqual(await transaction.segments(made.id), ("files", "a", "b.txt"))
            self.assertEqual(await transaction.segments(1), ())
            self.assertIsNone(await transaction.resource(made.id + 1000))
            self.assertIsNone(await transaction.segments(made.id + 1000))

    async def test_a_created_file_has_what_it_was_given(self) -> None:
        """A created file has what it was given."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            made = await transaction.create(files, "f", FILE, "ann", 10.0, new_content(b"one"), "text/plain", 7.5)
            self.assertEqual(await transaction.content(made), b"one")
        self.assertEqual(
            (made.parent_id, made.type, made.owner, made.content_type), (files.id, FILE, "ann", "text/plain")
        )
        self.assertEqual((made.content_length, made.created, made.modified), (3, 10.0, 7.5))
        self.assertEqual((made.blob, made.sha256), (None, hashlib.sha256(b"one").hexdigest()))
        self.assertRegex(made.etag, r'\A"[\x21\x23-\x7e]+"\Z')
        async with self.store.read() as transaction:
            self.assertEqual(await transaction.content(made), b"one")

    async def test_collections_come_without_the_files_beside_them(self) -> None:
        """Member collections come by page in the order of their names, and no file with them."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for name in ("b", "é", "a", "c"):
                await folder(transaction, files, name)
                await put(transaction, files, name + ".txt")
            found: list[Resource] = []
            while page := await transaction.collections(files.id, found[-1].name if found else "", 3):
                found += page
            self.assertEqual([each.name for each in found], ["a", "b", "c", "é"])
            self.assertEqual(
                found, [each for each in await transaction.members(files.id, "", 99) if each.is_collection]
            )
            self.assertEqual(await transaction.collections(found[0].id, "", 9), [])

    async def test_the_extent_of_a_collection_is_of_all_that_is_below_it(self) -> None:
        """Number, bytes and last modification, whatever the depth; of so many resources at most."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            self.assertEqual(await transaction.extent(files.id, 10), (0, 0, 0.0))
            top = await folder(transaction, files, "a")
            inner = await folder(transaction, top, "b")
            for parent, when in ((top, 20.0), (inner, 30.0)):
                await transaction.create(parent, "f", FILE, "ann", 5.0, new_content(b"123"), "", when)
            self.assertEqual(await transaction.extent(files.id, 10), (4, 6, 30.0))
            self.assertEqual(await transaction.extent(inner.id, 10), (1, 3, 30.0))
            self.assertEqual((await transaction.extent(files.id, 2))[0], 2)
        async with self.store.read() as view:
            self.assertEqual(await view.extent(files.id, 10), (4, 6, 30.0))

    async def test_members_come_by_page_in_the_order_of_their_bytes(self) -> None:
        """Members come by page in the order of their bytes."""
        names = ["a", "A", "é", "z", "\U0001f600", "\uffee", "aa"]
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for name in names:
                await put(transaction, files, name)
        ordered = sorted(names, key=lambda name: name.encode())
        async with self.store.read() as transaction:
            found: list[str] = []
            while page := await transaction.members(files.id, found[-1] if found else "", 3):
                self.assertLessEqual(len(page), 3)
                found += [resource.name for resource in page]
        self.assertEqual(found, ordered)

    async def test_descendants_come_after_their_parents(self) -> None:
        """Descendants come after their parents."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            b = await folder(transaction, files, "b")
            await put(transaction, b, "2")
            await put(transaction, b, "1")
            await put(transaction, files, "a")
            await folder(transaction, files, "c")
        async with self.store.read() as transaction:
            found = await transaction.descendants(files.id, 100)
            self.assertEqual([path for path, _ in found], [("a",), ("b",), ("b", "1"), ("b", "2"), ("c",)])
            self.assertEqual([path[-1] for path, _ in found], [resource.name for _, resource in found])
            self.assertEqual(await transaction.descendants(files.id, 2), found[:2])
            self.assertEqual(await transaction.descendants(files.id, 0), [])

    async def test_a_large_tree_is_read_whole(self) -> None:
        """A large tree is read whole."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for outer in range(3):
                a = await folder(transaction, files, f"{outer}")
                for inner in range(150):
                    await put(transaction, a, f"{inner:03}", b"")
        async with self.store.read() as transaction:
            found = await transaction.descendants(files.id, 10_000)
            self.assertEqual(len(found), 453)
            self.assertEqual(len({path for path, _ in found}), 453)
            self.assertEqual(await transaction.descendants(files.id, 333), found[:333])

    async def test_a_name_is_taken_once(self) -> None:
        """A name is taken once."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await put(transaction, files, "f")
            other = await folder(transaction, files, "g")
        await self.refused(ValueError, lambda transaction: put(transaction, files, "f"))
        await self.refused(ValueError, lambda transaction: folder(transaction, files, "f"))
        await self.refused(ValueError, lambda transaction: put(transaction, file, "below a file"))
        await self.refused(ValueError, lambda transaction: transaction.copy(other, files, "f", True, "ann", 1.0))
        await self.refused(ValueError, lambda transaction: transaction.move(other, files, "f", "ann", 1.0))

    # -- content ------------------------------------------------------------------------------------------------------

    async def test_new_content_gives_a_new_etag_even_when_it_is_the_same(self) -> None:
        """New content gives a new ETag even when it is the same."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            one = await put(transaction, files, "f", b"same")
            two = await transaction.replace(one, new_content(b"same"), "text/html", 20.0)
            three = await transaction.replace(two, new_content(b"more"), "", 30.0, 5.0)
        self.assertEqual(len({one.etag, two.etag, three.etag}), 3)
        self.assertEqual((two.id, two.created, two.modified, two.content_type), (one.id, 10.0, 20.0, "text/html"))
        self.assertEqual((three.modified, three.content_length), (5.0, 4))
        self.assertEqual((await self.at("files", "f"))[-1], three)
        async with self.store.read() as transaction:
            self.assertEqual(await transaction.content(three), b"more")

    async def test_an_etag_outlives_move_and_properties_and_is_never_used_again(self) -> None:
        """An ETag outlives move and properties and is never used again."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            a = await folder(transaction, files, "a")
            file = await put(transaction, files, "f")
            seen = {file.etag}
            moved = await transaction.move(file, a, "g", "ann", 20.0)
            changed = await transaction.set_properties(moved, [("{x}p", b"<p/>")], 20.0)
            touched = await transaction.set_times(changed, 1.0, 2.0, 20.0)
            self.assertEqual({moved.etag, changed.etag, touched.etag}, seen)
            self.assertEqual((touched.created, touched.modified), (1.0, 2.0))
            copied = await transaction.copy(touched, a, "h", True, "ann", 30.0)
            await transaction.delete(touched, 40.0)
            again = await put(transaction, files, "f")
        self.assertEqual(len({file.etag, copied.etag, again.etag}), 3)
        self.assertEqual(len({file.id, copied.id, again.id}), 3)

    async def test_a_blob_goes_with_its_last_reference(self) -> None:
        """A blob goes with its last reference."""
        writer = self.store.blobs.create(["md5"])
        await writer.write(b"large" * 1000)
        name = await writer.finish()
        content = NewContent(writer.length, writer.digest("sha256"), None, name)
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await transaction.create(files, "f", FILE, "ann", 10.0, content)
            copied = await transaction.copy(file, files, "g", True, "ann", 10.0)
        self.assertEqual((file.blob, copied.blob, file.content_length), (name, name, 5000))
        async with self.store.write() as transaction:
            await transaction.delete(file, 20.0)
        self.assertEqual(self.store.blobs.names(), [name])
        async with self.store.write() as transaction:
            small = await transaction.replace(copied, new_content(b"small"), "", 20.0)
            self.assertEqual(await transaction.content(small), b"small")
        self.assertIsNone(small.blob)
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [name])
        await empty_trash(self.store)
        await self.settled()
        self.assertEqual(self.store.blobs.names(), [])

    async def settled(self) -> None:
        """Wait until blobs that nothing refers to have been removed."""

    async def test_a_block_that_is_undone_keeps_blobs(self) -> None:
        """A block that is undone keeps blobs."""
        writer = self.store.blobs.create([])
        await writer.write(b"large")
        content = NewContent(5, writer.digest("sha256"), None, await writer.finish())
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            file = await transaction.create(files, "f", FILE, "ann", 10.0, content)

        async def work(transaction: ITransaction) -> None:
            await transaction.delete(file, 20.0)
            raise ZeroDivisionError

        await self.refused(ZeroDivisionError, work)
        self.assertEqual(self.store.blobs.names(), [content.blob])

    # -- copy, move, delete -------------------------------------------------------------------------------------------

    async def a_tree(self, transaction: ITransaction) -> tuple[Resource, Resource]:
        """`/files/t` with a folder, two files, a property and a lock; gives /files and /files/t."""
        files = (await transaction.resolve(["files"]))[-1]
        tree = await folder(transaction, files, "t")
        inner = await folder(transaction, tree, "d")
        file = await put(transaction, inner, "f", b"12345")
        await put(transaction, tree, "g", b"123")
        await transaction.set_properties(file, [("{x}p", b"<p/>"), ("{x}q", b"<q/>")], 11.0)
        await transaction.set_properties(tree, [("{x}r", b"<r/>")], 11.0)
        await transaction.add_lock(a_lock("urn:uuid:1", file))
        return files, tree

    async def test_a_tree_is_copied_with_its_properties_and_without_locks(self) -> None:
        """A tree is copied with its properties and without locks."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            before = await transaction.descendants(tree.id, 100)
            copied = await transaction.copy(tree, files, "u", True, "bob", 20.0)
            after = await transaction.descendants(copied.id, 100)
            self.assertEqual([path for path, _ in after], [path for path, _ in before])
            for (_, old), (_, new) in zip(before, after, strict=True):
                self.assertEqual((new.type, new.sha256, new.owner), (old.type, old.sha256, "bob"))
                self.assertNotEqual(new.id, old.id)
                self.assertTrue(new.etag != old.etag or not new.etag)
            file = (await transaction.resolve(["files", "u", "d", "f"]))[-1]
            self.assertEqual(await transaction.content(file), b"12345")
            self.assertEqual(
                await transaction.properties([file.id, copied.id, after[0][1].id]),
                {file.id: {"{x}p": b"<p/>", "{x}q": b"<q/>"}, copied.id: {"{x}r": b"<r/>"}},
            )
            self.assertEqual(await transaction.locks([file.id], 0.0), [])
            self.assertEqual((await transaction.quota("ann")).used, 8)
            self.assertEqual((await transaction.quota("bob")).used, 8)
            self.assertEqual(copied.sync_revision, 2)
            changes = await transaction.changes(copied.id, 0, 99, 99)
            self.assertEqual(changes, [Change("d", 1, False), Change("g", 2, False)])

    async def test_a_shallow_copy_has_no_members(self) -> None:
        """A shallow copy has no members."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            copied = await transaction.copy(tree, files, "u", False, "ann", 20.0)
            self.assertEqual(await transaction.descendants(copied.id, 9), [])
            self.assertEqual(await transaction.properties([copied.id]), {copied.id: {"{x}r": b"<r/>"}})
        self.assertEqual(copied.sync_revision, 0)

    async def test_a_tree_is_moved_with_ids_and_properties_and_without_locks(self) -> None:
        """A tree is moved with ids and properties and without locks."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            before = await transaction.descendants(tree.id, 100)
            moved = await transaction.move(tree, files, "u", "bob", 20.0)
            self.assertEqual((moved.id, moved.name, moved.owner, moved.created), (tree.id, "u", "bob", tree.created))
            after = await transaction.descendants(moved.id, 100)
            self.assertEqual(
                [(r.id, r.etag, r.revision) for _, r in after], [(r.id, r.etag, r.revision) for _, r in before]
            )
            self.assertEqual({resource.owner for _, resource in after}, {"bob"})
            self.assertEqual(len(await transaction.resolve(["files", "t"])), 2)
            self.assertIsNone(await transaction.lock("urn:uuid:1", 0.0))
            self.assertEqual((await transaction.quota("ann")).used, 0)
            self.assertEqual((await transaction.quota("bob")).used, 8)
            self.assertEqual(len(await transaction.properties([resource.id for _, resource in after])), 1)
            log = await transaction.changes(files.id, 0, 99, 99)
            self.assertEqual([(change.name, change.removed) for change in log], [("t", True), ("u", False)])

    async def test_a_tree_does_not_go_into_itself(self) -> None:
        """A tree does not go into itself."""
        async with self.store.write() as transaction:
            _, tree = await self.a_tree(transaction)
            inner = (await transaction.resolve(["files", "t", "d"]))[-1]
        for place in (tree, inner):
            await self.refused(ValueError, lambda t, place=place: t.move(tree, place, "x", "ann", 1.0))  # type: ignore[misc]
            await self.refused(ValueError, lambda t, place=place: t.copy(tree, place, "x", True, "ann", 1.0))  # type: ignore[misc]
        root = (await self.at())[0]
        await self.refused(ValueError, lambda transaction: transaction.delete(root, 1.0))
        await self.refused(ValueError, lambda transaction: transaction.move(root, tree, "x", "ann", 1.0))

    async def test_a_tree_is_removed_with_all_that_belongs_to_it(self) -> None:
        """A tree is removed with all that belongs to it."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            ids = [tree.id, *(resource.id for _, resource in await transaction.descendants(tree.id, 100))]
            await transaction.delete(tree, 20.0)
            for id in ids:
                self.assertIsNone(await transaction.resource(id))
                self.assertEqual(await transaction.changes(id, 0, 99, 99), [])
            self.assertEqual(await transaction.properties(ids), {})
            self.assertEqual(await transaction.locks(ids, 0.0), [])
            self.assertEqual((await transaction.quota("ann")).used, 0)
            self.assertEqual(await transaction.changes(files.id, 1, 99, 99), [Change("t", 3, True)])

    async def test_a_tree_too_large_for_the_reactor_is_copied_moved_and_removed(self) -> None:
        """A tree too large for the reactor is copied moved and removed."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            tree = await folder(transaction, files, "t")
            for number in range(250):
                await put(transaction, tree, f"{number}", b"12")
        async with self.store.write() as transaction:
            copied = await transaction.copy(tree, files, "u", True, "bob", 20.0)
            await transaction.move(tree, copied, "inner", "eve", 20.0)
            self.assertEqual([(await transaction.quota(name)).used for name in ("ann", "bob", "eve")], [0, 500, 500])
            self.assertEqual(len(await transaction.descendants(files.id, 1000)), 502)
        async with self.store.write() as transaction:
            await transaction.delete((await transaction.resolve(["files", "u"]))[-1], 30.0)
            self.assertEqual(await transaction.descendants(files.id, 1000), [])
            self.assertEqual([(await transaction.quota(name)).used for name in ("bob", "eve")], [0, 0])

    # -- the change log -----------------------------------------------------------------------------------------------

    async def test_each_change_takes_the_next_number_of_its_collection(self) -> None:
        """Each change takes the next number of its collection."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            a = await folder(transaction, files, "a")
            f = await put(transaction, a, "f")
            g = await put(transaction, a, "g")
            f = await transaction.replace(f, new_content(b"2"), "", 11.0)
            g = await transaction.set_properties(g, [("{x}p", b"<p/>")], 11.0)
            h = await put(transaction, a, "h")
            await transaction.delete(h, 12.0)
            f = await transaction.set_times(f, 1.0, None, 13.0)
            await transaction.add_lock(a_lock("urn:uuid:1", f))
        self.assertEqual((f.revision, g.revision), (7, 4))
        self.assertEqual((await self.at("files", "a"))[-1].sync_revision, 7)
        self.assertEqual((await self.at("files"))[-1].sync_revision, 1)
        async with self.store.read() as transaction:
            log = [Change("g", 4, False), Change("h", 6, True), Change("f", 7, False)]
            self.assertEqual(await transaction.changes(a.id, 0, 99, 99), log)
            self.assertEqual(await transaction.changes(a.id, 4, 6, 99), log[1:2])
            self.assertEqual(await transaction.changes(a.id, 0, 99, 2), log[:2])
            self.assertEqual(await transaction.changes(a.id, 7, 99, 2), [])

    async def test_a_name_stands_once_in_the_log(self) -> None:
        """A name stands once in the log."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for _ in range(3):
                await transaction.delete(await put(transaction, files, "f"), 20.0)
            self.assertEqual(await transaction.changes(files.id, 0, 99, 9), [Change("f", 6, True)])
            await put(transaction, files, "f")
            self.assertEqual(await transaction.changes(files.id, 0, 99, 9), [Change("f", 7, False)])

    async def test_old_removals_are_forgotten(self) -> None:
        """Old removals are forgotten."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            for name, time in (("a", 20.0), ("b", 30.0)):
                await transaction.delete(await put(transaction, files, name), time)
            self.assertEqual(await transaction.oldest_revision(files.id), 0)
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.sweep(0.0, 25.0), 1)
            self.assertEqual(await transaction.changes(files.id, 0, 99, 9), [Change("b", 4, True)])
            self.assertEqual(await transaction.oldest_revision(files.id), 2)
            self.assertEqual(await transaction.sweep(0.0, 25.0), 0)
            self.assertEqual(await transaction.sweep(0.0, 99.0), 1)
            self.assertEqual(await transaction.oldest_revision(files.id), 4)
