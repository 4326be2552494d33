"""Accounts, as the admin plane lists and changes them.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Any, Final

from davd.application.names import obstacle
from davd.application.provision import Provision, homes_of, principal_of, provision
from davd.authentication.app_passwords import named_in
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.principal import DISABLED, INDIVIDUAL, Account
from davd.stores.emptying import empty
from davd.stores.transactions import transact

MAX_NAME_BYTES: Final = 64
SHORTEST_PASSWORD: Final = 8

Hash = Callable[[str], Awaitable[str]]


class Accounts:
    """The accounts of a store. `hash` makes the hash of a password, `now` gives POSIX seconds.

    What cannot be done is an HTTPError whose detail is a sentence.
    """

    def __init__(self, store: IStore, provisions: Sequence[Provision], hash: Hash, now: Callable[[], float]) -> None:
        self._store = store
        self._provisions = provisions
        self._hash = hash
        self._now = now

    def reconfigure(self, provisions: Sequence[Provision]) -> None:
        """Give users that are made from now on these homes."""
        self._provisions = provisions

    async def all(self) -> list[dict[str, Any]]:
        """All users."""
        async with self._store.read() as view:
            return [
                _told(account, await view.quota(account.name))
                for account in await view.accounts()
                if account.kind == INDIVIDUAL
            ]

    async def show(self, name: str) -> dict[str, Any]:
        """One user; HTTPError 404."""
        async with self._store.read() as view:
            return _told(await _existing(view, name), await view.quota(name))

    async def create(self, name: str, password: str, email: str, display_name: str) -> dict[str, Any]:
        """Add a user with its homes; HTTPError 409 when the name is taken, 422 when it or the password cannot be."""
        name = unicodedata.normalize("NFC", name)
        _check_name(name)
        account = Account(name, await self._hashed(password), email, display_name, created=self._now())

        async def make(transaction: ITransaction) -> None:
            sentence = await obstacle(transaction, name, INDIVIDUAL)
            if sentence is not None:
                raise HTTPError(409, detail=sentence)
            await transaction.add_account(account)
            await provision(transaction, name, account.created, self._provisions)

        await transact(self._store, make)
        return await self.show(name)

    async def remove(self, name: str, delete_data: bool) -> None:
        """Remove a user, what was granted to it, and with `delete_data` all it has; HTTPError 404."""
        now = self._now()

        async def drop(transaction: ITransaction) -> None:
            await _existing(transaction, name)
            await transaction.remove_account(name)
            if delete_data:
                for resource in [await principal_of(transaction, name, INDIVIDUAL), *await homes_of(transaction, name)]:
                    if resource is not None and resource.owner == name:
                        await transaction.delete(resource, now)

        await transact(self._store, drop)
        if delete_data:
            # It cannot be undone, as the page says: nothing of it stays in the trash, nor what was there before.
            await empty(self._store, name, inf)

    async def change(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Give a user another `email`, `display_name`, `quota` (bytes, None for the default), or (un)`disabled`."""

        async def put(transaction: ITransaction) -> None:
            account = await _existing(transaction, name)
            for key in ("email", "display_name", "quota"):
                if key in changes:
                    setattr(account, key, changes[key])
            if "disabled" in changes:
                plain = account.password_hash.removeprefix(DISABLED)
                account.password_hash = DISABLED + plain if changes["disabled"] else plain
            await transaction.update_account(account)

        await transact(self._store, put)
        return await self.show(name)

    async def set_password(self, name: str, password: str) -> None:
        """Give a user another password, which lets it log in again if it was disabled; HTTPError 404, 422."""
        made = await self._hashed(password)

        async def put(transaction: ITransaction) -> None:
            account = await _existing(transaction, name)
            account.password_hash = made
            await transaction.update_account(account)

        await transact(self._store, put)

    async def _hashed(self, password: str) -> str:
        password = unicodedata.normalize("NFC", password)
        if len(password) < SHORTEST_PASSWORD:
            raise HTTPError(422, detail=f"a password has at least {SHORTEST_PASSWORD} characters")
        if named_in(password) is not None:
            raise HTTPError(422, detail="an app password is never taken for the account's own")
        return await self._hash(password)


async def _existing(view: IReadTransaction, name: str) -> Account:
    account = await view.account(name)
    if account is None or account.kind != INDIVIDUAL:
        raise HTTPError(404, detail=f"there is no account {name}")
    return account


def _check_name(name: str) -> None:
    if (
        not name
        or len(name.encode()) > MAX_NAME_BYTES
        or name in (".", "..")
        or any(sign in '/\\:"' or not sign.isprintable() or sign.isspace() for sign in name)
    ):
        raise HTTPError(
            422, detail=f"an account name has 1 to {MAX_NAME_BYTES} bytes and no spaces, slashes, colons or quotes"
        )


def _told(account: Account, quota: Any) -> dict[str, Any]:
    return {
        "name": account.name,
        "email": account.email,
        "display_name": account.display_name,
        "created": account.created,
        "disabled": account.disabled,
        "own_password": bool(account.password_hash),
        "quota": {"used": quota.used, "limit": quota.limit},
    }
