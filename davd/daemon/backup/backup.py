"""Making a restore point of a store that is in use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final

import apsw

from davd.daemon.backup.durable import remove_database
from davd.daemon.backup.manifest import Manifest
from davd.daemon.backup.target import Target
from davd.interfaces.store import StoreError
from davd.stores.blobs import FileBlobs
from davd.stores.sqlite.connection import connect
from davd.stores.sqlite.migrate import APPLICATION_ID, migrations, refusals
from davd.stores.sqlite.store import SQLiteStore
from davd.stores.threads import run_here

# The database is kept in pieces of so many bytes, four of its pages: see docs/adr/0015-backup.md.
PIECE_BYTES: Final = 16 * 1024

# What of a data folder is kept beside the store: the certificate that clients have come to trust.
FILES: Final = ("certificate.pem", "key.pem")

# All blobs that a database refers to, with the digest and the length of each.
BLOBS: Final = (
    "SELECT blob, sha256, content_length FROM resource WHERE blob IS NOT NULL"
    " UNION SELECT blob, sha256, content_length FROM trash WHERE blob IS NOT NULL"
    " UNION SELECT blob, sha256, content_length FROM trash_member WHERE blob IS NOT NULL ORDER BY 2"
)

# Told of how far it has come: what is done, and of how much.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """What a backup has made: the restore point, what was new in it, and how long it took."""

    manifest: Manifest
    new_objects: int
    new_bytes: int
    seconds: float


def back_up(store: SQLiteStore, target: Target, progress: Progress) -> Made:
    """Make a restore point of `store`, which need not be started; others may read and write it meanwhile.

    StoreError when there is no store of this davd's schema, or when another davctl writes to the target.
    """
    began = time.monotonic()
    before = target.new_objects, target.new_bytes
    copy = os.path.join(target.temporary, "database")
    if not os.path.exists(store.path):
        raise StoreError(f"there is no store in {store.folder}")
    blobs = FileBlobs(store.blobs.folder, run_here, _failed)
    with target.locked(True), blobs.held():
        # Nothing is removed from the blobs from now on, so all that the copy is going to refer to is there.
        now = time.time()
        _copy(store, copy, progress)
        connection = apsw.Connection(copy, apsw.SQLITE_OPEN_READONLY)
        try:
            missing, digests, length = _add_blobs(connection, blobs, target, progress)
            counts = _counts(connection)
            epoch: str = connection.execute("SELECT epoch FROM store").get
        finally:
            connection.close()
        pieces, whole, size = _add_pieces(copy, target, progress)
        remove_database(copy)
        packed = b"".join(digests)
        manifest = Manifest(
            davd=version("davd"),
            schema=len(migrations()),
            epoch=epoch,
            time=now,
            database=whole,
            database_bytes=size,
            piece_bytes=PIECE_BYTES,
            pieces=sha256(pieces).hexdigest(),
            blobs=sha256(packed).hexdigest(),
            blob_count=len(digests),
            blob_bytes=length,
            missing=missing,
            files=_add_files(store.folder, target),
            **counts,
        )
        target.add_point(manifest, pieces, packed)
    made = target.new_objects - before[0], target.new_bytes - before[1]
    return Made(manifest, *made, time.monotonic() - began)


def _failed(reason: str) -> None:
    raise StoreError(reason)


def _copy(store: SQLiteStore, path: str, progress: Progress) -> None:
    """Copy the database as it is at one moment, by SQLite's own means, into a file for now."""
    with refusals(store.path):
        source = connect(store.path, store.settings)
        try:
            source.pragma("query_only", True)
            if source.pragma("application_id") != APPLICATION_ID:
                raise StoreError(f"{store.path} is not a store of davd")
            if source.pragma("user_version") != len(migrations()):
                raise StoreError(f"{store.path} has another schema than this davd's; see davctl migrate")
            # Inside a transaction the backup sees one state, however much is committed meanwhile.
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM store").fetchone()
            copy = apsw.Connection(path)
            try:
                copy.pragma("synchronous", 0)
                copy.pragma("journal_mode", "off")
                with copy.backup("main", source, "main") as backup:
                    while not backup.done:
                        backup.step(2000)
                        progress("database", backup.page_count - backup.remaining, backup.page_count)
            finally:
                copy.close()
        finally:
            source.close()


def _add_blobs(
    connection: apsw.Connection, blobs: FileBlobs, target: Target, progress: Progress
) -> tuple[list[str], list[bytes], int]:
    """Add all blobs that the database refers to; gives those that are lost, the digests of all, and their bytes."""
    missing: list[str] = []
    digests: list[bytes] = []
    length = 0
    rows: list[Any] = connection.execute(BLOBS).fetchall()
    for done, (name, digest, size) in enumerate(rows):
        if digests and digests[-1].hex() == digest and digest not in missing:
            continue
        progress("contents", done, len(rows))
        if not target.has(digest) and not _add_blob(name, digest, blobs, target):
            missing.append(digest)
            continue
        digests.append(bytes.fromhex(digest))
        length += size
    return sorted(set(missing) - {digest.hex() for digest in digests}), sorted(set(digests)), length


def _add_blob(name: str, digest: str, blobs: FileBlobs, target: Target) -> bool:
    try:
        descriptor, _ = blobs.open(name)
    except KeyError:
        return False
    with os.fdopen(descriptor, "rb") as source:
        return target.add_file(digest, source)


def read_pieces(path: str) -> Iterator[bytes]:
    """The pieces of a database file."""
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _add_pieces(path: str, target: Target, progress: Progress) -> tuple[bytes, str, int]:
    """Add the pieces of a database that are not there; gives their digests, that of the whole, and its bytes."""
    whole, size, total = sha256(), 0, os.path.getsize(path)
    found: list[bytes] = []
    for piece in read_pieces(path):
        whole.update(piece)
        digest = sha256(piece)
        found.append(digest.digest())
        target.add(digest.hexdigest(), piece)
        size += len(piece)
        progress("pieces", size, total)
    return b"".join(found), whole.hexdigest(), size


def _add_files(folder: str, target: Target) -> dict[str, str]:
    found = {}
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                data = file.read()
            found[name] = sha256(data).hexdigest()
            target.add(found[name], data)
    return found


def _counts(connection: apsw.Connection) -> dict[str, int]:
    """What the store has, for the manifest."""
    collections, objects, length = connection.execute(
        "SELECT coalesce(sum(type <> 'file'), 0), coalesce(sum(type = 'file'), 0), coalesce(sum(content_length), 0)"
        " FROM resource"
    ).get
    return {
        "accounts": connection.execute("SELECT count(*) FROM account").get,
        "collections": collections,
        "objects": objects,
        "object_bytes": length,
        "trash": connection.execute("SELECT count(*) FROM trash").get,
    }
