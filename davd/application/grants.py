"""The end of what was granted to a principal that is no more, so that a new one of that name does not get it.

Implements: RFC 3744, 5.5
"""

from __future__ import annotations

from davd.interfaces.store import IReadTransaction, ITransaction
from davd.model.acl import NAME, parse, write

_ROWS = 1000


async def granted_to(transaction: IReadTransaction, name: str) -> list[int]:
    """The ids of all resources with an entry for the principal called `name`; the whole tree is looked through."""
    found = []
    ahead = [(await transaction.resolve(()))[0]]
    while ahead:
        resource = ahead.pop()
        if resource.acl and any(entry.principal == NAME + name for entry in parse(resource.acl)):
            found.append(resource.id)
        if not resource.is_collection:
            continue
        after = ""
        while True:
            members = await transaction.members(resource.id, after, _ROWS)
            ahead += members
            if len(members) < _ROWS:
                break
            after = members[-1].name
    return found


async def withdraw(transaction: ITransaction, name: str, ids: list[int], now: float) -> None:
    """Take the entries for `name` from the resources with these ids, as far as they are still there."""
    for id in ids:
        resource = await transaction.resource(id)
        if resource is not None:
            entries = tuple([entry for entry in parse(resource.acl) if entry.principal != NAME + name])
            await transaction.set_acl(resource, write(entries), now)
