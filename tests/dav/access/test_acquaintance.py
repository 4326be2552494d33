"""What is asked of the store before access is decided, and what is not.

Verifies: RFC 3744, 4.4, 5.5.1; docs/architecture.md, Access
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from davd.dav.access.acquaintance import everybody_in, fellows_among
from davd.dav.exchange import Exchange
from davd.stores.memory.reads import MemoryReadTransaction
from davd.testing.exchange import Trial, run
from tests.dav.answers import prop
from tests.dav.sharing import ace, add_group, add_principal, set_members, share

PROPFIND = prop("{DAV:}getetag", "{DAV:}current-user-privilege-set")


class Watched(Trial):
    """Counts what is asked about groups, and keeps the exchanges."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.asked: Counter[str] = Counter()
        self.exchanges: list[Exchange] = []
        for name in ("groups_of", "group_members", "direct_groups"):
            monkeypatch.setattr(MemoryReadTransaction, name, self._counting(getattr(MemoryReadTransaction, name)))

    def _counting(self, question: Any) -> Any:
        async def ask(transaction: Any, name: str) -> Any:
            self.asked[question.__name__] += 1
            return await question(transaction, name)

        return ask

    async def _exchange(self, *arguments: Any) -> Exchange:
        exchange = await super()._exchange(*arguments)
        self.exchanges.append(exchange)
        return exchange

    def questions(self, method: str, path: str, user: str = "alice", **headers: str) -> int:
        """How many questions about groups a request takes."""
        self.asked.clear()
        self.request(method, path, headers, PROPFIND if method == "PROPFIND" else b"", user)
        return self.asked.total()


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Watched:
    made = Watched(monkeypatch)
    made.request("MKCOL", "/files/alice/d")
    made.request("PUT", "/files/alice/d/note.txt", body=b"x")
    return made


class TestWhatIsAsked:
    """Verifies: docs/architecture.md, Access"""

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PROPFIND", "PUT", "DELETE", "OPTIONS", "MKCOL"])
    @pytest.mark.parametrize("path", ["/files/alice/d/note.txt", "/files/alice/", "/files/alice/none"])
    def test_nothing_on_own_paths(self, trial: Watched, method: str, path: str) -> None:
        share(trial, "/files/alice/d/", ace("bob", "read"))
        assert trial.questions(method, path, Depth="infinity") == 0
        assert not trial.exchanges[-1].rests_on_store or method == "PROPFIND"

    @pytest.mark.parametrize("path", ["/", "/files/", "/principals/", "/principals/users/", "/principals/users/alice/"])
    def test_nothing_for_what_belongs_to_nobody_or_oneself(self, trial: Watched, path: str) -> None:
        assert trial.questions("PROPFIND", path, Depth="0") == 0
        assert not trial.exchanges[-1].rests_on_store

    @pytest.mark.parametrize("path", ["/files/alice/", "/files/alice/d/note.txt", "/files/alice/none"])
    def test_nothing_where_nothing_is_granted(self, trial: Watched, path: str) -> None:
        assert trial.questions("PROPFIND", path, "bob", Depth="0") == 0
        assert trial.questions("PROPFIND", "/files/", "bob", Depth="1") == 0

    def test_once_where_something_is(self, trial: Watched) -> None:
        share(trial, "/files/alice/d/", ace("bob", "read"))
        for number in range(20):
            trial.request("PUT", f"/files/alice/d/{number}", body=b"x")
        for depth in ("0", "1", "infinity"):
            assert trial.questions("PROPFIND", "/files/alice/d/", "bob", Depth=depth) == 1
        assert trial.exchanges[-1].rests_on_store
        assert trial.questions("PROPFIND", "/files/alice/", "bob", Depth="0") == 0

    def test_once_for_each_principal_that_is_looked_at(self, trial: Watched) -> None:
        assert trial.questions("PROPFIND", "/principals/users/bob/", Depth="0") == 1
        add_group(trial, "staff", "alice")
        assert trial.questions("PROPFIND", "/principals/users/bob/", Depth="0") == 2
        for number in range(10):
            add_principal(trial, f"p{number}", "individual")
        assert trial.questions("PROPFIND", "/principals/users/", Depth="1") == 12

    def test_nobody_is_asked_about_twice(self, trial: Watched) -> None:
        add_group(trial, "staff", "alice", "bob")
        add_group(trial, "club", "alice", "bob")
        body = (
            '<expand-property xmlns="DAV:"><property name="group-membership"><property name="group-member-set">'
            '<property name="displayname"/></property></property></expand-property>'
        )
        trial.asked.clear()
        trial.request("REPORT", "/principals/users/alice/", {}, body.encode())
        # The groups of alice and those of bob to decide, once though he is met twice; the groups themselves are among
        # those of alice. As a property, those directly around alice.
        assert trial.asked == {"groups_of": 2, "group_members": 2, "direct_groups": 1}

    def test_nothing_more_when_everybody_may_be_known(self, trial: Watched) -> None:
        trial.settings.principal_search = "all"
        for number in range(10):
            add_principal(trial, f"p{number}", "individual")
        assert trial.questions("PROPFIND", "/principals/users/", Depth="1") == 1


class TestFellows:
    """Verifies: RFC 3744, 4.3, 4.4"""

    def ask(self, trial: Trial, work: Any) -> Any:
        async def whole() -> Any:
            async with trial.store.read() as view:
                return await work(view)

        return run(whole())

    def peopled(self) -> Trial:
        trial = Trial()
        for name in ("carol", "dave"):
            add_principal(trial, name, "individual")
        add_group(trial, "inner", "carol")
        add_group(trial, "outer", "inner", "alice")
        add_group(trial, "others", "dave", "bob")
        return trial

    def test_both_ways_find_the_same(self) -> None:
        trial = self.peopled()
        names = {"alice", "bob", "carol", "dave", "inner", "outer", "others"}
        all_groups = {"inner", "outer", "others"}
        for name in ("alice", "bob", "carol", "dave"):
            groups = self.ask(trial, lambda view, name=name: view.groups_of(name))
            one_by_one = self.ask(trial, lambda view, groups=groups: fellows_among(view, groups, names))
            everybody = self.ask(trial, lambda view, groups=groups: everybody_in(view, groups, all_groups))
            assert one_by_one == everybody
        assert everybody == {"others", "dave", "bob"}

    def test_who_is_in_no_group_has_no_fellows(self) -> None:
        trial = self.peopled()
        assert self.ask(trial, lambda view: fellows_among(view, frozenset(), ["alice"])) == frozenset()

    def test_groups_in_a_circle(self) -> None:
        trial = self.peopled()
        set_members(trial, "inner", "carol", "outer")
        groups = self.ask(trial, lambda view: view.groups_of("carol"))
        assert groups == {"inner", "outer"}
        found = self.ask(trial, lambda view: everybody_in(view, groups, {"inner", "outer", "others"}))
        assert found == {"inner", "outer", "carol", "alice"}
