"""What is to be imported: collections, and the objects in them, each with where it was found.

Implements: RFC 4791, 4.1; RFC 6352, 5.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """One object: `where` it was found, for people, its `data`, `uid` and the upper-case name of its `component`.

    `name` is what its file was called, empty for one that was taken out of a larger file. With a `problem`, a sentence,
    it cannot be imported.
    """

    where: str
    data: bytes
    uid: str
    component: str
    name: str = ""
    problem: str = ""


@dataclass(slots=True)
class Source:
    """A collection that was found: `path` is where, `name` what it is called there.

    `kind` is the type of the collection. `items` reads the objects, `count` is about how many there are. `properties`
    are values of dead properties by name in Clark notation, `components` the components that a calendar says it is for.
    `loose` tells that the objects are those of a file, which may go into any collections.
    """

    path: str
    name: str
    kind: str
    items: Callable[[], Iterator[Item]]
    count: int
    properties: dict[str, str] = field(default_factory=dict)
    components: tuple[str, ...] = ()
    loose: bool = False
