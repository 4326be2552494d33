"""A new principal's place in the tree: the principal resource and the homes.

Implements: RFC 3744, 2; RFC 5397, 3
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from davd.interfaces.store import IReadTransaction, ITransaction
from davd.model.errors import HTTPError
from davd.model.principal import GROUP, INDIVIDUAL, SEGMENTS, Account
from davd.model.resource import COLLECTION, PRINCIPAL, Resource

Provision: TypeAlias = "Callable[[ITransaction, str, float], Awaitable[None]]"

PRINCIPALS = "principals"
FILES = "files"

# More collections at the top than extensions bring.
_MOST_AT_THE_TOP = 1000


async def provision(
    transaction: ITransaction,
    name: str,
    now: float,
    provisions: Iterable[Provision] = (),
    kind: str = INDIVIDUAL,
) -> None:
    """Make what is missing of the account, the principal and the homes of `name`; what is there stays as it is.

    `provisions` are those of the extensions; groups have no homes, rooms and resources no files. 403 when `name` is a
    principal of another kind: nobody logs in as a room.
    """
    account = await transaction.account(name)
    if account is None:
        await transaction.add_account(Account(name, created=now, kind=kind))
    elif account.kind != kind:
        raise HTTPError(403, detail=f"{name} is a principal of another kind")
    await _place(transaction, (PRINCIPALS, SEGMENTS[kind], name), PRINCIPAL, now)
    if kind == INDIVIDUAL:
        await _place(transaction, (FILES, name), COLLECTION, now)
    if kind != GROUP:
        for make in provisions:
            await make(transaction, name, now)


async def _place(transaction: ITransaction, path: tuple[str, ...], type: str, now: float) -> None:
    """Make the resource at `path` for the principal it is named after, in collections that belong to nobody."""
    chain = await transaction.resolve(path)
    while len(chain) < len(path):
        chain.append(await transaction.create(chain[-1], path[len(chain) - 1], COLLECTION, "", now))
    if len(chain) == len(path):
        await transaction.create(chain[-1], path[-1], type, path[-1], now)


async def principal_of(transaction: IReadTransaction, name: str, kind: str) -> Resource | None:
    """The principal resource of `name`, if it is one of that kind."""
    chain = await transaction.resolve((PRINCIPALS, SEGMENTS[kind], name))
    return chain[-1] if len(chain) == 4 else None


async def homes_of(transaction: IReadTransaction, name: str) -> list[Resource]:
    """All homes called `name`: what is so called in the collections at the top but that of principals."""
    top = (await transaction.resolve(()))[0]
    found = []
    for collection in await transaction.members(top.id, "", _MOST_AT_THE_TOP):
        if collection.name == PRINCIPALS:
            continue
        chain = await transaction.resolve((collection.name, name))
        if len(chain) == 3:
            found.append(chain[-1])
    return found
