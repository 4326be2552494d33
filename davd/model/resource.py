"""A stored resource, as every floor sees it.

Implements: RFC 4918, 5, 15
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from davd.model.index import ObjectIndex

COLLECTION: Final = "collection"
FILE: Final = "file"
PRINCIPAL: Final = "principal"


@dataclass(slots=True)
class Resource:
    """One node of the tree: a file, a collection, a principal.

    `id` is never used again. `parent_id` is None for the root only. `type` is `COLLECTION`, `FILE`, `PRINCIPAL` or the
    name of a collection type that an extension brings (`calendar`); every type except `FILE` is a collection for
    RFC 4918. `owner` is the name of the principal whose resource this is, empty above the homes. `etag` is strong, with
    its quotes, and empty for collections. `content_length` is in bytes, `created` and `modified` are POSIX seconds in
    UTC. `revision` is the change number under which the resource's state was last logged in its parent collection.
    `sync_revision` is the newest change number among a collection's own members (0 for files): it is the collection's
    ctag and what its sync token carries. `blob` names the blob that holds the content, None when the row holds it.
    `sha256` is the hexadecimal digest of the content, empty for collections. `acl` are the access control entries of
    the resource itself as `davd.model.acl` writes them, empty for none.
    """

    id: int
    parent_id: int | None
    name: str
    type: str
    owner: str
    etag: str
    content_type: str
    content_length: int
    created: float
    modified: float
    revision: int
    sync_revision: int
    blob: str | None
    sha256: str
    acl: str = ""

    @property
    def is_collection(self) -> bool:
        """Whether the resource can have members."""
        return self.type != FILE


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a collection's change log: the member `name` changed, or went, under `revision`."""

    name: str
    revision: int
    removed: bool


@dataclass(slots=True)
class NewContent:
    """Content that has been received and is about to be stored.

    Exactly one of `data` and `blob` is set: `data` is the content itself, `blob` the name of a blob that is already
    durable. `length` is in bytes, `sha256` the hexadecimal digest. `index` is what the store is to know of the object
    that the content is, None for plain files. `content_type` is the media type under which the collection it goes to
    keeps it, None for the one that came with it. `examined` is what that collection has found out about it beforehand.
    """

    length: int
    sha256: str
    data: bytes | None = None
    blob: str | None = None
    index: ObjectIndex | None = None
    content_type: str | None = None
    examined: object = None
