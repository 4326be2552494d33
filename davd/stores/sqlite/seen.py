"""Collections that the blocks of one batch have met.

Nobody else writes between BEGIN and COMMIT, so what one block has read of a collection holds for the next, until one of
them changes it.
"""

from __future__ import annotations

from davd.model.resource import FILE, Resource


class Seen:
    """Collections by parent and name. Whoever changes a row, or undoes a change, says so here."""

    __slots__ = ("ids", "rows")

    def __init__(self) -> None:
        self.ids: dict[tuple[int, str], int] = {}
        self.rows: dict[int | None, Resource] = {}

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

    def clear(self) -> None:
        """Anything may have changed."""
        self.ids.clear()
        self.rows.clear()
