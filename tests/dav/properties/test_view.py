"""What is read of the store for a page.

Verifies: RFC 4918, 6.1; docs/architecture.md, One request
"""

from __future__ import annotations

from typing import Any

import pytest

from davd.dav.properties.view import ACCOUNT, GROUPS, LOCKS, QUOTA, STORED, View, load
from davd.dav.registry import Method
from davd.model.lock import EXCLUSIVE, SHARED, Lock
from davd.model.resource import Resource
from davd.testing.exchange import Trial, run
from tests.dav.sharing import add_group, add_principal

ROW = Resource(7, 3, "n", "file", "alice", '"e"', "", 0, 0.0, 0.0, 1, 0, None, "")


class _Counting:
    """A transaction that counts what is asked of it."""

    def __init__(self, transaction: Any) -> None:
        self.asked: list[str] = []
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._transaction, name)


def loaded(needs: frozenset[str], members: int) -> tuple[list[str], View]:
    made = Trial()
    for number in range(members):
        made.request("PUT", f"/files/alice/{number}", {}, b"x")
    return looked(made, "/files/alice/", needs)


def looked(made: Trial, path: str, needs: frozenset[str]) -> tuple[list[str], View]:
    """What is asked for the view of a collection's members, and that view."""
    seen: list[Any] = []

    async def look(exchange: Any) -> Any:
        rows = await exchange.transaction.members(exchange.node.resource.id, "", 1000)
        counting = _Counting(exchange.transaction)
        chain = exchange.node.chain
        view = await load(exchange, counting, needs, rows, chain)  # type: ignore[arg-type]
        seen.append((counting.asked, view))
        raise RuntimeError

    made.registry.methods["LOOK"] = Method("LOOK", look)
    with pytest.raises(RuntimeError):
        made.request("LOOK", path)
    asked, view = seen[0]
    return asked, view


@pytest.mark.parametrize("needs", [(), (STORED,), (LOCKS,), (QUOTA,), (ACCOUNT,), (STORED, LOCKS, QUOTA, ACCOUNT)])
def test_the_store_is_asked_as_often_for_many_as_for_few(needs: tuple[str, ...]) -> None:
    few, _ = loaded(frozenset(needs), 1)
    many, _ = loaded(frozenset(needs), 20)
    assert few == many
    if not needs:
        assert few == []


@pytest.mark.parametrize("people", [1, 20])
def test_groups_are_asked_for_once_for_a_page(people: int) -> None:
    """Verifies: RFC 3744, 4.4"""
    made = Trial()
    names = [f"p{number}" for number in range(people)]
    for name in names:
        add_principal(made, name, "individual")
    add_group(made, "inner", *names)
    add_group(made, "outer", "inner", *names)
    add_group(made, "around", "outer")
    asked, view = looked(made, "/principals/users/", frozenset((GROUPS,)))
    assert asked == ["direct_groups"]
    assert view.groups == dict.fromkeys(names, ["inner", "outer"])


def lock(token: str, root: int, infinite: bool) -> Lock:
    return Lock(token, root, SHARED, infinite, "alice", b"", 60, 60.0)


def test_locks_reach_down_as_far_as_their_depth() -> None:
    _, view = loaded(frozenset(), 0)
    view.roots = {
        7: [lock("own", 7, False)],
        3: [lock("parent", 3, True), lock("parent alone", 3, False)],
        1: [lock("root", 1, True)],
        9: [lock("elsewhere", 9, True)],
    }
    view.parents = {3: 2, 2: 1, 1: None, 9: 1}
    assert [found.token for found in view.locks_on(ROW)] == ["own", "parent", "root"]


def test_a_lock_at_the_target_of_a_tree_is_loaded_once() -> None:
    made = Trial()
    made.request("MKCOL", "/files/alice/c/")

    async def take() -> None:
        async with made.store.write() as transaction:
            for token, segments in (("a", ("files", "alice")), ("b", ("files", "alice", "c"))):
                root = (await transaction.resolve(segments))[-1]
                await transaction.add_lock(Lock(token, root.id, EXCLUSIVE, True, "alice", b"", 60, made.now + 60))

    run(take())
    body = made.read(made.request("PROPFIND", "/files/alice/", {}))
    # The target has one, the collection below it both; each names its token and its root.
    assert body.count(b"<D:activelock>") == 3
