"""App passwords, as the admin plane lists, makes and revokes them.

Implements: docs/operate/monitoring.md, JSON API; docs/operate/operate.md, App passwords
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from davd.authentication.app_passwords import AppPasswordError, issue, revoke
from davd.authentication.settings import AuthenticationSettings
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.principal import INDIVIDUAL, AppPassword
from davd.stores.transactions import transact


class AppPasswords:
    """The app passwords of the accounts of a store. `settings` gives those in force, `now` POSIX seconds.

    What cannot be done is an HTTPError whose detail is a sentence.
    """

    def __init__(self, store: IStore, settings: Callable[[], AuthenticationSettings], now: Callable[[], float]) -> None:
        self._store = store
        self._settings = settings
        self._now = now

    async def all(self, name: str) -> list[dict[str, Any]]:
        """Those of a user, the oldest first; HTTPError 404."""
        async with self._store.read() as view:
            await _require(view, name)
            return [told(password, self._now()) for password in await view.app_passwords(name)]

    async def create(self, name: str, label: str, expires: float | None) -> dict[str, Any]:
        """Make one that ends at a POSIX time, or not by itself; the only time that its `password` is told.

        HTTPError 404, 409 when the user has as many as there may be, 422.
        """

        async def make(transaction: ITransaction) -> tuple[AppPassword, str]:
            await _require(transaction, name)
            return await issue(transaction, name, label, expires, self._settings(), self._now())

        try:
            made, password = await transact(self._store, make)
        except AppPasswordError as error:
            raise HTTPError(409 if error.full else 422, detail=str(error)) from None
        return {**told(made, self._now()), "password": password}

    async def revoke(self, name: str, id: str | None) -> int:
        """End one of a user, or for None all of them; how many there were. HTTPError 404."""

        async def end(transaction: ITransaction) -> int:
            await _require(transaction, name)
            return len(await revoke(transaction, name, id))

        try:
            return await transact(self._store, end)
        except KeyError:
            raise HTTPError(404, detail=f"{name} has no app password {id}") from None


def told(password: AppPassword, now: float) -> dict[str, Any]:
    """What is told of an app password."""
    return {
        "id": password.id,
        "label": password.label,
        "created": password.created,
        "last_used": password.last_used,
        "expires": password.expires,
        "expired": password.expired(now),
    }


async def _require(view: IReadTransaction, name: str) -> None:
    account = await view.account(name)
    if account is None or account.kind != INDIVIDUAL:
        raise HTTPError(404, detail=f"there is no account {name}")
