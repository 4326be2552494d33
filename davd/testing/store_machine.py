"""Random work on a store beside the same work on the memory store, which says what it means.

`store_machine(make_store, reopen)` makes the Hypothesis state machine for one kind of store, which must work without a
reactor: its coroutines never suspend.

Verifies: RFC 4918, 5, 6, 7, 9.6, 9.8, 9.9; RFC 6578, 3.2; RFC 4791, 7.8, 9.9; RFC 3744, 4.3, 5.5
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from dataclasses import fields, replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from davd.interfaces.store import IStore, ITransaction
from davd.model.index import Found, IndexQuery
from davd.model.lock import Lock
from davd.model.resource import FILE, Resource
from davd.model.trash import Trashed, TrashLimits
from davd.stores.memory.store import MemoryStore
from davd.testing.store_life import everything
from davd.testing.store_works import ACCOUNTS, Part, Work, apply, names, parts, paths, queries, times, works

T = TypeVar("T")

# Times of a run stay below this; later ones are when the stores were made.
_RUN_ENDS = 1e6


class _Undo(Exception):
    """Leaves a block so that it is undone."""


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise AssertionError("the store suspended")


async def _covered(store: IStore) -> dict[Hashable, object]:
    """By the version of each resource, with and without its members: what it covers."""
    found: dict[Hashable, object] = {}
    async with store.read() as view:
        root = (await view.resolve(()))[0]
        for path in [(), *(path for path, _ in await view.descendants(root.id, 1000))]:
            chain = await view.resolve(path)
            last = chain[-1]
            places = [(each.id, each.name, each.owner, each.acl) for each in chain]
            answer: list[object] = [places, last, await view.properties([last.id])]
            found[await view.version(chain, False)] = answer
            if last.type != FILE:
                members = await view.members(last.id, "", 1000)
                log = await view.changes(last.id, 0, 1 << 40, 1000), await view.oldest_revision(last.id)
                dead = await view.properties([member.id for member in members])
                found[await view.version(chain, True)] = [*answer, members, log, dead]
    return found


class _Names:
    """Ids, ETags and blobs, which differ from store to store, by the order of their first appearance."""

    def __init__(self, seen: dict[tuple[str, object], str] | None = None) -> None:
        self._seen: dict[tuple[str, object], str] = dict(seen or {})

    def copy(self) -> _Names:
        """The same names, for a block that is undone: what it was given may be given again."""
        return _Names(self._seen)

    def of(self, kind: str, value: object) -> object:
        if value in (None, "", 1):
            return value
        return self._seen.setdefault((kind, value), f"{kind} {len(self._seen)}")

    def _field(self, name: str, value: Any) -> object:
        if name in ("id", "parent_id", "resource_id", "collection"):
            return self.of("id", value)
        if name == "etag":
            return self.of("etag", value)
        if name == "blob":
            return value is not None
        return min(value, _RUN_ENDS) if name in ("created", "modified") else value

    def plain(self, value: Any) -> Any:
        """The value with such names instead of its ids."""
        if isinstance(value, Resource | Lock | Found | Trashed):
            return [self._field(field.name, getattr(value, field.name)) for field in fields(value)]
        if isinstance(value, dict):
            return {
                self.of("id", key) if isinstance(key, int) else key: self.plain(each) for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.plain(each) for each in value]
        return value


class StoreMachine(RuleBasedStateMachine):
    """The machine; `make_store` and `reopen` are set by `store_machine`."""

    limits: TrashLimits | None
    make_store: Callable[[], IStore]
    reopen: Callable[[IStore], IStore | None]

    def __init__(self) -> None:
        super().__init__()
        self.model: IStore = MemoryStore(type(self).limits)
        self.store = type(self).make_store()
        self.names = (_Names(), _Names())
        drive(self.store.start())
        self.generation = self.store.generation()
        self.answers: tuple[dict[Hashable, object], dict[Hashable, object]] = ({}, {})
        self.state = [names.plain(drive(everything(store))) for store, names in self._both()][0]

    @initialize()
    def plant(self) -> None:
        """Begin with a tree that the paths of the rules often meet."""
        places = [((), "a"), ((), "b"), (("a",), "b"), (("a",), "a"), (("a", "b"), "é")]
        folders = [Work("folder", ("files", *path), (), name, "ann", 1.0, b"", False, ()) for path, name in places]
        self.write_all([*folders, replace(folders[2], verb="file", name="é", data=b"data")], False)

    @rule(works=st.lists(works, min_size=1, max_size=5), undone=st.sampled_from([False, False, False, True]))
    def write(self, works: list[Work], undone: bool) -> None:
        """A transaction that does several things and is kept or undone."""
        self.write_all(works, undone)

    def write_all(self, works: list[Work], undone: bool) -> None:
        """Do the same in both stores."""
        results = [drive(self.block(store, names, works, undone)) for store, names in self._both()]
        assert results[0] == results[1]

    def _both(self) -> tuple[tuple[IStore, _Names], tuple[IStore, _Names]]:
        return (self.model, self.names[0]), (self.store, self.names[1])

    async def block(self, store: IStore, names: _Names, works: list[Work], undone: bool) -> list[object]:
        """Do all of `works` in one block, which is kept or undone, and give what each gave."""
        results: list[object] = []
        try:
            async with store.write() as transaction:
                if undone:
                    names = names.copy()
                for work in works:
                    results.append(names.plain(await apply(work, transaction, store)))
                if undone:
                    raise _Undo
        except _Undo:
            return results
        return results

    @rule(parts=parts, undone=st.sampled_from([False, False, False, True]))
    def write_in_parts(self, parts: list[Part], undone: bool) -> None:
        """A transaction with savepoints, nested and one after the other, some of which are undone."""
        results = [drive(self._in_parts(store, names, parts, undone)) for store, names in self._both()]
        assert results[0] == results[1]

    async def _in_parts(self, store: IStore, names: _Names, parts: list[Part], undone: bool) -> list[object]:
        results: list[object] = []
        try:
            async with store.write() as transaction:
                if undone:
                    names = names.copy()
                for part in parts:
                    await self._do_part(part, transaction, store, names, results)
                if undone:
                    raise _Undo
        except _Undo:
            pass
        return results

    async def _do_part(
        self, part: Part, transaction: ITransaction, store: IStore, names: _Names, results: list[object]
    ) -> None:
        """Do the works of a part and the parts in it, and look at what the transaction shows afterwards."""
        try:
            async with transaction.savepoint():
                for step in part.steps:
                    if isinstance(step, Part):
                        await self._do_part(step, transaction, store, names, results)
                    else:
                        results.append(names.plain(await apply(step, transaction, store)))
                if part.undone:
                    raise _Undo
        except _Undo:
            pass
        for owner in ("ann", "bob"):
            results.append(names.plain(await transaction.quota(owner)))
        results.append(names.plain(await transaction.descendants(2, 1000)))

    @rule(path=paths, queries=st.lists(queries, min_size=1, max_size=4), limit=st.integers(1, 4))
    def search(self, path: tuple[str, ...], queries: list[IndexQuery], limit: int) -> None:
        """What is found in one collection, in a view and in a transaction that has just changed something."""
        results = [drive(self._search(store, names, path, queries, limit)) for store, names in self._both()]
        assert results[0] == results[1]

    async def _search(
        self, store: IStore, names: _Names, path: tuple[str, ...], queries: list[IndexQuery], limit: int
    ) -> Any:
        seen: list[object] = []
        for begin in (store.read, store.write):
            async with begin() as transaction:
                last = (await transaction.resolve(path))[-1]
                for query in queries:
                    found = await transaction.find(last.id, query, limit)
                    resources = await transaction.resources([each.id for each in found])
                    assert [each.name for each in resources] == [each.name for each in found]
                    seen += [found, await transaction.contents(resources)]
                seen += [await transaction.groups_of(name) for name in ACCOUNTS]
                seen.append(await transaction.direct_groups(ACCOUNTS))
        return names.plain(seen)

    @rule(path=paths, after=names | st.just(""), limit=st.integers(1, 3), revision=st.integers(0, 20), now=times)
    def read(self, path: tuple[str, ...], after: str, limit: int, revision: int, now: float) -> None:
        """A view of one place."""
        results = [drive(self._look(store, names, path, after, limit, revision, now)) for store, names in self._both()]
        assert results[0] == results[1]

    async def _look(
        self, store: IStore, names: _Names, path: tuple[str, ...], after: str, limit: int, revision: int, now: float
    ) -> Any:
        async with store.read() as transaction:
            found = await transaction.resolve(path)
            last = found[-1]
            seen = [
                found,
                await transaction.members(last.id, after, limit),
                await transaction.descendants(last.id, limit),
                await transaction.changes(last.id, revision, revision + 5, limit),
                await transaction.locks([each.id for each in found], now),
                await transaction.locks_below(last.id, now),
                await transaction.lock_counts(last.id, "ann", now),
                await transaction.kept(after, now),
            ]
            if last.type == FILE and last.blob is None:
                seen.append(await transaction.content(last))
            return names.plain(seen)

    @precondition(lambda self: type(self).reopen is not None)
    @rule()
    def open_again(self) -> None:
        """Stop the store and open it again."""
        again = type(self).reopen(self.store)
        if again is not None:
            drive(self.store.stop())
            self.store = again
            drive(self.store.start())

    @invariant()
    def all_is_the_same(self) -> None:
        """Both stores show the same, and the generation tells when it is not what it was."""
        states = [names.plain(drive(everything(store))) for store, names in self._both()]
        assert states[0] == states[1]
        generation = self.store.generation()
        assert generation != self.generation or states[0] == self.state
        self.state, self.generation = states[0], generation

    @invariant()
    def equal_versions_are_equal_answers(self) -> None:
        """What a version covers is what it was when the same version was seen before."""
        for (store, _), answers in zip(self._both(), self.answers, strict=True):
            for version, answer in drive(_covered(store)).items():
                assert answers.setdefault(version, answer) == answer

    def teardown(self) -> None:
        """The store is sound at the end."""
        found = drive(self._findings())
        drive(self.store.stop())
        assert not found, found

    async def _findings(self) -> list[str]:
        return [finding.what async for finding in self.store.check(False)]


def store_machine(
    make_store: Callable[[], IStore],
    reopen: Callable[[IStore], IStore | None],
    limits: TrashLimits | None = None,
) -> type[StoreMachine]:
    """The machine for one kind of store; its `TestCase` is for unittest and pytest.

    `limits` are those that the stores have for their trash; None for the usual ones.
    """
    members = {"limits": limits, "make_store": staticmethod(make_store), "reopen": staticmethod(reopen)}
    return type("Machine", (StoreMachine,), members)
