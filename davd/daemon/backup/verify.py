"""Whether a backup is whole: every digest, the database of each restore point, every blob that it refers to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256

import apsw

from davd.daemon.backup.backup import BLOBS, Progress
from davd.daemon.backup.durable import remove_database
from davd.daemon.backup.manifest import Manifest
from davd.daemon.backup.target import Target
from davd.interfaces.store import StoreError


def verify(target: Target, time: float | None, progress: Progress) -> Iterator[str]:
    """What is wrong, a sentence each; with `time` only the restore point of that time is looked at.

    Each object is read once, however many restore points have it. StoreError when there is no restore point.
    """
    with target.locked(False):
        if time is not None:
            names = [target.at(time).name]
        elif not (names := target.names()):
            raise StoreError(f"{target.folder} has no restore point")
        wrong: dict[str, str] = {}
        seen: set[str] = set()
        for name in names:
            try:
                manifest = target.manifest(name)
                yield from _point(target, manifest, seen, wrong, progress)
            except StoreError as error:
                yield f"restore point {name}: {error}"


def _point(
    target: Target, manifest: Manifest, seen: set[str], wrong: dict[str, str], progress: Progress
) -> Iterator[str]:
    name = manifest.name
    pieces = target.listed(name, "pieces", manifest.pieces)
    blobs = target.listed(name, "blobs", manifest.blobs)
    needed = [*pieces, *blobs, *manifest.files.values()]
    for done, digest in enumerate(needed):
        progress(f"objects of {name}", done, len(needed))
        if digest not in seen:
            seen.add(digest)
            reason = target.wrong(digest)
            if reason:
                wrong[digest] = reason
        if digest in wrong:
            yield f"restore point {name}: the object {digest} {wrong[digest]}"
    for digest in manifest.missing:
        yield f"restore point {name}: the store had lost the content {digest} when it was made"
    if not any(digest in wrong for digest in pieces):
        yield from _database(target, manifest, pieces, {*blobs, *manifest.missing})


def _database(target: Target, manifest: Manifest, pieces: list[str], blobs: set[str]) -> Iterator[str]:
    path = os.path.join(target.temporary, f"verified-{os.getpid()}")
    try:
        assemble(target, manifest, pieces, path)
        connection = apsw.Connection(path, apsw.SQLITE_OPEN_READONLY)
        try:
            connection.pragma("cache_size", -64 * 1024)
            for (line,) in connection.execute("PRAGMA integrity_check(20)"):
                if line != "ok":
                    yield f"restore point {manifest.name}: the database is damaged: {line}"
            for blob, digest, _ in connection.execute(BLOBS):
                if digest not in blobs:
                    yield f"restore point {manifest.name}: the content {digest} of the blob {blob} is not in it"
        finally:
            connection.close()
    except (StoreError, apsw.Error) as error:
        yield f"restore point {manifest.name}: {error}"
    finally:
        remove_database(path)


def assemble(target: Target, manifest: Manifest, pieces: list[str], path: str) -> None:
    """Put the database of a restore point together; StoreError when it is not what was copied."""
    state = sha256()
    with open(path, "xb") as file:
        for digest in pieces:
            try:
                with open(target.path(digest), "rb") as piece:
                    data = piece.read()
            except OSError as error:
                raise StoreError(f"the object {digest} cannot be read: {error.strerror}") from error
            state.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if state.hexdigest() != manifest.database:
        raise StoreError("the database is not what was copied")
