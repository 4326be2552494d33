"""What every store keeps of principals: kinds of accounts, groups, and what is granted to them.

Verifies: RFC 3744, 2, 4.3, 4.4, 5.5
"""

from __future__ import annotations

from davd.interfaces.store import ITransaction
from davd.model.acl import Ace, write
from davd.model.principal import GROUP, INDIVIDUAL, RESOURCE, ROOM, Account
from davd.model.resource import Change
from davd.testing.store_life import folder, put
from davd.testing.tree_conformance import TreeConformance

_EVERYBODY = Ace("authenticated", ("{urn:ietf:params:xml:ns:caldav}read-free-busy", "{DAV:}read"))
_READ = write((Ace("name:bob", ("{DAV:}read",)), _EVERYBODY))


class PrincipalConformance(TreeConformance):
    """What a store promises of `set_acl`, of groups and their members, and of `Account.kind`."""

    # -- access control entries ---------------------------------------------------------------------------------------

    async def test_entries_are_kept_with_their_resource(self) -> None:
        """A resource keeps its entries until it is given others, and nothing else of it changes."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            tree = await folder(transaction, files, "t")
            file = await put(transaction, tree, "f")
            self.assertEqual((tree.acl, file.acl), ("", ""))
        for number, acl in enumerate((_READ, "", _READ), 2):
            async with self.store.write() as transaction:
                changed = await transaction.set_acl(file, acl, 20.0)
                self.assertEqual(changed, (await transaction.resolve(["files", "t", "f"]))[-1])
                root = await transaction.set_acl((await transaction.resolve([]))[0], acl, 20.0)
            file.acl, file.revision = acl, number
            self.assertEqual(changed, file)
            self.assertEqual((await self.at("files", "t", "f"))[-1], file)
            self.assertEqual((await self.at())[0], root)
            self.assertEqual(root.acl, acl)
            async with self.store.read() as view:
                self.assertEqual(await view.changes(tree.id, 0, 99, 9), [Change("f", number, False)])
        self.assertEqual((await self.at("files", "t"))[-1].sync_revision, 4)

    async def test_entries_move_and_are_not_copied(self) -> None:
        """Entries go with what is moved, at whatever depth; copies have none."""
        async with self.store.write() as transaction:
            files, tree = await self.a_tree(transaction)
            for path in (("t",), ("t", "d"), ("t", "d", "f")):
                await transaction.set_acl((await transaction.resolve(["files", *path]))[-1], _READ, 20.0)
            copied = await transaction.copy(tree, files, "u", True, "bob", 20.0)
            below = await transaction.descendants(copied.id, 9)
            self.assertEqual([copied.acl, *(each.acl for _, each in below)], [""] * 4)
            moved = await transaction.move(tree, files, "v", "ann", 20.0)
            below = await transaction.descendants(moved.id, 9)
            self.assertEqual([moved.acl, *(each.acl for _, each in below)], [_READ, _READ, _READ, ""])
            self.assertEqual((await transaction.resolve(["files", "v"]))[-1].acl, _READ)

    async def test_entries_do_not_go_to_another_owner(self) -> None:
        """What the former owner granted, at whatever depth, ends with their ownership."""
        async with self.store.write() as transaction:
            await self.a_tree(transaction)
            for path in (("t",), ("t", "d"), ("t", "d", "f")):
                await transaction.set_acl((await transaction.resolve(["files", *path]))[-1], _READ, 20.0)
        name = "t"
        for number, (owner, acl) in enumerate((("ann", _READ), ("bob", ""), ("ann", ""))):
            async with self.store.write() as transaction:
                files, tree = (await transaction.resolve(["files", name]))[-2:]
                name = f"t{number}"
                moved = await transaction.move(tree, files, name, owner, 20.0)
                self.assertEqual((await transaction.resolve(["files", name]))[-1], moved)
            found = await self.at("files", name, "d", "f")
            self.assertEqual(found[2], moved)
            self.assertEqual([(each.owner, each.acl) for each in found[2:]], [(owner, acl)] * 3)
            self.assertEqual((await self.at("files", name, "g"))[-1].acl, "")

    async def test_entries_of_a_file_do_not_go_to_another_owner(self) -> None:
        """So it is with a file that is moved alone, and is given back."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            await transaction.set_acl(await put(transaction, files, "f"), _READ, 20.0)
        self.assertEqual((await self.at("files", "f"))[-1].acl, _READ)
        for former, name, owner in (("f", "g", "bob"), ("g", "f", "ann")):
            async with self.store.write() as transaction:
                files, file = (await transaction.resolve(["files", former]))[-2:]
                moved = await transaction.move(file, files, name, owner, 20.0)
            self.assertEqual((moved.owner, moved.acl), (owner, ""))
            self.assertEqual((await self.at("files", name))[-1], moved)

    async def test_entries_outlive_other_changes(self) -> None:
        """Content, properties, times and members of a resource change without its entries."""
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            tree = await transaction.set_acl(await folder(transaction, files, "t"), _READ, 20.0)
            self.assertEqual((await transaction.resolve(["files", "t"]))[-1].acl, _READ)
            await put(transaction, tree, "f")
            self.assertEqual((await transaction.resolve(["files", "t"]))[-1].acl, _READ)
            tree = await transaction.set_properties(tree, [("{x}p", b"<p/>")], 20.0)
            await put(transaction, tree, "g")
            tree = await transaction.set_times(tree, 1.0, 2.0, 20.0)
            self.assertEqual(tree.acl, _READ)
            self.assertEqual((await transaction.resolve(["files", "t"]))[-1].acl, _READ)
        self.assertEqual((await self.at("files", "t"))[-1].acl, _READ)

    async def test_what_is_granted_to_an_account_goes_with_it(self) -> None:
        """A name that is given again later has none of the access and groups of the account that had it."""
        async with self.store.write() as transaction:
            for name in ("bob", "bobby"):
                await transaction.add_account(Account(name))
            await transaction.add_account(Account("staff", kind=GROUP))
            await transaction.set_group_members("staff", ["bob", "bobby"])
            files = (await transaction.resolve(["files"]))[-1]
            both, other = await folder(transaction, files, "both"), await folder(transaction, files, "other")
            rest = (Ace("name:bobby", ("{DAV:}all",)), Ace("owner", ("{DAV:}all",)))
            await transaction.set_acl(both, write((Ace("name:bob", ("{DAV:}write",)), *rest)), 20.0)
            other = await transaction.set_acl(other, write(rest), 20.0)
            await transaction.set_acl(await put(transaction, both, "f"), _READ, 20.0)
        async with self.store.write() as transaction:
            await transaction.remove_account("bob")
            self.assertEqual((await transaction.resolve(["files", "both"]))[-1].acl, write(rest))
        self.assertEqual((await self.at("files", "both"))[-1].acl, write(rest))
        self.assertEqual((await self.at("files", "both", "f"))[-1].acl, write((_EVERYBODY,)))
        self.assertEqual((await self.at("files", "other"))[-1], other)
        async with self.store.write() as transaction:
            changes = await transaction.changes(files.id, 4, 99, 9)
            self.assertEqual([change.name for change in changes], ["both"])
            await transaction.add_account(Account("bob"))
            self.assertEqual(await transaction.groups_of("bob"), frozenset())
            self.assertEqual(await transaction.group_members("staff"), ["bobby"])

    # -- kinds and groups ---------------------------------------------------------------------------------------------

    async def test_accounts_are_of_kinds(self) -> None:
        """An account has the kind that it was given last."""
        async with self.store.write() as transaction:
            for kind in (INDIVIDUAL, GROUP, ROOM, RESOURCE):
                await transaction.add_account(Account(kind, kind=kind))
        async with self.store.read() as view:
            self.assertEqual({each.name: each.kind for each in await view.accounts()}, {
                INDIVIDUAL: INDIVIDUAL, GROUP: GROUP, ROOM: ROOM, RESOURCE: RESOURCE,
            })  # fmt: skip
            room = await view.account(ROOM)
        room.kind = RESOURCE
        async with self.store.write() as transaction:
            await transaction.update_account(room)
        async with self.store.read() as view:
            self.assertEqual(await view.account(ROOM), room)

    async def grouped(self) -> None:
        """Groups a > b > c with members, and d, which is in itself."""
        async with self.store.write() as transaction:
            for name in ("ann", "bob", "Éve"):
                await transaction.add_account(Account(name))
            for name in "abcd":
                await transaction.add_account(Account(name, kind=GROUP))
            await transaction.set_group_members("a", ["b", "ann"])
            await transaction.set_group_members("b", ["c", "bob", "c"])
            await transaction.set_group_members("c", ["Éve", "ann", "bob"])
            await transaction.set_group_members("d", ["d", "ann"])

    async def groups(self) -> dict[str, str]:
        """The groups of each account, in a view and in a writing transaction."""
        names = ("ann", "bob", "Éve", "a", "b", "c", "d", "nobody")
        async with self.store.read() as view:
            found = {name: "".join(sorted(await view.groups_of(name))) for name in names}
            self.assertEqual(found, {name: "".join(sorted(await view.groups_of(name))) for name in names})
        async with self.store.write() as transaction:
            self.assertEqual(found, {name: "".join(sorted(await transaction.groups_of(name))) for name in names})
        return found

    async def test_groups_are_found_at_any_depth(self) -> None:
        """A principal is in groups directly and by other groups; cycles are harmless."""
        await self.grouped()
        expected = {"ann": "abcd", "bob": "abc", "Éve": "abc", "a": "", "b": "a", "c": "ab", "d": "d", "nobody": ""}
        self.assertEqual(await self.groups(), expected)
        async with self.store.read() as view:
            self.assertEqual(await view.group_members("a"), ["ann", "b"])
            self.assertEqual(await view.group_members("b"), ["bob", "c"])
            self.assertEqual(await view.group_members("c"), ["ann", "bob", "Éve"])
            self.assertEqual(await view.group_members("ann"), [])
            self.assertEqual(await view.group_members("nobody"), [])
        async with self.store.write() as transaction:
            await transaction.set_group_members("c", ["a", "Éve"])
        expected = {
            "ann": "abcd",
            "bob": "abc",
            "Éve": "abc",
            "a": "abc",
            "b": "abc",
            "c": "abc",
            "d": "d",
            "nobody": "",
        }
        self.assertEqual(await self.groups(), expected)

    async def test_direct_groups_of_many(self) -> None:
        """Of many names at once, those groups that have the name among their own members, in their order."""
        await self.grouped()
        names = ["ann", "bob", "Éve", "a", "b", "c", "d", "nobody", "ann"]
        expected = {"ann": ["a", "c", "d"], "bob": ["b", "c"], "Éve": ["c"], "b": ["a"], "c": ["b"], "d": ["d"]}
        many = [f"m{number:04}" for number in range(1500)]
        async with self.store.read() as view:
            self.assertEqual(await view.direct_groups(names), expected)
            self.assertEqual(await view.direct_groups(["bob"]), {"bob": ["b", "c"]})
            self.assertEqual(await view.direct_groups([]), {})
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.direct_groups(names), expected)
            for name in many:
                await transaction.add_account(Account(name))
            await transaction.set_group_members("a", many)
            await transaction.set_group_members("c", ["ann"])
            self.assertEqual(await transaction.direct_groups(["ann", "b", "bob"]), {"ann": ["c", "d"], "bob": ["b"]})
        async with self.store.read() as view:
            found = await view.direct_groups([*many, *names])
            self.assertEqual(found.pop("ann"), ["c", "d"])
            self.assertEqual(found, {**dict.fromkeys(many, ["a"]), "bob": ["b"], "c": ["b"], "d": ["d"]})

    async def test_groups_change_with_each_commit(self) -> None:
        """What was asked before a change of groups is not what is answered after it."""
        await self.grouped()
        before = await self.groups()
        async with self.store.write() as transaction:
            await put(transaction, (await transaction.resolve(["files"]))[-1], "f")
        self.assertEqual(await self.groups(), before)
        async with self.store.write() as transaction:
            await transaction.set_group_members("b", [])
            self.assertEqual(await transaction.groups_of("ann"), frozenset("acd"))
        self.assertEqual(
            await self.groups(),
            {"ann": "acd", "bob": "c", "Éve": "c", "a": "", "b": "a", "c": "", "d": "d", "nobody": ""},
        )
        async with self.store.write() as transaction:
            await transaction.remove_account("c")
            await transaction.remove_account("ann")
        self.assertEqual(
            await self.groups(), {"ann": "", "bob": "", "Éve": "", "a": "", "b": "a", "c": "", "d": "d", "nobody": ""}
        )
        async with self.store.write() as transaction:
            await transaction.add_account(Account("c", kind=GROUP))
            self.assertEqual(await transaction.group_members("c"), [])

    async def test_groups_that_were_undone_never_were(self) -> None:
        """Members that a block, or a part of one, set are gone when it is undone."""
        await self.grouped()
        before = await self.groups()

        async def work(transaction: ITransaction) -> None:
            await transaction.set_group_members("a", ["Éve"])
            await transaction.set_group_members("c", [])
            raise ZeroDivisionError

        await self.refused(ZeroDivisionError, work)
        self.assertEqual(await self.groups(), before)
        async with self.store.write() as transaction:
            with self.assertRaises(ZeroDivisionError):
                async with transaction.savepoint():
                    await work(transaction)
            self.assertEqual(await transaction.groups_of("ann"), frozenset("abcd"))
        self.assertEqual(await self.groups(), before)

    async def test_only_accounts_are_members(self) -> None:
        """A name that is no account's is refused, as a group or as a member."""
        await self.grouped()
        await self.refused(KeyError, lambda transaction: transaction.set_group_members("a", ["ann", "nobody"]))
        await self.refused(KeyError, lambda transaction: transaction.set_group_members("nobody", ["ann"]))
