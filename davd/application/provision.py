"""A new user's place in the tree: the principal and the homes.

Implements: RFC 3744, 2; RFC 5397, 3
"""

from __future__ import annotations

from davd.interfaces.store import ITransaction
from davd.model.principal import Account
from davd.model.resource import COLLECTION, PRINCIPAL, Resource

HOME_PARENTS = (("files",),)
USERS = ("principals", "users")


async def provision(transaction: ITransaction, name: str, now: float) -> None:
    """Make what is missing of the account, the principal and the homes of `name`; what is there stays as it is."""
    if await transaction.account(name) is None:
        await transaction.add_account(Account(name, created=now))
    await _member(transaction, USERS, name, PRINCIPAL, now)
    for parent in HOME_PARENTS:
        await _member(transaction, parent, name, COLLECTION, now)


async def _member(transaction: ITransaction, parent: tuple[str, ...], name: str, type: str, now: float) -> Resource:
    chain = await transaction.resolve((*parent, name))
    if len(chain) == len(parent) + 2:
        return chain[-1]
    if len(chain) != len(parent) + 1:
        raise RuntimeError(f"the collection /{'/'.join(parent)} is missing")
    return await transaction.create(chain[-1], name, type, name, now)
