"""How indexes change with objects in every store, and what is read of many resources together.

Verifies: RFC 4791, 7.8, 7.9; RFC 6352, 8.6, 8.7
"""

from __future__ import annotations

from dataclasses import replace

from davd.interfaces.store import ITransaction
from davd.model.index import IndexQuery, ObjectIndex, Term
from davd.model.resource import FILE, NewContent, Resource
from davd.testing.finding_conformance import FindingConformance, card, event, indexed, plant
from davd.testing.store_life import folder, put


class ObjectConformance(FindingConformance):
    """What a store promises of `index`, `set_index`, `contents` and `resources`."""

    # -- what changes an index ----------------------------------------------------------------------------------------

    async def everywhere(self, collection: Resource) -> list[list[tuple[str, bool]]]:
        """What is found of a collection by everything that the objects of these tests can be found by."""
        queries = [
            IndexQuery(),
            *(IndexQuery(start=start, end=start + 100) for start in (0, 100, 1000)),
            *(IndexQuery(uids=(uid,)) for uid in ("1", "2")),
            *(IndexQuery(components=frozenset({name})) for name in ("VEVENT", "VTODO", "VCARD")),
            *(IndexQuery(terms=(Term("FN", "equals", name),)) for name in ("ann", "bob")),
        ]
        return [await self.found(collection, query) for query in queries]

    async def test_an_index_goes_with_its_content(self) -> None:
        """New content brings its index, or none, and a file may be given another without being changed."""
        many = tuple((start, start + 1, start % 20 == 0) for start in range(0, 2000, 10))
        indexes: list[ObjectIndex | None] = [
            event("1", (0, 100)), event("1", (0, 100, False)), event("1", (0, 100), (100, 110)), event("1", *many),
            event("1", *many[5:]), event("2", *many[:-5], component="VTODO"), card("2", ("FN", "ann")), None,
            card("2", ("FN", "ann"), ("FN", "bob"), ("FN", "ann")), card("2", ("FN", "bob")), event("2"), None,
        ]  # fmt: skip
        async with self.store.write() as transaction:
            place = await plant(transaction, "one", [("f", None)])
        for turn, index in enumerate(indexes):
            async with self.store.write() as transaction:
                fresh = await plant(transaction, f"{turn}", [("f", index)])
            expected = await self.everywhere(fresh)
            file = (await self.at("files", "one", "f"))[-1]
            async with self.store.write() as transaction:
                await transaction.set_index(file, indexes[turn - 3])
                await transaction.set_index(file, index)
            self.assertEqual(await self.everywhere(place), expected)
            self.assertEqual((await self.at("files", "one", "f"))[-1], file)
            async with self.store.write() as transaction:
                await transaction.set_index(file, indexes[turn - 1])
                await transaction.replace(file, indexed(index), "text/calendar", 20.0)
            self.assertEqual(await self.everywhere(place), expected)
        await self.refused(ValueError, lambda transaction: transaction.set_index(place, None))
        await self.refused(KeyError, lambda t: t.set_index(replace(file, id=10**6), event("1")))

    async def test_copies_have_indexes_and_moves_take_them_along(self) -> None:
        """Copies have indexes of their own, moved objects are found where they are, and removed ones nowhere."""
        objects = [("a", event("1", (0, 50), (100, 150, False))), ("b", card("2", ("FN", "ann"))), ("c", None)]
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            one = await plant(transaction, "one", objects)
            empty = await folder(transaction, files, "empty")
        expected = await self.everywhere(one)
        nothing = await self.everywhere(empty)
        async with self.store.write() as transaction:
            two = await transaction.copy(one, files, "two", True, "ann", 20.0)
            shallow = await transaction.copy(one, files, "shallow", False, "ann", 20.0)
        self.assertEqual([await self.everywhere(each) for each in (one, two, shallow)], [expected, expected, nothing])
        async with self.store.write() as transaction:
            for name in ("a", "b", "c"):
                file = (await transaction.resolve(["files", "two", name]))[-1]
                await transaction.move(file, empty, name, "ann", 20.0)
                again = (await transaction.resolve(["files", "empty", name]))[-1]
                await transaction.copy(again, shallow, name, True, "ann", 20.0)
        self.assertEqual([await self.everywhere(each) for each in (two, empty, shallow)], [nothing, expected, expected])
        async with self.store.write() as transaction:
            await transaction.move(empty, one, "inner", "bob", 20.0)
            await transaction.move((await transaction.resolve(["files", "one", "a"]))[-1], one, "A", "ann", 20.0)
        self.assertEqual(await self.everywhere(empty), expected)
        renamed = [[("A" if name == "a" else name, exact) for name, exact in found] for found in expected]
        self.assertEqual(await self.everywhere(one), renamed)
        async with self.store.write() as transaction:
            await transaction.delete((await transaction.resolve(["files", "one", "A"]))[-1], 30.0)
            await transaction.delete((await transaction.resolve(["files", "one", "b"]))[-1], 30.0)
            await transaction.delete(shallow, 30.0)
        self.assertEqual([await self.everywhere(each) for each in (one, shallow)], [nothing, nothing])
        self.assertEqual(await self.everywhere(empty), expected)
        async with self.store.write() as transaction:
            await transaction.delete((await transaction.resolve(["files", "one"]))[-1], 30.0)
        self.assertEqual(await self.everywhere(empty), nothing)
        self.assertEqual([finding.what async for finding in self.store.check(False)], [])

    async def test_indexes_of_what_is_undone_are_undone(self) -> None:
        """What a block or a part of one did to indexes is undone with it."""
        async with self.store.write() as transaction:
            one = await plant(transaction, "one", [("a", event("1", (0, 50))), ("b", card("2", ("FN", "ann")))])
        before = await self.everywhere(one)

        async def created(transaction: ITransaction) -> None:
            await transaction.create(one, "c", FILE, "ann", 20.0, indexed(event("2", (0, 50), (90, 200))), "")
            await transaction.create(one, "d", FILE, "ann", 20.0, indexed(card("1", ("FN", "bob"))), "")

        async def changed(transaction: ITransaction) -> None:
            await created(transaction)
            for name in ("a", "b", "c"):
                file = (await transaction.resolve(["files", "one", name]))[-1]
                await transaction.replace(file, indexed(event("2", (100, 150))), "", 20.0)
            await transaction.copy(file, one, "e", True, "ann", 20.0)
            await transaction.delete(file, 20.0)
            await transaction.set_index((await transaction.resolve(["files", "one", "a"]))[-1], None)

        for work in (created, changed):

            async def undone(transaction: ITransaction) -> None:
                await work(transaction)  # noqa: B023
                raise ZeroDivisionError

            await self.refused(ZeroDivisionError, undone)
            self.assertEqual(await self.everywhere(one), before)
            async with self.store.write() as transaction:
                await put(transaction, one, f"{work.__name__}")
                with self.assertRaises(ZeroDivisionError):
                    async with transaction.savepoint():
                        await undone(transaction)
            self.assertEqual(await self.everywhere(one), before)
        self.assertEqual([finding.what async for finding in self.store.check(False)], [])

    async def test_many_objects_are_found_as_few_are(self) -> None:
        """A collection that is larger than what is read in one go is searched like a small one."""
        objects = [(f"{n:04}", event(f"u{n}", (n * 100, n * 100 + 50, n % 3 > 0))) for n in range(700)]
        objects += [(f"c{n:04}", card(f"c{n}", ("FN", f"name {n}"))) for n in range(700)]
        place = await self.with_objects(*objects)
        async with self.store.write() as transaction:
            await transaction.create(place, "rare", FILE, "ann", 10.0, indexed(event("r", component="VTODO")), "")
        whole = await self.found(place, IndexQuery(start=0, end=10**6))
        self.assertEqual(whole, [(f"{n:04}", n % 3 > 0) for n in range(700)])
        self.assertEqual(await self.found(place, IndexQuery(start=0, end=10**6), 300), whole[:300])
        self.assertEqual(await self.names(place, IndexQuery(frozenset({"VEVENT"})), 650), [n for n, _ in objects[:650]])
        self.assertEqual(len(await self.names(place, IndexQuery(), 5000)), 1401)
        self.assertEqual(await self.names(place, IndexQuery(frozenset({"VTODO"}))), ["rare"])
        uids = tuple(f"u{n}" for n in range(0, 2000, 2))
        self.assertEqual(len(await self.names(place, IndexQuery(uids=uids))), 350)
        terms = (Term("FN", "contains", "9"), Term("FN", "starts-with", "name 1"))
        nines = [n for n in range(700) if "9" in f"{n}"]
        self.assertEqual(await self.names(place, IndexQuery(terms=terms[:1])), [f"c{n:04}" for n in nines])
        both = [f"c{n:04}" for n in nines if f"{n}".startswith("1")]
        self.assertEqual(await self.names(place, IndexQuery(terms=terms, every=True)), both)

    # -- many at once -------------------------------------------------------------------------------------------------

    async def test_contents_and_resources_come_together(self) -> None:
        """Contents come by id, resources in the order that was asked for; what is not there is left out."""
        writer = self.store.blobs.create([])
        await writer.write(b"large")
        blob = NewContent(5, writer.digest("sha256"), None, await writer.finish())
        async with self.store.write() as transaction:
            files = (await transaction.resolve(["files"]))[-1]
            made = [await put(transaction, files, f"{n}", b"%d" % n * n) for n in range(400)]
            large = await transaction.create(files, "large", FILE, "ann", 10.0, blob, "")
            wanted = [made[399], files, large, *made[5:300], made[0]]
            ids = [each.id for each in wanted]
            fresh = [made[399], (await transaction.resolve(["files"]))[-1], large, *made[5:300], made[0]]
            self.assertEqual(await transaction.resources([*ids, 10**6]), fresh)
        expected = {each.id: b"%d" % int(each.name) * int(each.name) for each in [made[399], *made[5:300], made[0]]}
        async with self.store.read() as view:
            self.assertEqual(await view.resources([10**6, *ids]), fresh)
            self.assertEqual(await view.contents(wanted), expected)
            self.assertEqual(await view.contents(made[1:3]), {made[1].id: b"1", made[2].id: b"22"})
            self.assertEqual((await view.contents([])), {})
            self.assertEqual((await view.resources([])), [])
            self.assertEqual(await view.index([]), {})
            self.assertEqual(await view.index(ids), {})
