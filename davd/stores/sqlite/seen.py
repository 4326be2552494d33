"""What the blocks of one batch know.

Nobody else writes between BEGIN and COMMIT, so what one block has read holds for the next, until one of them changes
it.
"""

from __future__ import annotations

from davd.model.principal import Quota
from davd.model.resource import FILE, Resource


class Seen:
    """Collections by parent and name, and what else every block that adds a file asks for.

    Whoever changes a row of a collection, or undoes a change, says so here. `quotas` are by owner, `lockless` tells
    that there is no lock at all, `complete` are collections without tombstones, from which nothing was removed, and
    `groups` those of principals by name.
    """

    __slots__ = ("complete", "groups", "lockless", "places", "quotas", "rows")

    def __init__(self) -> None:
        self.places: dict[int, tuple[int, str]] = {}
        self.rows: dict[tuple[int, str], Resource] = {}
        self.quotas: dict[str, Quota] = {}
        self.lockless = False
        self.complete: set[int] = set()
        self.groups: dict[str, frozenset[str]] = {}

    def collection(self, id: int) -> Resource | None:
        """The collection of that id, when it is known."""
        place = self.places.get(id)
        return None if place is None else self.rows[place]

    def add(self, parent: int, name: str, resource: Resource) -> None:
        """Remember what was read; files are not asked for twice."""
        if resource.type != FILE:
            place = (parent, name)
            self.places[resource.id] = place
            self.rows[place] = resource

    def changed(self, id: int) -> None:
        """The row of a resource changes in something but its place."""
        place = self.places.pop(id, None)
        if place is not None:
            del self.rows[place]

    def numbered(self, id: int, revision: int, modified: float | None) -> None:
        """A collection has given a change number. Who has its row keeps it as it was."""
        place = self.places.get(id)
        if place is not None:
            old = self.rows[place]
            self.rows[place] = Resource(
                id, old.parent_id, old.name, old.type, old.owner, old.etag, old.content_type, old.content_length,
                old.created, old.modified if modified is None else modified, old.revision, revision, old.blob,
                old.sha256, old.acl,
            )  # fmt: skip

    def forget(self) -> None:
        """Statements follow that may change anything but the collections, whose changes are told."""
        if self.quotas:
            self.quotas = {}
        self.lockless = False
        if self.complete:
            self.complete = set()
        if self.groups:
            self.groups = {}

    def clear(self) -> None:
        """Anything may have changed."""
        self.places.clear()
        self.rows.clear()
        self.forget()
