"""What an answer about a resource rests on, as one value.

Implements: RFC 4918, 15; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from davd.model.resource import Resource

Version = tuple[int | str, ...]


# So many member collections are looked at and no more: it must not take longer than the answer itself.
MOST_COLLECTIONS: Final = 1000


def version(chain: Sequence[Resource], counters: tuple[int, int, int] | None) -> Version | None:
    """The version of the last resource of a chain; see `IReadTransaction.version`.

    Each change of a row or of dead properties takes a change number of the collection that holds it, so the numbers
    along the chain tell of the resource itself, and its own counter of all its members. `counters` are what only an
    answer about members needs: the change number up to which removals have been forgotten, how many member
    collections there are, and the sum of their counters. None of these ever decreases while the set of members, which
    the resource's own counter covers, stays the same; so an equal sum means that each of them is equal.
    """
    if counters is not None and counters[1] > MOST_COLLECTIONS:
        return None
    values: list[int | str] = []
    for resource in chain:
        values += (resource.id, resource.name, resource.owner, resource.revision)
    values += (resource.etag, resource.sync_revision)
    if counters is not None:
        values += counters
    return tuple(values)


def of_levels(levels: Sequence[tuple[int, int]]) -> Version | None:
    """What is inside of a collection; see `IReadTransaction.inside`.

    `levels` tell of each level below it how many collections there are, and the sum of their counters. While a level
    has the same collections none of their counters decreases, so an equal sum means that each is equal, and then the
    next level has the same collections.
    """
    if sum([count for count, _ in levels]) > MOST_COLLECTIONS:
        return None
    return tuple([number for level in levels for number in level])
