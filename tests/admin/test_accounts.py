"""Accounts of the admin plane.

Verifies: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import pytest

from davd.admin.accounts import Accounts
from davd.interfaces.store import ITransaction
from davd.model.resource import FILE
from davd.stores.memory.store import MemoryStore
from davd.stores.transactions import transact
from davd.testing.exchange import run
from davd.testing.store_life import new_content


async def _hash(password: str) -> str:
    return f"hash of {len(password)}"


class TestRemove:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    @pytest.mark.parametrize("delete_data", [True, False])
    def test_what_is_deleted_with_an_account_is_not_in_the_trash(self, delete_data: bool) -> None:
        store = MemoryStore()
        accounts = Accounts(store, (), _hash, lambda: 100.0)
        run(accounts.create("alice", "a long password", "", ""))

        async def change(transaction: ITransaction) -> None:
            home = (await transaction.resolve(("files", "alice")))[-1]
            made = await transaction.create(home, "note", FILE, "alice", 100.0, new_content(b"x"))
            await transaction.delete(made, 100.0)

        run(transact(store, change))
        run(accounts.remove("alice", delete_data))

        async def left() -> tuple[int, int]:
            async with store.read() as view:
                return len(await view.trash("alice", 0.0, 1000, 10)), len(await view.resolve(("files", "alice")))

        assert run(left()) == ((0, 2) if delete_data else (1, 3))
