"""Whether each file has the content it had.

Implements: RFC 4918, 8.6
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Final

import apsw

from davd.stores.blobs import FileBlobs
from davd.stores.sqlite import rows
from davd.stores.sqlite.problems import Check, Problem, Repair
from davd.stores.sqlite.trash import REFERENCE

_BACKUP: Final = "restore it from a backup, or upload it again"
_PIECE: Final = 1 << 20
_BLOBS: Final = (
    "SELECT blob, min(id), content_length, sha256 FROM (SELECT blob, id, content_length, sha256 FROM resource"
    " UNION ALL SELECT blob, NULL, content_length, sha256 FROM trash"
    " UNION ALL SELECT blob, NULL, content_length, sha256 FROM trash_member) WHERE blob IS NOT NULL"
    " GROUP BY blob, content_length, sha256"
)


def rows_of_content(connection: apsw.Connection) -> Iterator[Problem]:
    """Contents in rows: there, of the recorded length and digest."""
    for id, length, sha256, data in connection.execute(
        "SELECT id, content_length, sha256, CAST(data AS BLOB) FROM resource LEFT JOIN content ON resource_id = id"
        " WHERE type = 'file' AND blob IS NULL"
    ):
        if data is None:
            yield Problem(f"{_place(connection, id)} has no content", _BACKUP)
        elif hashlib.sha256(data).hexdigest() != sha256:
            yield Problem(f"the content of {_place(connection, id)} is not what was stored", _BACKUP)
        elif len(data) != length:
            yield _length(connection, id, len(data))
    for (id,) in connection.execute(
        "SELECT resource_id FROM content JOIN resource ON id = resource_id WHERE type <> 'file' OR blob IS NOT NULL"
    ):
        yield Problem(f"{_place(connection, id)} has a row of content that it does not use", "look at it")


def _place(connection: apsw.Connection, id: int) -> str:
    path = rows.segments(connection, id)
    return f"resource {id}" if path is None else "/" + "/".join(path)


def _length(connection: apsw.Connection, id: int, length: int) -> Problem:
    def mend(repair: Repair) -> None:
        parent = repair.connection.execute("SELECT parent_id FROM resource WHERE id = ?", (id,)).fetchone()
        if parent is not None:
            repair.connection.execute(
                "UPDATE resource SET content_length = ?, revision = ? WHERE id = ?",
                (length, repair.revision(parent[0]), id),
            )

    return Problem(f"the recorded length of {_place(connection, id)} is wrong", f"set it to {length}", mend)


def blobs_of(blobs: FileBlobs, connect: Callable[[], apsw.Connection]) -> Check:
    """A check of the blobs: those referred to are there and whole, and there are no others."""

    def check(connection: apsw.Connection) -> Iterator[Problem]:
        # Listed before the references are, so that a blob referred to meanwhile is not taken for a lost one.
        names = set(blobs.names())
        present = connect()
        try:
            for name, id, length, sha256 in connection.execute(_BLOBS):
                names.discard(str(name))
                wrong = _wrong(blobs, str(name), length, str(sha256))
                # The file may have been replaced since the view of the store was taken.
                if wrong and present.execute(REFERENCE, (name,)).fetchone():
                    place = "something in the trash" if id is None else _place(connection, id)
                    yield Problem(f"the content of {place} (blob {name}) {wrong}", _BACKUP)
            yield from _lost(blobs, names, present)
        finally:
            present.close()

    return check


def _wrong(blobs: FileBlobs, name: str, length: int, sha256: str) -> str:
    """What is wrong with a blob; empty when nothing is."""
    try:
        descriptor, size = blobs.open(name)
    except KeyError:
        return "is missing"
    try:
        if size != length:
            return f"has {size} bytes instead of {length}"
        state = hashlib.sha256()
        while piece := os.read(descriptor, _PIECE):
            state.update(piece)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    finally:
        os.close(descriptor)
    return "" if state.hexdigest() == sha256 else "is not what was stored"


def _lost(blobs: FileBlobs, names: set[str], present: apsw.Connection) -> Iterator[Problem]:
    """Blobs that nothing refers to, and temporary files, unless somebody may be about to use them."""
    now = time.time()
    for name in sorted(names):
        if blobs.forgotten(name, now) and not present.execute(REFERENCE, (name,)).fetchone():

            def mend(repair: Repair, name: str = name) -> None:
                if not repair.connection.execute(REFERENCE, (name,)).fetchone():
                    repair.blobs.delete(name)

            yield Problem(f"nothing refers to the blob {name}", "remove it", mend)
    for path in blobs.temporary(now):

        def remove(repair: Repair, path: str = path) -> None:
            os.unlink(path)

        yield Problem(f"the temporary file {path} was left behind", "remove it", remove)
