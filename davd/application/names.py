"""Names of principals, each of which is given once: users, groups, rooms and resources share one space with all homes.

Implements: RFC 3744, 2, 4.2
"""

from __future__ import annotations

from typing import Final

from davd.application.provision import PRINCIPALS, homes_of, principal_of
from davd.interfaces.store import IReadTransaction
from davd.model.principal import GROUP, INDIVIDUAL, RESOURCE, ROOM, SEGMENTS

KINDS: Final = {INDIVIDUAL: "an account", GROUP: "a group", ROOM: "a room", RESOURCE: "a resource"}


async def obstacle(transaction: IReadTransaction, name: str, kind: str) -> str | None:
    """Why a principal of that kind cannot be called `name`, in one sentence; None when it can.

    What a removed principal has left behind is taken over by a new one of its kind alone.
    """
    account = await transaction.account(name)
    if account is not None:
        return f"there is {KINDS[account.kind]} {name} already"
    for other, segment in SEGMENTS.items():
        if other != kind and await principal_of(transaction, name, other) is not None:
            return f"{name} was {KINDS[other]}, of which /{PRINCIPALS}/{segment}/{name}/ is still there"
    if await principal_of(transaction, name, kind) is None and await homes_of(transaction, name):
        return f"there is a home called {name} already"
    return None
