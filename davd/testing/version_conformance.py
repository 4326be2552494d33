"""What every store says of the versions of resources, and of several members at once.

Verifies: RFC 4918, 4, 5.2, 15; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from davd.interfaces.store import ITransaction
from davd.model.index import ObjectIndex
from davd.model.principal import Account
from davd.model.resource import Resource
from davd.testing.store_life import a_lock, folder, new_content, put
from davd.testing.tree_conformance import TreeConformance

_COLLECTION = ("files", "t")
_FILE = ("files", "t", "f")

Work = Callable[[ITransaction, Callable[..., Coroutine[Any, Any, Resource]]], Coroutine[Any, Any, object]]


class VersionConformance(TreeConformance):
    """What a store promises of `IReadTransaction.version`, `inside` and `resolve_members`."""

    # -- versions -----------------------------------------------------------------------------------------------------

    async def grow(self) -> None:
        """The collection /files/t with a file `f`, a tombstone, and `d` with the file `g` and `deep`; /files/other."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            tree = await folder(transaction, files, "t")
            await transaction.set_properties(await put(transaction, tree, "f"), [("{x}p", b"<p/>")], 11.0)
            await transaction.delete(await put(transaction, tree, "gone"), 12.0)
            inner = await folder(transaction, tree, "d")
            await put(transaction, inner, "g", owner="bob")
            await folder(transaction, inner, "deep")
            other = await folder(transaction, files, "other")
            await put(transaction, other, "h")

    async def versions(self) -> dict[tuple[tuple[str, ...], bool], Hashable]:
        """The versions of the planted collection and file, without and with their members."""
        found: dict[tuple[tuple[str, ...], bool], Hashable] = {}
        async with self.store.read() as transaction:
            for path in (_COLLECTION, _FILE):
                chain = await transaction.resolve(path)
                for members in (False, True):
                    found[path, members] = await transaction.version(chain, members)
                    self.assertEqual(found[path, members], await transaction.version(chain, members))
                    self.assertEqual(hash(found[path, members]), hash(found[path, members]))
        return found

    async def do(self, work: Work) -> None:
        """Do the work in a transaction of its own."""
        async with self.store.write() as transaction:

            async def at(*segments: str) -> Resource:
                found: list[Resource] = await transaction.resolve(segments)
                assert len(found) == len(segments) + 1, segments
                return found[-1]

            await work(transaction, at)

    async def changed_by(self, work: Work) -> set[str]:
        """Which versions are others after `work`, as "collection", "members" and "file"."""
        before = await self.versions()
        await self.do(work)
        after = await self.versions()
        self.assertEqual(
            before[_FILE, False] == after[_FILE, False], before[_FILE, True] == after[_FILE, True], "a file has none"
        )
        names = {(_COLLECTION, False): "collection", (_COLLECTION, True): "members", (_FILE, False): "file"}
        return {name for key, name in names.items() if before[key] != after[key]}

    async def test_a_version_changes_with_what_it_covers(self) -> None:
        """A version changes with each kind of change of the resource itself and of its members."""
        await self.grow()
        every = {"collection", "members", "file"}
        cases: list[tuple[str, set[str], Work]] = [
            ("content", every, lambda t, at: _on(at(*_FILE), lambda r: t.replace(r, new_content(b"x"), "", 20.0))),
            ("times", every, lambda t, at: _on(at(*_FILE), lambda r: t.set_times(r, 5.0, None, 20.0))),
            (
                "properties of a member",
                every,
                lambda t, at: _on(at(*_FILE), lambda r: t.set_properties(r, [("{x}p", b"<p>2</p>")], 20.0)),
            ),
            (
                "a property removed",
                every,
                lambda t, at: _on(at(*_FILE), lambda r: t.set_properties(r, [("{x}p", None)], 20.0)),
            ),
            (
                "properties of the collection",
                every,
                lambda t, at: _on(at(*_COLLECTION), lambda r: t.set_properties(r, [("{x}p", b"<p/>")], 20.0)),
            ),
            (
                "entries of a member",
                every,
                lambda t, at: _on(at(*_FILE), lambda r: t.set_acl(r, "authenticated\t{DAV:}read", 20.0)),
            ),
            (
                "entries of the collection",
                every,
                lambda t, at: _on(at(*_COLLECTION), lambda r: t.set_acl(r, "authenticated\t{DAV:}read", 20.0)),
            ),
            (
                "entries of the collection taken away",
                every,
                lambda t, at: _on(at(*_COLLECTION), lambda r: t.set_acl(r, "", 20.0)),
            ),
            ("entries of the home", every, lambda t, at: _on(at("files"), lambda r: t.set_acl(r, "owner", 20.0))),
            ("entries of the root", every, lambda t, at: _on(at(), lambda r: t.set_acl(r, "owner", 20.0))),
            ("a new member", every - {"file"}, lambda t, at: _on(at(*_COLLECTION), lambda r: put(t, r, "n"))),
            ("a member gone", every - {"file"}, lambda t, at: _on(at(*_COLLECTION, "n"), lambda r: t.delete(r, 20.0))),
            (
                "a new collection",
                every - {"file"},
                lambda t, at: _on(at(*_COLLECTION), lambda r: folder(t, r, "e")),
            ),
            ("a member of a member", {"members"}, lambda t, at: _on(at(*_COLLECTION, "d"), lambda r: put(t, r, "n"))),
            ("in the new one", {"members"}, lambda t, at: _on(at(*_COLLECTION, "e"), lambda r: put(t, r, "n"))),
            (
                "content below a member",
                {"members"},
                lambda t, at: _on(at(*_COLLECTION, "d", "g"), lambda r: t.replace(r, new_content(b"x"), "", 20.0)),
            ),
            ("removals forgotten", {"members"}, lambda t, at: t.sweep(0.0, 1e9)),
            ("properties of the home", every, _properties_of("files")),
        ]
        for name, expected, work in cases:
            self.assertEqual(await self.changed_by(work), expected, name)

    async def test_a_version_does_not_change_with_what_is_elsewhere(self) -> None:
        """A version does not change by commits elsewhere in the tree or beside it."""
        await self.grow()
        cases: list[tuple[str, Work]] = [
            ("nothing", lambda t, at: at(*_FILE)),
            ("beside it", lambda t, at: _on(at("files"), lambda r: put(t, r, "n"))),
            ("in another", lambda t, at: _on(at("files", "other"), lambda r: put(t, r, "n"))),
            ("another gone", lambda t, at: _on(at("files", "other"), lambda r: t.delete(r, 20.0))),
            ("two levels down", lambda t, at: _on(at(*_COLLECTION, "d", "deep"), lambda r: put(t, r, "n"))),
            ("an index", lambda t, at: _on(at(*_FILE), lambda r: t.set_index(r, ObjectIndex("u", "VEVENT")))),
            ("an account", lambda t, at: t.add_account(Account("ann", quota=7))),
            ("a lock", lambda t, at: _on(at(*_FILE), lambda r: t.add_lock(a_lock("urn:uuid:1", r)))),
            ("a kept value", lambda t, at: t.keep("k", b"v", 1e9)),
        ]
        for name, work in cases:
            self.assertEqual(await self.changed_by(work), set(), name)

    async def test_a_version_tells_where_the_path_leads(self) -> None:
        """A version changes when another resource is at the path, or the same one belongs to somebody else."""
        await self.grow()
        seen = [await self.versions()]

        async def again(transaction: ITransaction, at: Callable[..., Coroutine[Any, Any, Resource]]) -> None:
            files, tree = await at("files"), await at(*_COLLECTION)
            await transaction.copy(tree, files, "copy", True, "ann", 20.0)
            await transaction.delete(tree, 20.0)
            await transaction.move(await at("files", "copy"), files, "t", "ann", 20.0)

        async def given(transaction: ITransaction, at: Callable[..., Coroutine[Any, Any, Resource]]) -> None:
            files, other = await at("files"), await at("files", "other")
            moved = await transaction.move(await at(*_COLLECTION), other, "t", "bob", 20.0)
            await transaction.move(moved, files, "t", "bob", 20.0)

        async def there_and_back(transaction: ITransaction, at: Callable[..., Coroutine[Any, Any, Resource]]) -> None:
            files = await at("files")
            moved = await transaction.move(await at(*_COLLECTION), files, "u", "ann", 20.0)
            await transaction.move(moved, files, "t", "ann", 20.0)

        for work in (again, given, there_and_back):
            self.assertEqual(await self.changed_by(work), {"collection", "members", "file"})
            seen.append(await self.versions())
        self.assertEqual(len({version for each in seen for version in each.values()}), 3 * len(seen))

    async def test_the_root_has_versions_too(self) -> None:
        """The root's version changes with its properties, times and members, and with theirs."""

        async def versions() -> tuple[Hashable, Hashable]:
            async with self.store.read() as transaction:
                chain = await transaction.resolve(())
                return await transaction.version(chain, False), await transaction.version(chain, True)

        works: list[Work] = [
            lambda t, at: _on(at(), lambda r: t.set_properties(r, [("{x}p", b"<p/>")], 20.0)),
            lambda t, at: _on(at(), lambda r: t.set_properties(r, [("{x}p", b"<p>2</p>")], 20.0)),
            lambda t, at: _on(at(), lambda r: t.set_times(r, None, 7.0, 20.0)),
            lambda t, at: _on(at(), lambda r: t.set_acl(r, "owner\t{DAV:}all", 20.0)),
            lambda t, at: _on(at(), lambda r: folder(t, r, "new")),
            _properties_of("files"),
        ]
        seen = [await versions()]
        for work in works:
            await self.do(work)
            seen.append(await versions())
        self.assertEqual(len({own for own, _ in seen}), len(seen))
        self.assertEqual(len({whole for _, whole in seen}), len(seen))

    async def test_a_version_is_the_same_in_a_write_and_in_a_store_opened_again(self) -> None:
        """A version is the same in a write and in a store that is opened again, and is made of numbers and text."""
        await self.grow()
        before = await self.versions()
        for each in before.values():
            self.assertIsInstance(each, tuple)
            self.assertEqual({type(value) for value in each}, {int, str})  # type: ignore[attr-defined]
        async with self.store.write() as transaction:
            for (path, members), known in before.items():
                self.assertEqual(await transaction.version(await transaction.resolve(path), members), known)
            await put(transaction, (await transaction.resolve(_COLLECTION))[-1], "n")
            inside = await transaction.version(await transaction.resolve(_COLLECTION), True)
        after = await self.versions()
        self.assertNotEqual(inside, before[_COLLECTION, True])
        self.assertEqual(inside, after[_COLLECTION, True])
        again = self.reopen(self.store)
        if again is not None:
            await self.store.stop()
            self.store = again
            await again.start()
            self.assertEqual(await self.versions(), after)

    # -- several members ----------------------------------------------------------------------------------------------

    async def inside(self, *path: str) -> Hashable:
        """What is inside of a collection, by what the store says of it."""
        async with self.store.read() as transaction:
            found: Hashable = await transaction.inside((await transaction.resolve(path))[-1].id)
            return found

    async def test_what_is_inside_changes_at_any_depth(self) -> None:
        """Each change below a member collection is told of, also one that leaves numbers and sums as they were."""
        await self.grow()
        deep = (*_COLLECTION, "d", "deep")

        async def replaced(transaction: ITransaction) -> None:
            inner, old = (await transaction.resolve(deep))[-2:]
            await transaction.delete(old, 20.0)
            await folder(transaction, inner, "deep")

        async def dead(transaction: ITransaction) -> None:
            file = (await transaction.resolve((*deep, "x")))[-1]
            await transaction.set_properties(file, [("{x}p", b"<p/>")], 20.0)

        async def file(transaction: ITransaction) -> None:
            await put(transaction, (await transaction.resolve(deep))[-1], "x")

        seen = {await self.inside("files")}
        for number, work in enumerate((file, dead, replaced, file, replaced, replaced, file)):
            async with self.store.write() as transaction:
                await work(transaction)
            found = await self.inside("files")
            self.assertNotIn(found, seen, number)
            self.assertEqual(found, await self.inside("files"))
            seen.add(found)

    async def test_what_is_inside_does_not_change_with_what_is_elsewhere(self) -> None:
        """Members that are files and what lies outside are not told of; nor is anything by a collection without any."""
        await self.grow()
        before = await self.inside(*_COLLECTION)
        self.assertEqual(await self.inside(*_COLLECTION, "d", "deep"), ())
        async with self.store.write() as transaction:
            chain = await transaction.resolve(_COLLECTION)
            await put(transaction, chain[-1], "another")
            await put(transaction, (await transaction.resolve(["files", "other"]))[-1], "i")
        self.assertEqual(await self.inside(*_COLLECTION), before)
        self.assertEqual(hash(before), hash(await self.inside(*_COLLECTION)))

    async def test_too_many_collections_are_not_told_of(self) -> None:
        """Beyond a thousand, on all levels together, there is no telling."""
        await self.grow()
        async with self.store.write() as transaction:
            other = (await transaction.resolve(["files", "other"]))[-1]
            for name in ("a", "b"):
                above = await folder(transaction, other, name)
                for number in range(499):
                    await folder(transaction, above, f"{number}")
        self.assertIsNotNone(await self.inside("files", "other"))
        async with self.store.write() as transaction:
            await folder(transaction, (await transaction.resolve(["files", "other", "b"]))[-1], "one more")
        self.assertIsNone(await self.inside("files", "other"))

    async def test_members_are_resolved_together(self) -> None:
        """Members are resolved together: those that exist, each as it is resolved alone, in reads and in writes."""
        await self.grow()
        async with self.store.write() as transaction:
            tree = (await transaction.resolve(_COLLECTION))[-1]
            for number in range(120):
                await put(transaction, tree, f"{number}")
        names = ["f", "missing", "d", "f", "", *(f"{number}" for number in range(0, 240, 2))]
        for several in (["f"], ["missing"], [], names[:4], names):
            for _ in range(2):
                async with self.store.read() as transaction:
                    await self.together(transaction, several)
        async with self.store.write() as transaction:
            await transaction.delete((await transaction.resolve(_FILE))[-1], 20.0)
            await put(transaction, (await transaction.resolve((*_COLLECTION, "d")))[-1], "new")
            await self.together(transaction, names)
        async with self.store.read() as transaction:
            await self.together(transaction, names)

    async def together(self, transaction: ITransaction, names: list[str]) -> None:
        """Compare the members of the planted collection with what their paths resolve to."""
        chain, members = await transaction.resolve_members(_COLLECTION, names)
        self.assertEqual(chain, await transaction.resolve(_COLLECTION))
        alone = {name: await transaction.resolve((*_COLLECTION, name)) for name in names}
        self.assertEqual(members, {name: found[-1] for name, found in alone.items() if len(found) == 4})

    async def test_what_is_no_collection_has_no_members(self) -> None:
        """What is unmapped, or is a file, has no members."""
        await self.grow()
        for store_block in (self.store.read, self.store.write):
            async with store_block() as transaction:
                for path, length in ((("files", "no", "f"), 2), (_FILE, 4), ((*_FILE, "x"), 4)):
                    chain, members = await transaction.resolve_members(path, ["f", "g"])
                    self.assertEqual((len(chain), members), (length, {}))


async def _on(
    finding: Coroutine[Any, Any, Resource], work: Callable[[Resource], Coroutine[Any, Any, object]]
) -> object:
    """Do something with what was found."""
    return await work(await finding)


def _properties_of(*segments: str) -> Work:
    """The work that sets a dead property at a path."""
    return lambda t, at: _on(at(*segments), lambda r: t.set_properties(r, [("{x}p", b"<p/>")], 20.0))
