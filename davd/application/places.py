"""Names in collections: who has one, and which one is free.

Implements: RFC 4918, 5.2
"""

from __future__ import annotations

from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource


async def member(view: IReadTransaction, collection: int, name: str) -> Resource | None:
    """The member of a collection that is called `name`."""
    path = await view.segments(collection)
    _, found = await view.resolve_members(path or (), [name])
    one: Resource | None = found.get(name)
    return one


async def free_name(view: IReadTransaction, collection: int, name: str) -> str:
    """`name`, or the same with a number, so that no member of the collection is called so."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    number, free = 1, name
    while await member(view, collection, free) is not None:
        number += 1
        free = f"{stem} ({number}){dot}{ending}"
    return free
