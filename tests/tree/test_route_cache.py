"""What the route cache says is what the tree says, whatever was changed, as long as it is told.

Verifies: RFC 4918, 5.1
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.model.resource import COLLECTION, Resource
from davd.model.touched import Touched
from davd.tree.route_cache import ROOT_PLACE, UNKNOWN, RouteCache


def row(id: int, parent: int | None, name: str, revision: int = 0) -> Resource:
    return Resource(id, parent, name, COLLECTION, "", "", "", 0, 0.0, 0.0, revision, 0, None, "")


def filled(capacity: int = 100) -> RouteCache:
    """A cache that knows /a/b, and that nothing is at /a/x."""
    cache = RouteCache(capacity)
    cache.empty(1)
    cache.keep(*ROOT_PLACE, row(1, None, ""))
    cache.keep(1, "a", row(2, 1, "a"))
    cache.keep(2, "b", row(3, 2, "b"))
    cache.keep(2, "x", None)
    return cache


def ids(cache: RouteCache, *segments: str) -> tuple[list[int], bool]:
    found, whole = cache.find(segments)
    return [resource.id for resource in found], whole


def touched(*ids: int, places: tuple[tuple[int, str], ...] = (), everything: bool = False) -> Touched:
    return Touched(frozenset(ids), frozenset(places), everything)


class TestRouteCache:
    """Verifies: RFC 4918, 5.1"""

    def test_a_path_is_known_as_far_as_its_places_are(self) -> None:
        cache = filled()
        for _ in range(2):
            assert ids(cache) == ([1], True)
            assert ids(cache, "a", "b") == ([1, 2, 3], True)
            assert ids(cache, "a", "x", "y") == ([1, 2], True)
            assert ids(cache, "a", "b", "c") == ([1, 2, 3], False)
            assert ids(cache, "c") == ([1], False)
        assert cache.member(2, "b") == row(3, 2, "b")
        assert cache.member(2, "x") is None
        assert cache.member(3, "b") is UNKNOWN
        assert cache.statistics() == {"hits": 6, "misses": 4, "rows": 4, "invalidated": 0, "emptied": 0}

    def test_a_list_that_was_given_out_is_the_callers(self) -> None:
        cache = filled()
        for _ in range(3):
            cache.find(("a", "b"))[0].clear()
        assert ids(cache, "a", "b") == ([1, 2, 3], True)

    def test_a_changed_row_is_dropped_alone(self) -> None:
        cache = filled()
        assert ids(cache, "a", "b") == ([1, 2, 3], True)
        cache.follow(touched(2, 99), 2)
        assert (cache.generation, cache.invalidated) == (2, 1)
        assert ids(cache, "a", "b") == ([1], False)
        cache.keep(1, "a", row(2, 1, "a", revision=7))
        assert cache.find(("a", "b"))[0][1].revision == 7
        assert ids(cache, "a", "b") == ([1, 2, 3], True)

    def test_what_is_elsewhere_stays_known(self) -> None:
        cache = filled()
        assert ids(cache, "a", "b") == ([1, 2, 3], True)
        cache.follow(touched(50, places=((50, "new"),)), 2)
        assert ids(cache, "a", "b") == ([1, 2, 3], True)
        assert cache.invalidated == 0

    def test_something_appears_where_nothing_was(self) -> None:
        cache = filled()
        cache.follow(touched(places=((2, "x"),)), 2)
        assert ids(cache, "a", "x") == ([1, 2], False)

    def test_a_tree_moves_with_one_entry(self) -> None:
        cache = filled()
        cache.follow(touched(2, places=((1, "a"), (1, "z"))), 2)
        assert cache.invalidated == 1
        cache.keep(1, "z", row(2, 1, "z"))
        cache.keep(1, "a", None)
        assert ids(cache, "z", "b") == ([1, 2, 3], True)
        assert ids(cache, "a", "b") == ([1], True)

    def test_everything_is_forgotten_at_once(self) -> None:
        cache = filled()
        cache.find(("a",))
        cache.follow(touched(everything=True), 2)
        assert (len(cache), cache.generation, cache.emptied) == (0, 2, 1)
        assert ids(cache) == ([], False)
        cache.empty(3)
        assert cache.emptied == 1

    def test_nothing_is_kept_beyond_the_capacity_but_what_is_asked_often(self) -> None:
        cache = filled(capacity=40)
        for number in range(1000):
            assert ids(cache, "a", "b") == ([1, 2, 3], True)
            cache.member(2, "b")
            for place in (ROOT_PLACE, (1, "a")):
                cache.member(*place)
            cache.keep(3, f"{number}", row(100 + number, 3, f"{number}"))
            assert len(cache) <= 40
        assert cache.member(3, "0") is UNKNOWN
        assert cache.member(3, "999") == row(1099, 3, "999")

    def test_a_row_that_was_pushed_out_is_not_remembered_by_its_path(self) -> None:
        cache = filled(capacity=8)
        assert ids(cache, "a", "b") == ([1, 2, 3], True)
        for number in range(8):
            cache.keep(9, f"{number}", None)
        cache.follow(touched(3), 2)
        assert ids(cache, "a", "b")[1] is False

    def test_paths_below_nothing_do_not_fill_the_memory(self) -> None:
        cache = filled(capacity=8)
        for number in range(100):
            assert ids(cache, "a", "x", f"{number}") == ([1, 2], True)
        assert len(cache._paths) <= 4

    def test_without_capacity_nothing_is_known(self) -> None:
        for capacity in (0, 1):
            cache = filled(capacity)
            assert ids(cache) == ([], False)
            assert len(cache) == 0


class Tree:
    """A tree in memory that says what each change touched."""

    def __init__(self) -> None:
        self.rows = {1: row(1, None, "")}
        self.names: dict[tuple[int, str], int] = {ROOT_PLACE: 1}

    def resolve(self, segments: tuple[str, ...]) -> list[Resource]:
        found, id = [], 0
        for name in ("", *segments):
            if (id, name) not in self.names:
                break
            id = self.names[id, name]
            found.append(self.rows[id])
        return found

    def change(self, verb: str, path: tuple[str, ...], other: tuple[str, ...], name: str) -> Touched:
        """Do what can be done; the rest touches nothing."""
        found, target = self.resolve(path), self.resolve(other)[-1]
        last = found[-1]
        if verb == "add" and (last.id, name) not in self.names:
            id = len(self.rows) + 1
            self.rows[id] = row(id, last.id, name)
            self.names[last.id, name] = id
            return touched(self.counted(last.id), places=((last.id, name),))
        if verb == "set":
            return touched(self.counted(last.id))
        if last.parent_id is None or verb not in ("remove", "move"):
            return touched()
        place = (last.parent_id, last.name)
        if verb == "remove":
            del self.names[place]
            return touched(last.id, self.counted(last.parent_id), places=(place,))
        if last in self.resolve(other) or (target.id, name) in self.names:
            return touched()
        del self.names[place]
        self.names[target.id, name] = last.id
        self.rows[last.id] = replace(last, parent_id=target.id, name=name)
        return touched(
            last.id, self.counted(last.parent_id), self.counted(target.id), places=(place, (target.id, name))
        )

    def counted(self, id: int) -> int:
        self.rows[id] = replace(self.rows[id], revision=self.rows[id].revision + 1)
        return id


def resolve(cache: RouteCache, tree: Tree, segments: tuple[str, ...]) -> list[Resource]:
    """What a store does: ask the cache, and add what it did not know."""
    found, whole = cache.find(segments)
    if whole:
        return found
    for name in ("", *segments)[len(found) :]:
        parent = found[-1].id if found else 0
        member = cache.member(parent, name)
        if member is UNKNOWN:
            id = tree.names.get((parent, name))
            member = None if id is None else tree.rows[id]
            cache.keep(parent, name, member)
        if member is None:
            break
        found.append(member)
    return found


NAMES = st.sampled_from("ab")
PATHS = st.lists(NAMES, max_size=4).map(tuple)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "set", "remove", "move", "look", "look"]), PATHS, PATHS, NAMES),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps=STEPS, capacity=st.sampled_from([0, 2, 4, 10, 1000]))
def test_it_says_what_the_tree_says(
    steps: list[tuple[str, tuple[str, ...], tuple[str, ...], str]], capacity: int
) -> None:
    tree, cache = Tree(), RouteCache(capacity)
    for generation, (verb, path, other, name) in enumerate(steps):
        if verb != "look":
            cache.follow(tree.change(verb, path, other, name), generation)
        for each in (path, other, (*path, name)):
            assert resolve(cache, tree, each) == tree.resolve(each)
        assert len(cache) <= capacity
