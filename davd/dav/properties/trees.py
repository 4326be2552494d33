"""What lies below a collection, as far as the user who asks may know of it.

Implements: RFC 4918, 9.1; RFC 3744, 3
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

Tree: TypeAlias = "list[tuple[tuple[str, ...], Resource]]"
_Walk: TypeAlias = "Callable[[Exchange, IReadTransaction, Resource, int], Awaitable[Tree]]"

# Trees of so many resources are read collection by collection. That takes 3 ms; a store reads larger ones in a thread,
# where a few that do so at once keep the interpreter from all who wait for it.
WALKED = 600
_ROWS = 500


async def below(exchange: Exchange, transaction: IReadTransaction, collection: Resource, room: int) -> Tree:
    """What is below a readable collection, parents before members; at least `room` + 1 when there is more.

    Each resource comes with its path relative to the collection.
    """
    if not collection.owner:
        # Above the homes most of what there is belongs to others, and must not count.
        return await _walk(exchange, transaction, collection, room, below)
    found = await _walk(exchange, transaction, collection, min(room, WALKED))
    if len(found) > WALKED and room > WALKED:
        found = await transaction.descendants(collection.id, room + 1)
    return found


async def _walk(
    exchange: Exchange, transaction: IReadTransaction, collection: Resource, room: int, deeper: _Walk | None = None
) -> Tree:
    """The same for what lies directly below, with what `deeper` finds below that."""
    deeper = deeper or _walk
    found: Tree = []
    after = ""
    while len(found) <= room:
        limit = min(_ROWS, room + 1 - len(found)) if collection.owner else _ROWS
        rows = await transaction.members(collection.id, after, limit)
        for row in await guard.visible(exchange, rows, collection, transaction):
            found.append(((row.name,), row))
            if row.is_collection and len(found) <= room:
                inside = await deeper(exchange, transaction, row, room - len(found))
                found += [((row.name, *path), inner) for path, inner in inside]
        if len(rows) < limit:
            break
        after = rows[-1].name
    return found


class Above:
    """The collections above what was found below the end of `chain`: for some rows, those above them."""

    __slots__ = ("_chain", "_inner")

    def __init__(self, chain: Sequence[Resource], found: Tree) -> None:
        self._chain = chain
        self._inner = {row.id: row for _, row in found if row.is_collection}

    def __call__(self, rows: Sequence[Resource]) -> list[Resource]:
        inner = self._inner
        above: dict[int, Resource] = {}
        for parent in {row.parent_id for row in rows}:
            while parent in inner and parent not in above:
                above[parent] = inner[parent]
                parent = inner[parent].parent_id
        # A row may be above others: it is told once.
        among = {row.id for row in rows}
        return [*self._chain, *[row for id, row in above.items() if id not in among]]
