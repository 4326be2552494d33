"""The suite that every store passes.

A test class mixes `StoreConformance` into `twisted.trial.unittest.TestCase` and says in `make_store` how a new, empty
store is made; a store that outlives its process says in `reopen` how it is opened again.

Verifies: RFC 4918, 6, 7; RFC 4331, 3, 4
"""

from __future__ import annotations

import hashlib
import os

from twisted.internet.defer import Deferred, gatherResults
from zope.interface.verify import verifyObject

from davd.interfaces.store import (
    Finding,
    IBlobStore,
    IBlobWriter,
    IReadTransaction,
    IStore,
    ITransaction,
)
from davd.model.index import ObjectIndex, Span
from davd.model.lock import EXCLUSIVE, Lock
from davd.model.principal import GROUP, Account, Quota
from davd.testing.app_password_conformance import AppPasswordConformance
from davd.testing.object_conformance import ObjectConformance
from davd.testing.principal_conformance import PrincipalConformance
from davd.testing.savepoint_conformance import SavepointConformance
from davd.testing.store_life import a_lock, folder, new_content, put
from davd.testing.trash_conformance import TrashConformance
from davd.testing.version_conformance import VersionConformance


class StoreConformance(
    SavepointConformance,
    VersionConformance,
    ObjectConformance,
    PrincipalConformance,
    TrashConformance,
    AppPasswordConformance,
):
    """What a store promises of transactions, locks, accounts, kept values and blobs, and of the tree."""

    async def test_the_interfaces_are_provided(self) -> None:
        """The interfaces are provided."""
        verifyObject(IStore, self.store)
        verifyObject(IBlobStore, self.store.blobs)
        writer = self.store.blobs.create([])
        verifyObject(IBlobWriter, writer)
        writer.abort()
        async with self.store.read() as transaction:
            verifyObject(IReadTransaction, transaction)
        async with self.store.write() as transaction:
            verifyObject(ITransaction, transaction)

    # -- transactions -------------------------------------------------------------------------------------------------

    async def test_a_block_left_by_an_exception_changes_nothing(self) -> None:
        """A block left by an exception changes nothing."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            await transaction.add_account(Account("ann"))
        file = (await self.at("files", "t", "d", "f"))[-1]

        async def work(transaction: ITransaction) -> None:
            await transaction.replace(file, new_content(b"other"), "", 20.0)
            await transaction.set_properties(file, [("{x}p", None)], 20.0)
            await transaction.remove_lock("urn:uuid:1")
            await transaction.copy(tree, files, "u", True, "ann", 20.0)
            await transaction.delete(tree, 20.0)
            await transaction.update_account(Account("ann", email="a@b"))
            await transaction.sweep(1e9, 1e9)
            raise ZeroDivisionError

        await self.refused(ZeroDivisionError, work)

    async def test_a_view_does_not_change(self) -> None:
        """A view does not change."""
        async with self.store.read() as view:
            before = await view.resolve(["files", "f"])
            async with self.store.write() as transaction:
                await put(transaction, before[-1], "f")
            self.assertEqual(await view.resolve(["files", "f"]), before)
            self.assertEqual(await view.members(before[-1].id, "", 9), [])
            self.assertEqual(len(await self.at("files", "f")), 3)
        self.assertEqual(len(await self.at("files", "f")), 3)

    async def test_a_commit_is_seen_by_the_next_view_and_in_the_generation(self) -> None:
        """A commit is seen by the next view and in the generation."""
        seen = [self.store.generation()]
        self.assertEqual(self.store.generation(), seen[0])
        files = (await self.at("files"))[-1]
        for number in range(20):
            async with self.store.write() as transaction:
                await put(transaction, files, f"{number}")
            self.assertNotIn(self.store.generation(), seen)
            seen.append(self.store.generation())
            self.assertEqual((await self.at("files", f"{number}"))[-1].name, f"{number}")
            self.assertEqual(self.store.generation(), seen[-1])
        async with self.store.read() as transaction:
            self.assertEqual(len(await transaction.members(files.id, "", 99)), 20)

    async def test_writers_see_each_other_one_after_the_other(self) -> None:
        """Writers see each other one after the other."""

        async def add(number: int) -> None:
            async with self.store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                await put(transaction, files, f"{number}")
                if number % 3 == 0:
                    raise ZeroDivisionError

        deferreds = [Deferred.fromCoroutine(add(number)) for number in range(40)]
        for deferred in deferreds:
            deferred.addErrback(lambda failure: failure.trap(ZeroDivisionError) and None)
        await gatherResults(deferreds)
        async with self.store.read() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            members = await transaction.members(files.id, "", 99)
        self.assertEqual({int(member.name) for member in members}, {n for n in range(40) if n % 3})
        self.assertEqual(sorted(member.revision for member in members), list(range(1, 27)))
        self.assertEqual(files.sync_revision, 26)

    async def test_one_creator_wins(self) -> None:
        """One creator wins."""
        winners: list[int] = []

        async def add(number: int) -> None:
            async with self.store.write() as transaction:
                found = await transaction.resolve(["files", "f"])
                if len(found) == 2:
                    await put(transaction, found[-1], "f", b"%d" % number)
                    winners.append(number)

        await gatherResults([Deferred.fromCoroutine(add(number)) for number in range(10)])
        self.assertEqual(len(winners), 1)
        async with self.store.read() as transaction:
            self.assertEqual(
                await transaction.content((await transaction.resolve(["files", "f"]))[-1]), b"%d" % winners[0]
            )

    async def test_a_store_that_is_opened_again_is_the_same(self) -> None:
        """A store that is opened again is the same."""
        async with self.store.write() as transaction:
            _, tree = await self.a_tree(transaction)
            await transaction.delete((await transaction.resolve(["files", "t", "g"]))[-1], 20.0)
            await transaction.add_account(Account("ann", "hash", "a@b", "Ann", 5, 1.5))
            await transaction.add_account(Account("staff", kind=GROUP))
            await transaction.set_group_members("staff", ["ann"])
            await transaction.set_acl(tree, "name:staff\t{DAV:}read", 20.0)
            await transaction.keep("k", b"v", 100.0)
            file = (await transaction.resolve(["files", "t", "d", "f"]))[-1]
            await transaction.set_index(file, ObjectIndex("u", "VTODO", (Span(0, 10, True),), (("FN", "ann"),)))
        before, epoch = await self.everything(), self.store.epoch
        again = self.reopen(self.store)
        if again is None:
            return
        await self.store.stop()
        self.store = again
        await again.start()
        self.assertEqual(await self.everything(), before)
        self.assertEqual(again.epoch, epoch)
        async with again.write() as transaction:
            self.assertEqual(await transaction.kept("k", 0.0), b"v")
            self.assertEqual(await transaction.content(file), b"12345")
            replaced = await transaction.replace(file, new_content(b"12345"), "", 20.0)
            self.assertNotEqual(replaced.etag, file.etag)
            self.assertGreater((await folder(transaction, tree, "new")).id, max(file.id, tree.id))

    async def test_a_sound_store_has_nothing_to_find(self) -> None:
        """A sound store has nothing to find."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            await transaction.delete(await transaction.copy(tree, files, "u", True, "bob", 20.0), 20.0)
            await transaction.move(tree, files, "v", "bob", 20.0)
        for repair in (False, True):
            found: list[Finding] = [finding async for finding in self.store.check(repair)]
            self.assertEqual([finding.what for finding in found], [])

    # -- properties ---------------------------------------------------------------------------------------------------

    async def test_dead_properties_are_set_and_removed(self) -> None:
        """Dead properties are set and removed."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            made = [await put(transaction, files, f"{number}") for number in range(12)]
            for number, file in enumerate(made[:10]):
                changes = [("{x}a", b"<a>%d</a>" % number), ("{x}b", b"<b/>"), ("b", b"\xff")]
                await transaction.set_properties(file, changes, 11.0)
            await transaction.set_properties(made[0], [("{x}a", None), ("{x}none", None), ("{x}b", b"<b>2</b>")], 12.0)
            await transaction.set_properties(made[1], [("{x}a", None), ("{x}b", None), ("b", None)], 12.0)
            await transaction.set_properties((await transaction.resolve([]))[0], [("{x}r", b"<r/>")], 12.0)
        async with self.store.read() as transaction:
            found = await transaction.properties([file.id for file in made])
            self.assertEqual(sorted(found), sorted(file.id for file in [made[0], *made[2:10]]))
            self.assertEqual(found[made[0].id], {"{x}b": b"<b>2</b>", "b": b"\xff"})
            self.assertEqual(found[made[5].id], {"{x}a": b"<a>5</a>", "{x}b": b"<b/>", "b": b"\xff"})
            self.assertEqual(await transaction.properties([made[0].id]), {made[0].id: found[made[0].id]})
            self.assertEqual(await transaction.properties([made[1].id, 1]), {1: {"{x}r": b"<r/>"}})

    # -- locks --------------------------------------------------------------------------------------------------------

    async def test_locks_are_found_by_root_token_and_place(self) -> None:
        """Locks are found by root token and place."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            inner, file = (await transaction.resolve(["files", "t", "d", "f"]))[-2:]
            exclusive = Lock("urn:uuid:2", inner.id, EXCLUSIVE, True, "bob", b"<o>\xc3\xa9</o>", 99, 50.0)
            await transaction.add_lock(exclusive)
        exclusive.root = ("files", "t", "d")
        shared = a_lock("urn:uuid:1", file)
        shared.root = ("files", "t", "d", "f")
        async with self.store.read() as transaction:
            self.assertEqual(await transaction.lock("urn:uuid:2", 49.0), exclusive)
            self.assertIsNone(await transaction.lock("urn:uuid:3", 0.0))
            self.assertEqual(await transaction.locks([1, files.id, inner.id, file.id], 0.0), [shared, exclusive])
            self.assertEqual(await transaction.locks([files.id], 0.0), [])
            self.assertEqual(await transaction.locks_below(files.id, 0.0), [shared, exclusive])
            self.assertEqual(await transaction.locks_below(inner.id, 0.0), [shared])
            self.assertEqual(await transaction.locks_below(file.id, 0.0), [])
            self.assertEqual(await transaction.lock_counts(file.id, "bob", 0.0), (1, 1))
            self.assertEqual(await transaction.lock_counts(tree.id, "eve", 0.0), (0, 0))

    async def test_a_lock_ends_when_it_expires(self) -> None:
        """A lock ends when it expires."""
        async with self.store.write() as transaction:
            files, _ = await self.a_tree(transaction)
            file = (await transaction.resolve(["files", "t", "d", "f"]))[-1]
            self.assertEqual(len(await transaction.locks([file.id], 99.9)), 1)
            for now in (100.0, 101.0):
                self.assertIsNone(await transaction.lock("urn:uuid:1", now))
                self.assertEqual(await transaction.locks([file.id], now), [])
                self.assertEqual(await transaction.locks_below(files.id, now), [])
                self.assertEqual(await transaction.lock_counts(file.id, "ann", now), (0, 0))
            await transaction.refresh_lock("urn:uuid:1", 7, 200.0)
            refreshed = await transaction.lock("urn:uuid:1", 199.0)
            self.assertEqual((refreshed.timeout, refreshed.expires), (7, 200.0))
            self.assertEqual(await transaction.sweep(200.0, 0.0), 1)
            self.assertIsNone(await transaction.lock("urn:uuid:1", 0.0))

    async def test_a_lock_is_removed(self) -> None:
        """A lock is removed."""
        async with self.store.write() as transaction:
            await self.a_tree(transaction)
            await transaction.remove_lock("urn:uuid:1")
            await transaction.remove_lock("urn:uuid:never")
            self.assertIsNone(await transaction.lock("urn:uuid:1", 0.0))

    async def test_many_locks_below_a_collection_are_found(self) -> None:
        """Many locks below a collection are found."""
        async with self.store.write() as transaction:
            files, _ = await self.a_tree(transaction)
            a = await folder(transaction, files, "a")
            for number in range(300):
                file = await put(transaction, a, f"{number}")
                await transaction.add_lock(a_lock(f"urn:uuid:a{number}", file))
            self.assertEqual(len(await transaction.locks_below(files.id, 0.0)), 301)
            self.assertEqual(len(await transaction.locks_below(a.id, 0.0)), 300)
            self.assertEqual(await transaction.locks_below(file.id, 0.0), [])
            self.assertEqual(await transaction.lock_counts(file.id, "ann", 0.0), (1, 301))

    # -- accounts, quota, kept values ---------------------------------------------------------------------------------

    async def test_accounts_are_added_changed_and_removed(self) -> None:
        """Accounts are added changed and removed."""
        ann = Account("ann", "$argon2id$x", "a@b", "Ann", 1000, 5.5)
        async with self.store.write() as transaction:
            await transaction.add_account(ann)
            await transaction.add_account(Account("Bob"))
            self.assertEqual(await transaction.accounts(), [Account("Bob"), ann])
        await self.refused(ValueError, lambda transaction: transaction.add_account(Account("ann")))
        await self.refused(KeyError, lambda transaction: transaction.update_account(Account("eve")))
        await self.refused(KeyError, lambda transaction: transaction.remove_account("eve"))
        async with self.store.write() as transaction:
            await transaction.update_account(Account("ann", "new", quota=7))
            self.assertEqual(await transaction.account("ann"), Account("ann", "new", quota=7))
            self.assertEqual(await transaction.quota("ann"), Quota(0, 7))
            await transaction.remove_account("ann")
            self.assertIsNone(await transaction.account("ann"))
            self.assertEqual(await transaction.quota("ann"), Quota(0, None))

    async def test_bytes_are_counted_by_owner(self) -> None:
        """Bytes are counted by owner."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            one = await put(transaction, files, "1", b"12345")
            two = await put(transaction, files, "2", b"12", "bob")
            self.assertEqual(await transaction.quota("ann"), Quota(5, None))
            one = await transaction.replace(one, new_content(b"123456789"), "", 11.0)
            await transaction.copy(one, files, "3", True, "bob", 11.0)
            self.assertEqual([(await transaction.quota(name)).used for name in ("ann", "bob", "eve")], [9, 11, 0])
            await transaction.delete(two, 12.0)
            await transaction.move(one, files, "4", "bob", 12.0)
            self.assertEqual([(await transaction.quota(name)).used for name in ("ann", "bob", "eve")], [0, 18, 0])

    async def test_small_values_are_kept_until_they_expire(self) -> None:
        """Small values are kept until they expire."""
        async with self.store.write() as transaction:
            await transaction.keep("k", b"1", 50.0)
            await transaction.keep("k", b"\x002", 100.0)
            await transaction.keep("l", b"3", 100.0)
            await transaction.forget("l")
            await transaction.forget("never")
            await transaction.keep("m", b"4", 60.0)
        async with self.store.read() as transaction:
            self.assertEqual(await transaction.kept("k", 99.0), b"\x002")
            self.assertIsNone(await transaction.kept("k", 100.0))
            self.assertIsNone(await transaction.kept("l", 0.0))
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.sweep(60.0, 0.0), 1)
            self.assertIsNone(await transaction.kept("m", 0.0))

    # -- blobs --------------------------------------------------------------------------------------------------------

    async def test_a_blob_is_read_as_it_was_written(self) -> None:
        """A blob is read as it was written."""
        pieces = [b"", b"x" * 10, os.urandom(700_000), b"y", os.urandom(300_000)]
        whole = b"".join(pieces)
        writer = self.store.blobs.create(["md5", "sha1"])
        for piece in pieces:
            await writer.write(piece)
        self.assertEqual(writer.length, len(whole))
        self.assertEqual(self.store.blobs.names(), [])
        name = await writer.finish()
        writer.abort()
        for algorithm in ("sha256", "md5", "sha1"):
            self.assertEqual(writer.digest(algorithm), hashlib.new(algorithm, whole).hexdigest())
        self.assertEqual(self.store.blobs.names(), [name])
        one, length = self.store.blobs.open(name)
        two, _ = self.store.blobs.open(name)
        try:
            self.assertEqual(length, len(whole))
            self.assertEqual(os.read(one, 20), whole[:20])
            self.assertEqual(os.pread(two, 20, 700_000), whole[700_000:700_020])
            with os.fdopen(os.dup(two), "rb") as file:
                self.assertEqual(file.read(), whole)
        finally:
            os.close(one)
            os.close(two)
        self.store.blobs.delete(name)
        self.store.blobs.delete(name)
        self.assertRaises(KeyError, self.store.blobs.open, name)
        self.assertRaises(KeyError, self.store.blobs.open, "../davd")

    async def test_an_empty_blob_is_a_blob(self) -> None:
        """An empty blob is a blob."""
        writer = self.store.blobs.create([])
        name = await writer.finish()
        self.assertEqual(writer.digest("sha256"), hashlib.sha256().hexdigest())
        descriptor, length = self.store.blobs.open(name)
        os.close(descriptor)
        self.assertEqual(length, 0)

    async def test_an_aborted_blob_never_was(self) -> None:
        """An aborted blob never was."""
        for pieces in (0, 1, 5):
            writer = self.store.blobs.create([])
            for _ in range(pieces):
                await writer.write(b"z" * 200_000)
            writer.abort()
            writer.abort()
        self.assertEqual(self.store.blobs.names(), [])

    async def test_statistics_are_numbers_by_name(self) -> None:
        """Statistics are numbers by dotted name, and count commits."""
        before = self.store.statistics()
        async with self.store.write() as transaction:
            await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
        after = self.store.statistics()
        self.assertEqual(set(after), set(before))
        for name, value in after.items():
            self.assertRegex(name, r"\A[a-z_]+(\.[a-z_]+)*\Z")
            self.assertIsInstance(value, int | float)
            self.assertGreaterEqual(value, 0)
        self.assertEqual(after["commits.count"], before["commits.count"] + 1)
        self.assertEqual(after["commits.blocks"], before["commits.blocks"] + 1)
        self.assertGreater(after["commits.seconds"], before["commits.seconds"])
