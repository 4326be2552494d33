"""Accounts in davd's own store."""

from __future__ import annotations

from collections.abc import Hashable

from zope.interface import implementer

from davd.authentication.passwords import Passwords
from davd.interfaces.identity import IChecker
from davd.interfaces.store import IStore


@implementer(IChecker)
class AccountsChecker:
    """Proves the accounts that `davctl user` keeps."""

    name = "accounts"

    def __init__(self, store: IStore, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def start(self) -> None:
        """Nothing to get ready."""

    async def stop(self) -> None:
        """Nothing to release."""

    async def check(self, name: str, password: str) -> str | None:
        """The name when the password fits; LookupError for unknown names and accounts proven elsewhere."""
        async with self._store.read() as transaction:
            account = await transaction.account(name)
        if account is None or not account.password_hash:
            raise LookupError(name)
        return name if await self._passwords.verify(account.password_hash, password) else None

    def generation(self) -> Hashable:
        """Any commit may have changed a password."""
        return self._store.generation()

    async def stamp(self, name: str) -> Hashable:
        """The stored hash: a success stands while it is the same."""
        async with self._store.read() as transaction:
            account = await transaction.account(name)
        return None if account is None else account.password_hash or None
