"""One entry of the trash of a memory store.

Implements: RFC 4918, 9.6, 9.7
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.model.index import ObjectIndex
from davd.model.resource import Resource
from davd.model.trash import ROW_BYTES, Trashed


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry: its resources as they were, the first of them at the top, and what belonged to them, by id.

    `collection` is the id of the collection that it was in, `path` where that was. Nothing of it is ever changed.
    """

    collection: int
    path: tuple[str, ...]
    deleted: float
    reason: str
    resources: tuple[Resource, ...]
    contents: dict[int, bytes]
    properties: dict[int, dict[str, bytes]]
    indexes: dict[int, ObjectIndex]

    @property
    def root(self) -> Resource:
        """The resource at the top."""
        return self.resources[0]

    @property
    def bytes(self) -> int:
        """What the entry counts for."""
        return sum(each.content_length + ROW_BYTES for each in self.resources)

    def told(self, id: int, collection: tuple[str, ...] | None) -> Trashed:
        """What is told of the entry; `collection` is the path of its collection now, None when that is gone."""
        root = self.root
        place = (*(collection or self.path), root.name)
        index = self.indexes.get(root.id)
        return Trashed(
            id, place, root.name, root.owner, root.etag, self.deleted, self.reason, root.type, len(self.resources),
            self.bytes, "" if index is None else index.uid, self.collection,
        )  # fmt: skip
