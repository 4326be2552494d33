"""A principal's place in the tree.

Verifies: RFC 3744, 2; RFC 5397, 3
"""

from __future__ import annotations

from typing import Any

import pytest

from davd.application.names import obstacle
from davd.application.provision import homes_of, principal_of, provision
from davd.dav.registry import Extension, Registry
from davd.interfaces.store import ITransaction
from davd.model.errors import HTTPError
from davd.model.principal import GROUP, INDIVIDUAL, RESOURCE, ROOM, Account
from davd.model.resource import COLLECTION
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import Trial, run
from tests.application.test_application import BROKEN, EXTENSION, Application, ApplicationTestCase

NOW = 1_700_000_000.0
KINDS = {INDIVIDUAL: "users", GROUP: "groups", ROOM: "rooms", RESOURCE: "resources"}


class Shelves:
    """A provision that makes a home called after the principal in `/shelves/`; `calls` are the names it was for."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def __call__(self, transaction: ITransaction, name: str, now: float) -> None:
        self.calls.append(name)
        chain = await transaction.resolve(("shelves", name))
        if len(chain) == 1:
            chain.append(await transaction.create(chain[0], "shelves", COLLECTION, "", now))
        if len(chain) == 2:
            await transaction.create(chain[1], name, COLLECTION, name, now)


def make(store: MemoryStore, name: str, kind: str = INDIVIDUAL, *provisions: Any) -> None:
    async def work() -> None:
        async with store.write() as transaction:
            await provision(transaction, name, NOW, provisions, kind)

    run(work())


def tree(store: MemoryStore) -> dict[str, str]:
    """The owners of everything in the store, by href."""

    async def work() -> dict[str, str]:
        async with store.read() as view:
            root = (await view.resolve(()))[0]
            return {"/" + "/".join(path): row.owner for path, row in await view.descendants(root.id, 1000)}

    return run(work())


def ask(store: MemoryStore, question: Any) -> Any:
    async def work() -> Any:
        async with store.read() as view:
            return await question(view)

    return run(work())


class TestProvision:
    """Verifies: RFC 3744, 2, 4"""

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_each_kind_gets(self, kind: str) -> None:
        store, shelves = MemoryStore(), Shelves()
        before = set(tree(store))
        make(store, "x", kind, shelves)
        made = {path: owner for path, owner in tree(store).items() if path not in before}
        expected = {f"/principals/{KINDS[kind]}/x": "x"}
        if kind != INDIVIDUAL:
            expected[f"/principals/{KINDS[kind]}"] = ""
        if kind == INDIVIDUAL:
            expected["/files/x"] = "x"
        if kind != GROUP:
            expected |= {"/shelves": "", "/shelves/x": "x"}
        assert made == expected
        account = ask(store, lambda view: view.account("x"))
        assert (account.kind, account.created, account.password_hash) == (kind, NOW, "")

    def test_what_is_there_stays(self) -> None:
        store, shelves = MemoryStore(), Shelves()
        make(store, "x", INDIVIDUAL, shelves)
        before = tree(store), ask(store, lambda view: view.account("x"))
        make(store, "x", INDIVIDUAL, shelves)
        assert (tree(store), ask(store, lambda view: view.account("x"))) == before

    @pytest.mark.parametrize("kind", [GROUP, ROOM, RESOURCE])
    def test_nobody_logs_in_as_something_else(self, kind: str) -> None:
        store = MemoryStore()
        make(store, "x", kind)
        before = tree(store)
        with pytest.raises(HTTPError) as caught:
            make(store, "x")
        assert caught.value.status == 403
        assert tree(store) == before

    def test_where_principals_and_homes_are(self) -> None:
        store = MemoryStore()
        make(store, "x", ROOM, Shelves())
        assert ask(store, lambda view: principal_of(view, "x", ROOM)).name == "x"
        assert ask(store, lambda view: principal_of(view, "x", GROUP)) is None
        assert [home.owner for home in ask(store, lambda view: homes_of(view, "x"))] == ["x"]
        make(store, "y", INDIVIDUAL, Shelves())
        assert len(ask(store, lambda view: homes_of(view, "y"))) == 2
        assert ask(store, lambda view: homes_of(view, "z")) == []


class TestNames:
    """Names are given once among all principals and homes.

    Verifies: RFC 3744, 2, 4.2
    """

    def refusal(self, store: MemoryStore, name: str, kind: str) -> str | None:
        found: str | None = ask(store, lambda view: obstacle(view, name, kind))
        return found

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("taken", KINDS)
    def test_among_principals(self, kind: str, taken: str) -> None:
        store = MemoryStore()
        assert self.refusal(store, "x", kind) is None
        make(store, "x", taken)
        what = {INDIVIDUAL: "an account", GROUP: "a group", ROOM: "a room", RESOURCE: "a resource"}[taken]
        assert self.refusal(store, "x", kind) == f"there is {what} x already"
        assert self.refusal(store, "y", kind) is None

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("gone", KINDS)
    def test_what_was_left_behind_goes_to_the_same_kind_alone(self, kind: str, gone: str) -> None:
        store = MemoryStore()
        make(store, "x", gone, Shelves())

        async def remove() -> None:
            async with store.write() as transaction:
                await transaction.remove_account("x")

        run(remove())
        sentence = self.refusal(store, "x", kind)
        if kind == gone:
            assert sentence is None
        else:
            assert sentence is not None and f"/principals/{KINDS[gone]}/x/ is still there" in sentence

    @pytest.mark.parametrize("kind", KINDS)
    def test_among_homes(self, kind: str) -> None:
        store = MemoryStore()
        make(store, "other", INDIVIDUAL, Shelves())

        async def leave() -> None:
            async with store.write() as transaction:
                chain = await transaction.resolve(("shelves",))
                await transaction.create(chain[-1], "x", COLLECTION, "x", NOW)

        run(leave())
        assert self.refusal(store, "x", kind) == "there is a home called x already"
        assert self.refusal(store, "shelves", kind) is None


class FirstLoginTests(ApplicationTestCase):
    """Verifies: docs/architecture.md, One request."""

    def setUp(self) -> None:
        super().setUp()
        self.shelves = Shelves()
        registry = Registry.of([EXTENSION, BROKEN, Extension("shelves", provision=self.shelves)])
        self.application = Application(
            self.store, self.authenticator, registry, self.dav, self.admission, self.kept, self.answers, self._clock
        )

    def test_extensions_are_asked_once_for_each_name(self) -> None:
        for _ in range(2):
            for user in ("alice", "bob"):
                answer = self.ask("PROPFIND", f"/shelves/{user}/", user=user, headers={"depth": "0"})
                self.assertEqual(answer.status, 207)
        self.assertEqual(self.shelves.calls, ["alice", "bob"])

    def test_a_name_that_has_become_a_room_is_refused(self) -> None:
        async def turn() -> None:
            async with self.store.write() as transaction:
                account = await transaction.account("alice")
                await transaction.update_account(Account("alice", account.password_hash, kind=ROOM))

        run(turn())
        self.assertEqual(self.ask("GET", "/").status, 403)
        self.assertEqual(self.ask("GET", "/", user="bob").status, 200)


def test_the_trial_has_the_homes_of_its_extensions() -> None:
    """Verifies: docs/architecture.md, One request"""
    shelves = Shelves()
    Trial(Extension("shelves", provision=shelves))
    assert shelves.calls == ["alice", "bob"]
