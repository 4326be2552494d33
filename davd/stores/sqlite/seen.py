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
    that there is no lock at all, and `complete` are collections without tombstones, from which nothing was removed.
    """

    __slots__ = ("complete", "ids", "lockless", "quotas", "rows")

    def __init__(self) -> None:
        self.ids: dict[tuple[int, str], int] = {}
        self.rows: dict[int | None, Resource] = {}
        self.quotas: dict[str, Quota] = {}
        self.lockless = False
        self.complete: set[int] = set()

    def get(self, parent: int, name: str) -> Resource | None:
        """The collection of that name, when it is known."""
        return self.rows.get(self.ids.get((parent, name)))

    def add(self, parent: int, name: str, resource: Resource) -> None:
        """Remember what was read; files are not asked for twice."""
        if resource.type != FILE:
            self.ids[parent, name] = resource.id
            self.rows[resource.id] = resource

    def changed(self, id: int) -> None:
        """The row of a resource changes in something but its place."""
        self.rows.pop(id, None)

    def numbered(self, id: int, revision: int, modified: float | None) -> None:
        """A collection has given a change number. Who has its row keeps it as it was."""
        old = self.rows.get(id)
        if old is not None:
            self.rows[id] = Resource(
                id, old.parent_id, old.name, old.type, old.owner, old.etag, old.content_type, old.content_length,
                old.created, old.modified if modified is None else modified, old.revision, revision, old.blob,
                old.sha256,
            )  # fmt: skip

    def forget(self) -> None:
        """Statements follow that may change anything but the collections, whose changes are told."""
        if self.quotas:
            self.quotas = {}
        self.lockless = False
        if self.complete:
            self.complete = set()

    def clear(self) -> None:
        """Anything may have changed."""
        self.ids.clear()
        self.rows.clear()
        self.forget()
