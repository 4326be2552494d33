"""Quota as a client reads it.

Verifies: RFC 4331, 2, 3, 4
"""

from __future__ import annotations

import pytest
from zope.interface import implementer, implementer_only

from davd.dav.settings import DavSettings
from davd.interfaces.store import IRoom, IStore
from davd.model.principal import Account
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import Trial, run
from tests.dav.answers import by_href, prop

AVAILABLE = "{DAV:}quota-available-bytes"
USED = "{DAV:}quota-used-bytes"


def quota(made: Trial, path: str) -> tuple[str | None, str]:
    answer = by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(AVAILABLE, USED)))[path]
    return (answer.text(AVAILABLE) if AVAILABLE in answer.found() else None), answer.text(USED)


@pytest.mark.parametrize("path", ["/", "/files/", "/files/alice/", "/files/alice/a"])
def test_room_is_that_of_the_owner_and_above_the_homes_that_of_who_asks(path: str) -> None:
    made = Trial(settings=DavSettings(quota_bytes=100))
    made.request("PUT", "/files/alice/a", {}, b"1234567")
    made.request("PUT", "/files/bob/b", {}, b"of bob", user="bob")
    assert quota(made, path) == ("93", "7")


def test_the_limit_of_the_account_comes_first_and_room_is_never_negative() -> None:
    made = Trial(settings=DavSettings(quota_bytes=100))
    made.request("PUT", "/files/alice/a", {}, b"1234567")

    async def limit() -> None:
        async with made.store.write() as transaction:
            await transaction.update_account(Account("alice", quota=5))

    run(limit())
    assert quota(made, "/files/alice/") == ("0", "7")


@implementer(IRoom)
class _SmallStore(MemoryStore):
    asked = 0

    def free_bytes(self) -> int:
        self.asked += 1
        return 50


def test_the_disk_is_a_limit_too() -> None:
    made = Trial(store=_SmallStore(), settings=DavSettings(reserve_bytes=0))
    assert quota(made, "/files/alice/") == ("50", "0")
    made = Trial(store=_SmallStore(), settings=DavSettings(reserve_bytes=8))
    assert quota(made, "/files/alice/") == ("42", "0")
    made = Trial(store=_SmallStore(), settings=DavSettings(reserve_bytes=51))
    assert quota(made, "/files/alice/") == ("0", "0")
    made = Trial(store=_SmallStore(), settings=DavSettings(quota_bytes=60, reserve_bytes=0))
    made.request("PUT", "/files/alice/a", {}, b"1234567")
    assert quota(made, "/files/alice/") == ("50", "7")
    made.request("PUT", "/files/alice/a", {}, b"1234567" * 3)
    assert quota(made, "/files/alice/") == ("39", "21")


@implementer_only(IStore)
class _BlindStore(MemoryStore):
    """A store that does not know what room there is."""


def test_the_disk_is_asked_once_for_a_page() -> None:
    store = _SmallStore()
    made = Trial(store=store)
    for name in "abcde":
        made.request("PUT", f"/files/alice/{name}")
    made.request("PROPFIND", "/files/alice/", {"Depth": "1"}, prop(AVAILABLE, USED))
    # The target and its members are two pages.
    assert store.asked == 2


def test_memory_has_room_for_something() -> None:
    available, _ = quota(Trial(), "/files/alice/")
    assert int(available or 0) > 1024**2


def test_without_a_limit_there_is_no_number() -> None:
    made = Trial(store=_BlindStore())
    assert quota(made, "/files/alice/") == (None, "0")


def test_allprop_does_not_ask_for_it() -> None:
    made = Trial(settings=DavSettings(quota_bytes=100))
    answer = by_href(made, made.request("PROPFIND", "/files/alice/", {"Depth": "0"}))["/files/alice/"]
    assert AVAILABLE not in answer.statuses()
