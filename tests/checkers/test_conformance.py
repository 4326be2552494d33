"""The checkers that come with davd pass the suite for checkers.

Verifies: docs/architecture.md, Identity
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.trial.unittest import TestCase

from davd.authentication.passwords import Passwords, hash_password
from davd.authentication.settings import AuthenticationSettings
from davd.checkers.accounts import AccountsChecker
from davd.checkers.cred import CredChecker
from davd.checkers.htpasswd import HtpasswdChecker
from davd.interfaces.identity import IChecker
from davd.model.principal import Account
from davd.stores.memory.store import MemoryStore
from davd.testing.checker_conformance import CheckerConformance
from davd.testing.exchange import run

SETTINGS = AuthenticationSettings(argon2_memory_kib=8 * 1024, argon2_iterations=1)


async def _here(work: Callable[[], bool]) -> bool:
    return work()


class AccountsTests(CheckerConformance, TestCase):
    """Verifies: docs/architecture.md, Identity"""

    def make_checker(self) -> IChecker:
        store = MemoryStore()

        async def fill() -> None:
            async with store.write() as transaction:
                await transaction.add_account(Account(self.known, hash_password(SETTINGS, self.password)))
                # An account that another checker proves has no password here.
                await transaction.add_account(Account("carol"))

        run(fill())
        return AccountsChecker(store, Passwords(SETTINGS, _here))

    async def test_an_account_without_a_hash_is_left_to_the_next_checker(self) -> None:
        """LookupError, not a wrong password."""
        with self.assertRaises(LookupError):
            await self.make_checker().check("carol", "")


class HtpasswdTests(CheckerConformance, TestCase):
    """Verifies: docs/architecture.md, Identity"""

    def make_checker(self) -> IChecker:
        path = pathlib.Path(self.mktemp())
        path.write_text(f"{self.known}:{hash_password(SETTINGS, self.password)}\n")
        return HtpasswdChecker(str(path), Passwords(SETTINGS, _here), lambda: 0.0)


class CredTests(CheckerConformance, TestCase):
    """Verifies: docs/architecture.md, Identity"""

    def make_checker(self) -> IChecker:
        return CredChecker(
            InMemoryUsernamePasswordDatabaseDontUse(**{self.known: self.password.encode()})  # type: ignore[no-untyped-call]
        )
