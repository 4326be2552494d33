"""What every store finds by what it knows of calendar and contact objects.

Verifies: RFC 4791, 7.8, 9.9; RFC 6352, 8.6, 10.5.4
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from davd.interfaces.store import ITransaction
from davd.model.index import FOREVER, Found, IndexQuery, ObjectIndex, Span, Term
from davd.model.resource import FILE, NewContent, Resource
from davd.testing.store_life import folder, new_content
from davd.testing.tree_conformance import TreeConformance

_DAY = 86400


def indexed(index: ObjectIndex | None, data: bytes = b"x") -> NewContent:
    """Content in the row with an index."""
    return replace(new_content(data), index=index)


def event(uid: str, *spans: tuple[int, int] | tuple[int, int, bool], component: str = "VEVENT") -> ObjectIndex:
    """The index of a calendar object; a span is exact unless it says otherwise."""
    return ObjectIndex(uid, component, tuple(Span(span[0], span[1], span[2:] != (False,)) for span in spans))


def card(uid: str, *terms: tuple[str, str]) -> ObjectIndex:
    """The index of a contact."""
    return ObjectIndex(uid, "VCARD", (), terms)


async def plant(transaction: ITransaction, name: str, objects: Iterable[tuple[str, ObjectIndex | None]]) -> Resource:
    """Make the collection /files/NAME and objects in it."""
    files = (await transaction.resolve(["files"]))[-1]
    collection = await folder(transaction, files, name)
    for member, index in objects:
        await transaction.create(collection, member, FILE, "ann", 10.0, indexed(index), "text/calendar")
    return collection


class FindingConformance(TreeConformance):
    """What a store promises of `find`."""

    async def found(self, collection: Resource, query: IndexQuery, limit: int = 1000) -> list[tuple[str, bool]]:
        """Names and exactness of what a view finds, which a writing transaction finds too."""
        async with self.store.read() as view:
            found: list[Found] = await view.find(collection.id, query, limit)
            known = await view.index([each.id for each in found])
            names = {each.name: each.id for each in await view.members(collection.id, "", 100_000)}
        async with self.store.write() as transaction:
            self.assertEqual(await transaction.find(collection.id, query, limit), found)
        for each in found:
            self.assertEqual(names[each.name], each.id)
            self.assertEqual(known[each.id], ObjectIndex(each.uid, each.component))
        return [(each.name, each.exact) for each in found]

    async def names(self, collection: Resource, query: IndexQuery, limit: int = 1000) -> list[str]:
        """The names of what is found."""
        return [name for name, _ in await self.found(collection, query, limit)]

    async def with_objects(self, *objects: tuple[str, ObjectIndex | None]) -> Resource:
        """A collection with objects, and another one with the same."""
        async with self.store.write() as transaction:
            collection = await plant(transaction, "one", objects)
            await plant(transaction, "two", objects)
        return collection

    # -- by component and UID -----------------------------------------------------------------------------------------

    async def test_objects_are_found_by_component(self) -> None:
        """Objects are found by component, in the order of their names, and files without an index are not."""
        place = await self.with_objects(
            ("c", event("1")), ("é", event("2")), ("b", event("3", component="VTODO")), ("a", None), ("z", event("4")),
            ("\U0001f600", event("5")), ("\uffee", event("6", component="VJOURNAL")),
        )  # fmt: skip
        every = ["b", "c", "z", "é", "\uffee", "\U0001f600"]
        self.assertEqual(await self.found(place, IndexQuery()), [(name, True) for name in every])
        self.assertEqual(await self.names(place, IndexQuery(), 2), every[:2])
        self.assertEqual(await self.names(place, IndexQuery(), 0), [])
        cases = [
            ({"VEVENT"}, ["c", "z", "é", "\U0001f600"]),
            ({"VTODO"}, ["b"]),
            ({"VTODO", "VJOURNAL", "VCARD"}, ["b", "\uffee"]),
            ({"VFREEBUSY"}, []),
            (set(), []),
        ]
        for components, expected in cases:
            query = IndexQuery(components=frozenset(components))
            self.assertEqual(await self.names(place, query), expected)
            for limit in range(5):
                self.assertEqual(await self.names(place, query, limit), expected[:limit])

    async def test_objects_are_found_by_uid(self) -> None:
        """Objects are found by whole UIDs, whatever their case and length."""
        long = "x" * 3000
        place = await self.with_objects(
            ("a", event("1")), ("b", event("Ä\"'%_")), ("c", card("1")), ("d", event(long)), ("e", event("one")),
            ("f", event("ONE")), ("g", event("")),
        )  # fmt: skip
        cases = [
            (("1",), ["a", "c"]), (("one",), ["e"]), (("Ä\"'%_",), ["b"]), ((long,), ["d"]), (("on",), []),
            (("",), ["g"]), ((), []), (("1", "none", "ONE", "1"), ["a", "c", "f"]),
        ]  # fmt: skip
        for uids, expected in cases:
            self.assertEqual(await self.names(place, IndexQuery(uids=uids)), expected)
        query = IndexQuery(components=frozenset({"VCARD"}), uids=("1", "one"))
        self.assertEqual(await self.names(place, query), ["c"])

    async def test_objects_are_found_by_parts_of_uids(self) -> None:
        """Objects are found by all of several parts of UIDs, in which the case of letters of ASCII means nothing."""
        place = await self.with_objects(
            ("a", event("One-Two")), ("b", event("two-one", (0, 9))), ("c", card("ÄONE")), ("d", event("äone")),
            ("e", event("100%_'\"")), ("f", event("")), ("g", event("x" * 3000 + "one")), ("h", None),
        )  # fmt: skip
        cases = [
            (("one",), ["a", "b", "c", "d", "g"]), (("one", "two"), ["a", "b"]), (("Äone",), ["c"]), (("äone",), ["d"]),
            (("%_'\"",), ["e"]), (("%",), ["e"]), (("One",), []), (("none",), []), (("one", "none"), []),
        ]  # fmt: skip
        for parts, expected in cases:
            for limit in (1000, 1, 0):
                found = await self.names(place, IndexQuery(uid_parts=parts), limit)
                self.assertEqual(found, expected[:limit], parts)
        for query, expected in (
            (IndexQuery(components=frozenset({"VCARD"}), uid_parts=("one",)), ["c"]),
            (IndexQuery(uids=("two-one", "äone"), uid_parts=("two",)), ["b"]),
            (IndexQuery(start=3, end=4, uid_parts=("one",)), ["b"]),
        ):
            self.assertEqual(await self.names(place, query), expected)

    # -- by time ------------------------------------------------------------------------------------------------------

    async def test_a_range_finds_what_has_a_moment_in_common_with_it(self) -> None:
        """A range finds the spans that have a moment in common with it; both end before their ends."""
        place = await self.with_objects(
            ("hour", event("1", (1000, 4600))),
            ("moment", event("2", (5000, 5000))),
            ("none", event("3")),
            ("parts", event("4", (100, 200), (9000, 9900))),
        )
        cases = [
            (0, 100, []), (0, 101, ["parts"]), (199, 1000, ["parts"]), (200, 1000, []), (200, 1001, ["hour"]),
            (4599, 5000, ["hour"]), (4600, 5000, []), (4600, 5001, ["moment"]), (5000, 5001, ["moment"]),
            (5001, 9000, []), (150, 9001, ["hour", "moment", "parts"]), (9899, 10**12, ["parts"]), (9900, 10**12, []),
            (-(10**12), 100, []), (1500, 1500, []), (3000, 2000, []),
        ]  # fmt: skip
        for start, end, expected in cases:
            self.assertEqual(await self.names(place, IndexQuery(start=start, end=end)), expected, f"{start}-{end}")
        self.assertEqual(await self.names(place, IndexQuery(start=4600)), ["moment", "parts"])
        self.assertEqual(await self.names(place, IndexQuery(start=9900)), [])
        self.assertEqual(await self.names(place, IndexQuery(end=1000)), ["parts"])
        self.assertEqual(await self.names(place, IndexQuery(end=100)), [])

    async def test_what_has_a_term_is_found_beside_a_range(self) -> None:
        """Objects with a term are found whatever their times are, but not as though the range held."""
        far = (("VALARM", "far"),)
        place = await self.with_objects(
            ("in", event("1", (0, 10))),
            ("both", ObjectIndex("2", "VEVENT", (Span(0, 10, True),), far)),
            ("beside", ObjectIndex("3", "VEVENT", (Span(90, 100, True),), far)),
            ("todo", ObjectIndex("4", "VTODO", (), far)),
            ("out", event("5", (90, 100))),
        )
        term = (Term("VALARM", "equals", "far"),)
        query = IndexQuery(frozenset({"VEVENT"}), 5, 6, beside=term)
        self.assertEqual(await self.names(place, query), ["beside", "both", "in"])
        async with self.store.read() as view:
            found = {each.name: each.exact for each in await view.find(place.id, query, 10)}
        self.assertEqual(found, {"beside": False, "both": True, "in": True})
        self.assertEqual(await self.names(place, IndexQuery(start=5, end=6)), ["both", "in"])
        self.assertEqual(await self.names(place, IndexQuery(start=5, end=6, beside=term, uids=("4", "5"))), ["todo"])

    async def test_spans_of_all_lengths_are_found_to_the_second(self) -> None:
        """A span of any length, before 1970 and after 2038 too, is found to the second."""
        lengths = [
            1,
            59,
            3600,
            _DAY - 1,
            _DAY,
            _DAY + 1,
            131071,
            131072,
            131073,
            262144,
            262145,
            10**7,
            2**28,
            3 * 10**10,
        ]
        starts = [-5 * 10**9, -1, 0, 1, 1_700_000_000, 6 * 10**10]
        for number, length in enumerate(lengths):
            async with self.store.write() as transaction:
                objects = [(f"{start}", event(f"{start}", (start, start + length))) for start in starts]
                place = await plant(transaction, f"{number}", objects)
            for start in starts:
                for range_start, range_end, there in (
                    (start - 10, start, False),
                    (start - 10, start + 1, True),
                    (start + length - 1, start + length + 10, True),
                    (start + length, start + length + 10, False),
                ):
                    names = await self.names(place, IndexQuery(start=range_start, end=range_end))
                    self.assertEqual(f"{start}" in names, there, (length, start, range_start))

    async def test_endless_spans_are_found(self) -> None:
        """Spans without a beginning or an end are found wherever they are."""
        place = await self.with_objects(
            ("always", event("1", (-FOREVER, FOREVER))),
            ("from", event("2", (1000, FOREVER, False))),
            ("until", event("3", (-FOREVER, 1000))),
        )
        for start, end, expected in (
            (-(10**15), 999, ["always", "until"]),
            (999, 1000, ["always", "until"]),
            (999, 1001, ["always", "from", "until"]),
            (1000, 1001, ["always", "from"]),
            (10**15, 10**15 + 1, ["always", "from"]),
            (None, 0, ["always", "until"]),
            (2000, None, ["always", "from"]),
        ):
            self.assertEqual(await self.names(place, IndexQuery(start=start, end=end)), expected, f"{start}-{end}")

    async def test_one_exact_span_in_the_range_is_enough(self) -> None:
        """What is found is exact when one of its spans in the range is, and stands there once."""
        place = await self.with_objects(
            ("both", event("1", (0, 100, False), (50, 150), (100, 300, False))),
            ("same", event("2", (0, 100, False), (0, 100), (0, 90, False))),
            ("vague", event("3", (0, 100, False), (100, 200, False))),
        )
        for start, end, expected in (
            (0, 50, [("both", False), ("same", True), ("vague", False)]),
            (0, 51, [("both", True), ("same", True), ("vague", False)]),
            (0, 300, [("both", True), ("same", True), ("vague", False)]),
            (150, 300, [("both", False), ("vague", False)]),
        ):
            self.assertEqual(await self.found(place, IndexQuery(start=start, end=end)), expected)

    async def test_a_long_series_is_found_by_each_of_its_spans(self) -> None:
        """Of an object with many spans each is found, exactly where it is exact, and nothing between them."""
        exact = [n % 3 == 2 for n in range(200)]
        for step in (_DAY, 365 * _DAY):
            async with self.store.write() as transaction:
                spans = [(n * step, n * step + 10, exact[n]) for n in range(200)]
                place = await plant(transaction, f"{step}", [("s", event("1", *spans))])
            for n in range(0, 200, 7):
                cases = [
                    (n * step - 5, n * step + 1, exact[n : n + 1]),
                    (n * step + 9, n * step + 20, exact[n : n + 1]),
                    (n * step + 10, (n + 1) * step, []),
                    (n * step, (n + 1) * step + 1, exact[n : n + 2]),
                    (n * step + 10, (n + 4) * step, exact[n + 1 : n + 4]),
                ]
                for start, end, seen in cases:
                    expected = [("s", any(seen))] if seen else []
                    self.assertEqual(await self.found(place, IndexQuery(start=start, end=end)), expected, (n, start))

    async def test_what_is_asked_together_holds_together(self) -> None:
        """Components, range, UIDs and terms that are asked for together hold together; a limit counts what is left."""
        place = await self.with_objects(
            *((f"{n:03}", event(f"{n % 7}", (n * 10, n * 10 + 10), component="VTODO" if n % 2 else "VEVENT"))
              for n in range(300)),
        )  # fmt: skip
        query = IndexQuery(frozenset({"VTODO"}), 1000, 1100, ("1", "2", "3"))
        expected = [f"{n:03}" for n in range(100, 110) if n % 2 and n % 7 in (1, 2, 3)]
        self.assertEqual(await self.names(place, query), expected)
        self.assertEqual(await self.names(place, query, 1), expected[:1])
        self.assertEqual(
            await self.names(place, IndexQuery(frozenset({"VTODO"}), 0, 10**6), 20),
            [f"{n:03}" for n in range(300) if n % 2][:20],
        )
        self.assertEqual(await self.names(place, replace(query, terms=(Term("FN", "contains", ""),))), [])

    # -- by text ------------------------------------------------------------------------------------------------------

    async def test_contacts_are_found_by_text(self) -> None:
        """Contacts are found by equal texts, beginnings, ends and middles of the texts of one name."""
        place = await self.with_objects(
            ("a", card("1", ("FN", "ann müller"), ("EMAIL", "ann@example.org"), ("EMAIL", "am@home.example"))),
            ("b", card("2", ("FN", "bob 100%"), ("EMAIL", "bob@example.org"), ("NOTE", "x" * 5000 + "y"))),
            ("c", card("3", ("FN", "ann"), ("FN", "cee"))),
            ("d", card("4", ("FN", "ann\U0010ffffz"), ("NOTE", ""))),
            ("e", event("5", (0, 1))),
        )
        cases = [
            (("FN", "equals", "ann"), ["c"]),
            (("FN", "equals", "an"), []),
            (("FN", "starts-with", "ann"), ["a", "c", "d"]),
            (("FN", "starts-with", "ann\U0010ffff"), ["d"]),
            (("FN", "starts-with", "müller"), []),
            (("FN", "starts-with", ""), ["a", "b", "c", "d"]),
            (("FN", "ends-with", "müller"), ["a"]),
            (("FN", "ends-with", "n"), ["c"]),
            (("FN", "ends-with", ""), ["a", "b", "c", "d"]),
            (("FN", "contains", "ü"), ["a"]),
            (("FN", "contains", "%"), ["b"]),
            (("FN", "contains", "_"), []),
            (("FN", "contains", ""), ["a", "b", "c", "d"]),
            (("EMAIL", "contains", "example"), ["a", "b"]),
            (("EMAIL", "ends-with", ".org"), ["a", "b"]),
            (("NOTE", "contains", "xy"), ["b"]),
            (("NOTE", "equals", "x" * 5000 + "y"), ["b"]),
            (("NOTE", "equals", ""), ["d"]),
            (("TEL", "contains", ""), []),
        ]
        for (name, match, text), expected in cases:
            query = IndexQuery(terms=(Term(name, match, text),))  # type: ignore[arg-type]
            self.assertEqual(await self.names(place, query), expected, (name, match, text))

    async def test_several_texts_are_sought_together(self) -> None:
        """Of several texts all have to be found, or one, as the query says."""
        place = await self.with_objects(
            ("a", card("1", ("FN", "ann"), ("EMAIL", "ann@example.org"))),
            ("b", card("2", ("FN", "bob"), ("EMAIL", "bob@example.org"))),
            ("c", card("3", ("FN", "cee"))),
        )
        terms = (Term("FN", "starts-with", "a"), Term("EMAIL", "contains", "example"), Term("FN", "equals", "ann"))
        self.assertEqual(await self.names(place, IndexQuery(terms=terms, every=True)), ["a"])
        self.assertEqual(await self.names(place, IndexQuery(terms=terms)), ["a", "b"])
        none = Term("FN", "equals", "dan")
        self.assertEqual(await self.names(place, IndexQuery(terms=(none, *terms), every=True)), [])
        self.assertEqual(await self.names(place, IndexQuery(terms=(none, *terms))), ["a", "b"])
        self.assertEqual(await self.names(place, IndexQuery(uids=("2", "3"), terms=terms)), ["b"])
