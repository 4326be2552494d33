"""Large work lets others go first, and says what its answer rests on.

Verifies: docs/architecture.md, Overload
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import pytest

from davd.application.provision import provision
from davd.dav import listing
from davd.dav.exchange import Exchange
from davd.dav.properties import members, pages
from davd.dav.reports import expand_property, sync_collection
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.principal import Principal
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import Trial, run
from tests.dav.answers import by_href, prop

HOME = "/files/alice/"
COUNT = 40
SYNC = (
    b'<sync-collection xmlns="DAV:"><sync-token>%s</sync-token><sync-level>1</sync-level><prop><getetag/></prop>'
    b"</sync-collection>"
)
EXPAND = (
    b'<expand-property xmlns="DAV:"><property name="owner"><property name="displayname"/></property></expand-property>'
)


class _Open:
    """A transaction that cannot be asked anything when it is over."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction
        self._over = False

    def __getattr__(self, name: str) -> Any:
        assert not self._over, f"{name} of a transaction that is over"
        return getattr(self._transaction, name)

    def end(self) -> None:
        self._over = True


class _Held:
    """A block of the store; `store.held` counts those that are open."""

    def __init__(self, store: Any, block: Any) -> None:
        self._store = store
        self._block = block

    async def __aenter__(self) -> Any:
        self._transaction = _Open(await self._block.__aenter__())
        self._store.held += 1
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.held -= 1
        self._transaction.end()
        await self._block.__aexit__(kind, error, trace)


class _Store(MemoryStore):
    held = 0

    def read(self) -> Any:
        return _Held(self, super().read())

    def write(self) -> Any:
        return _Held(self, super().write())


class _Paced(Trial):
    """Notes at each pace how many rows have been told of, and whether a transaction is open."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.paces: list[int] = []
        self.between: Callable[[], None] = lambda: None
        self.token = b""
        super().__init__(store=_Store(), settings=DavSettings(hostnames=["dav.example"]))

    async def _exchange(self, request: Any, principal: Principal, transaction: IReadTransaction) -> Exchange:
        exchange = await super()._exchange(request, principal, transaction)
        exchange.pace = self._pace
        self.exchanges.append(exchange)
        return exchange

    async def _pace(self) -> None:
        assert self.store.held == 0
        self.paces.append(self.exchanges[-1].rows)
        self.between()

    def rows(self, response: Response) -> int:
        """The rows counted once the answer has been read."""
        self.read(response)
        return self.exchanges[-1].rows


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> _Paced:
    """Forty files in a collection, and small pages."""
    for module in (pages, members, sync_collection):
        monkeypatch.setattr(module, "WHOLE", 8)
    monkeypatch.setattr(pages, "PAGE", 4)
    monkeypatch.setattr(listing, "PAGE", 4)
    monkeypatch.setattr(expand_property, "_PAGE_WORK", 100)
    made = _Paced()
    found = made.request("PROPFIND", HOME, {"Depth": "0"}, prop("{DAV:}sync-token"))
    made.token = by_href(made, found)[HOME].text("{DAV:}sync-token").encode()
    for index in range(COUNT):
        made.request("PUT", f"{HOME}{index:02}", {}, b"x")
    return made


class TestPace:
    """Verifies: docs/architecture.md, Overload"""

    @pytest.mark.parametrize(
        ("method", "depth", "body"),
        [
            ("PROPFIND", "1", b""),
            ("PROPFIND", "infinity", b""),
            ("REPORT", "0", SYNC % b""),
            ("REPORT", "0", b"changes"),
            ("REPORT", "0", b"removals"),
            ("REPORT", "1", EXPAND),
            ("GET", "0", b""),
        ],
    )
    def test_others_go_first_between_pages_and_no_view_is_held_meanwhile(
        self, paced: _Paced, method: str, depth: str, body: bytes
    ) -> None:
        told = COUNT
        if body in (b"changes", b"removals"):
            if body == b"removals":
                for index in range(COUNT):
                    paced.request("DELETE", f"{HOME}{index:02}")
            body = SYNC % paced.token
        elif depth in ("1", "infinity"):
            told = COUNT + 1
        response = paced.request(method, HOME, {"Depth": depth}, body)
        assert paced.paces == []
        assert paced.exchanges[-1].rows <= 9
        assert paced.rows(response) == told
        steps = [after - before for before, after in zip(paced.paces, [*paced.paces[1:], told], strict=True)]
        assert max(steps) <= 4
        assert len(steps) >= 8

    def test_an_answer_on_one_page_waits_for_nobody(self, paced: _Paced) -> None:
        assert paced.rows(paced.request("PROPFIND", HOME + "00", {"Depth": "0"})) == 1
        assert paced.paces == []

    def test_each_page_of_what_belongs_to_nobody_is_read_in_its_own_transaction(self, paced: _Paced) -> None:
        found = paced.request("PROPFIND", "/files/", {"Depth": "0"}, prop("{DAV:}sync-token"))
        token = by_href(paced, found)["/files/"].text("{DAV:}sync-token").encode()

        async def add() -> None:
            async with paced.store.write() as transaction:
                for index in range(20):
                    await provision(transaction, f"user{index:02}", paced.now)

        run(add())
        response = paced.request("REPORT", "/files/", {}, SYNC % token, "user19")
        assert list(by_href(paced, response)) == ["/files/user19/"]
        assert len(paced.paces) >= 3

    def test_removals_that_are_forgotten_meanwhile_are_not_passed_over(self, paced: _Paced) -> None:
        for index in range(COUNT):
            paced.request("DELETE", f"{HOME}{index:02}")
        before = by_href(paced, paced.request("REPORT", HOME, {}, SYNC % paced.token))

        async def sweep() -> None:
            async with paced.store.write() as transaction:
                await transaction.sweep(paced.now, paced.now + 1)

        def forget() -> None:
            paced.between = lambda: None
            run(sweep())

        paced.between = forget
        answers = by_href(paced, paced.request("REPORT", HOME, {}, SYNC % paced.token))
        assert len(before) == COUNT
        assert answers.pop(HOME).status == 507
        assert 0 < len(answers) < COUNT


class TestWhatAnAnswerRestsOn:
    """Verifies: docs/architecture.md, Caches"""

    @pytest.mark.parametrize(
        ("method", "path", "depth", "body", "expected"),
        [
            ("PROPFIND", HOME, "1", prop("{DAV:}getetag", "{DAV:}displayname"), False),
            ("PROPFIND", HOME, "1", prop("{DAV:}sync-token", "{DAV:}owner", "{urn:x}dead"), False),
            ("PROPFIND", HOME, "1", prop("{DAV:}current-user-privilege-set"), False),
            # An entry may be inherited from above the target.
            ("PROPFIND", HOME, "0", prop("{DAV:}acl"), True),
            # Who may be known of depends on groups.
            ("PROPFIND", "/principals/users/", "1", prop("{DAV:}getetag"), True),
            ("PROPFIND", "/files/", "0", prop("{DAV:}getetag"), False),
            ("PROPFIND", HOME, "1", b"", True),
            ("PROPFIND", HOME, "0", prop("{DAV:}lockdiscovery"), True),
            ("PROPFIND", HOME, "0", prop("{DAV:}quota-used-bytes"), True),
            ("PROPFIND", HOME, "infinity", prop("{DAV:}getetag"), True),
            ("PROPFIND", "/principals/users/alice/", "0", prop("{DAV:}displayname"), True),
            ("PROPFIND", "/principals/users/alice/", "0", prop("{DAV:}principal-URL"), False),
            ("REPORT", HOME, "0", SYNC % b"", False),
            ("REPORT", HOME, "0", EXPAND, True),
            ("GET", HOME, "0", b"", False),
        ],
    )
    def test_it_says_whether_that_is_more_than_target_and_members(
        self, paced: _Paced, method: str, path: str, depth: str, body: bytes, expected: bool
    ) -> None:
        paced.read(paced.request(method, path, {"Depth": depth}, body))
        assert paced.exchanges[-1].rests_on_store is expected

    def test_a_condition_on_locks_rests_on_them(self, paced: _Paced) -> None:
        paced.request("GET", HOME + "00", {"If": "(Not <urn:uuid:00000000-0000-0000-0000-000000000000>)"})
        assert paced.exchanges[-1].rests_on_store


class TestSource:
    """Verifies: RFC 4918, 8.2"""

    def test_content_that_was_found_wrong_is_refused_where_it_is_needed(self, paced: _Paced) -> None:
        paced.request("PROPFIND", HOME, {"Depth": "0"})
        exchange = paced.exchanges[-1]
        exchange.content = b"<not looked at"
        exchange.document = HTTPError(400, detail="wrong")
        with pytest.raises(HTTPError) as caught:
            exchange.source
        assert caught.value.status == 400
