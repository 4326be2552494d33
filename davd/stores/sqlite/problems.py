"""What a check finds, with the way to mend it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import apsw

from davd.model.resource import COLLECTION, FILE, Resource
from davd.stores.etag import etag
from davd.stores.sqlite import accounts, rows, trees
from davd.stores.sqlite.numbers import Numbers

if TYPE_CHECKING:
    from davd.stores.blobs import FileBlobs

RECOVERED: Final = "recovered"


@dataclass(slots=True)
class Repair:
    """What mending works with: the writer inside a transaction, fresh numbers, the time, and the blobs."""

    connection: apsw.Connection
    number: Numbers
    now: float
    blobs: FileBlobs

    def revision(self, collection: int) -> int:
        """Take the next change number of a collection."""
        execute = self.connection.execute
        execute("UPDATE resource SET sync_revision = sync_revision + 1 WHERE id = ?", (collection,))
        revision: int = execute("SELECT sync_revision FROM resource WHERE id = ?", (collection,)).get
        return revision

    def recovered(self) -> int:
        """The collection `/recovered`, which belongs to nobody, made when it is missing."""
        row = self.connection.execute(rows.BY_NAME, (rows.ROOT, RECOVERED)).fetchone()
        if row is not None:
            return int(row[0])
        id = self.number()
        trees.insert(
            self.connection,
            Resource(
                id, rows.ROOT, RECOVERED, COLLECTION, "", "", "", 0, self.now, self.now, self.revision(rows.ROOT), 0,
                None, "",
            ),
        )  # fmt: skip
        return id

    def recover(self, id: int, name: str) -> None:
        """Put a resource that has lost its place into `/recovered`."""
        collection = self.recovered()
        self.connection.execute(
            "UPDATE resource SET parent_id = ?, name = ?, revision = ? WHERE id = ?",
            (collection, f"{id} {name}".replace("/", "_"), self.revision(collection), id),
        )

    def add_file(self, id: int, data: bytes) -> None:
        """Make content that has lost its resource a file in `/recovered`."""
        collection = self.recovered()
        sha256 = hashlib.sha256(data).hexdigest()
        trees.insert(
            self.connection,
            Resource(
                id, collection, f"{id}", FILE, "", etag(sha256, self.number()), "application/octet-stream", len(data),
                self.now, self.now, self.revision(collection), 0, None, sha256,
            ),
        )  # fmt: skip
        accounts.use(self.connection, "", len(data))


Mend = Callable[[Repair], None]


@dataclass(slots=True)
class Problem:
    """`what` is wrong, what the `remedy` is, and the call that applies it; None when a person has to.

    What is found in a view of the store may have changed when it is mended, so `mend` looks again.
    """

    what: str
    remedy: str
    mend: Mend | None = None


Check = Callable[[apsw.Connection], Iterator[Problem]]
