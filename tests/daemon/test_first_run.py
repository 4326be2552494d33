"""The first account of a new store.

Verifies: docs/architecture.md, Identity
"""

from __future__ import annotations

import re

from davd.authentication.settings import AuthenticationSettings
from davd.daemon.first_run import ADMIN, first_account
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import run


class TestFirstAccount:
    """Verifies: docs/architecture.md, Identity"""

    def test_the_password_can_be_given_on_any_command_line(self) -> None:
        passwords = [run(first_account(MemoryStore(), AuthenticationSettings(), 1.0)) for _ in range(8)]
        assert all(re.fullmatch("[A-Za-z2-9]{20}", password or "") for password in passwords)
        assert len(set(passwords)) == 8

    def test_it_is_made_once(self) -> None:
        store = MemoryStore()
        assert run(first_account(store, AuthenticationSettings(), 1.0)) is not None
        assert run(first_account(store, AuthenticationSettings(), 2.0)) is None

        async def names() -> list[str]:
            async with store.read() as view:
                return [account.name for account in await view.accounts()]

        assert run(names()) == [ADMIN]
