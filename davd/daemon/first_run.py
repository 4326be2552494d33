"""What a data folder needs before the first start, made once and kept."""

from __future__ import annotations

import os
from collections.abc import Sequence

from davd.application.provision import provision
from davd.authentication.passwords import hash_password, random_password
from davd.authentication.settings import AuthenticationSettings
from davd.interfaces.store import IStore, ITransaction, StoreError
from davd.model.principal import INDIVIDUAL, Account
from davd.stores.transactions import transact

ADMIN = "admin"


def make_folder(path: str) -> None:
    """Make the data folder, readable by its owner alone; StoreError with one sentence when that fails."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"the data folder {path} is no folder") from None
    except OSError as error:
        raise StoreError(f"cannot make the data folder {path}: {error.strerror}") from None
    if not os.path.isdir(path) or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(f"the data folder {path} cannot be written by this user")


async def first_account(store: IStore, settings: AuthenticationSettings, now: float) -> str | None:
    """Add the account `admin` when there is no user at all, and nothing else is called so.

    Its new random password, or None when it was not added.
    """
    async with store.read() as view:
        if _has_users(await view.accounts()):
            return None
    password = random_password()
    account = Account(ADMIN, hash_password(settings, password), display_name="Administrator", created=now)

    async def add(transaction: ITransaction) -> bool:
        if _has_users(await transaction.accounts()):
            return False
        await transaction.add_account(account)
        await provision(transaction, ADMIN, now)
        return True

    return password if await transact(store, add) else None


def _has_users(accounts: Sequence[Account]) -> bool:
    return any(account.kind == INDIVIDUAL or account.name == ADMIN for account in accounts)
