"""Homes: what an extension gives to each principal, in a collection at the top that is called alike for all.

Implements: RFC 4791, 6.2.1; RFC 6352, 7.1.1
"""

from __future__ import annotations

from davd.interfaces.store import ITransaction
from davd.model.resource import COLLECTION, Resource


async def make_home(transaction: ITransaction, parent: str, name: str, now: float) -> Resource | None:
    """The home of `name` in the top-level collection `parent`, which is made too; None when it was there already."""
    chain = await transaction.resolve((parent, name))
    if len(chain) == 3:
        return None
    above = chain[1] if len(chain) == 2 else await transaction.create(chain[0], parent, COLLECTION, "", now)
    home: Resource = await transaction.create(above, name, COLLECTION, name, now)
    return home
