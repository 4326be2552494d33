"""The folder that backups are in.

`objects/ab/abcd...` are pieces of databases and contents of blobs by their SHA-256, each once however many restore
points have it; `points/TIME/` are the restore points. What is being written is in `tmp/` and is on the disk before it
comes to have its name, so whatever has a name is whole.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import BinaryIO, Final

from davd.daemon.backup.durable import flush
from davd.daemon.backup.manifest import Manifest, digests, parsed, written
from davd.interfaces.store import StoreError

_MARK: Final = "davd-backup"
_PIECE: Final = 1 << 20

# So many new objects, or bytes of them, are put on the disk together.
_MOST_STAGED: Final = 20_000
_MOST_STAGED_BYTES: Final = 1 << 30


class Target:
    """A folder of backups; `make` lets it be made when there is nothing."""

    def __init__(self, folder: str, make: bool = False) -> None:
        self.folder = os.path.abspath(folder)
        self._objects = os.path.join(self.folder, "objects")
        self._points = os.path.join(self.folder, "points")
        self.temporary = os.path.join(self.folder, "tmp")
        self._staged: list[str] = []
        self._staged_bytes = 0
        self.new_objects = 0
        self.new_bytes = 0
        mark = os.path.join(self.folder, _MARK)
        if not os.path.lexists(mark):
            if not make:
                raise StoreError(f"there is no backup in {folder}")
            self._make(mark)

    def _make(self, mark: str) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        if set(os.listdir(self.folder)) - {"objects", "points", "tmp", "lock", "lost+found"}:
            raise StoreError(f"{self.folder} has other things in it; give a folder for backups alone")
        for first in range(256):
            os.makedirs(os.path.join(self._objects, f"{first:02x}"), mode=0o700, exist_ok=True)
        for folder in (self._points, self.temporary):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        flush(self.folder)
        with open(mark, "w", encoding="ascii") as file:
            file.write("This folder belongs to davctl backup: see docs/operate/backup.md.\n")
        flush(self.folder)

    @contextmanager
    def locked(self, alone: bool) -> Iterator[None]:
        """Let nobody write here meanwhile, and with `alone` nobody read; StoreError when somebody does already."""
        descriptor = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StoreError(f"{self.folder} is in use by another davctl") from None
            if alone:
                self._tidy()
            yield
        finally:
            os.close(descriptor)

    def _tidy(self) -> None:
        """Remove what one that was broken off has left; whole objects stay for the next one."""
        for entry in os.scandir(self.temporary):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)

    # -- objects ------------------------------------------------------------------------------------------------------

    def path(self, digest: str) -> str:
        """Where the object with that digest is, if it is."""
        return os.path.join(self._objects, digest[:2], digest)

    def has(self, digest: str) -> bool:
        """Whether there is an object, or one that is about to be."""
        return os.path.exists(self.path(digest)) or os.path.exists(os.path.join(self.temporary, digest))

    def add(self, digest: str, data: bytes) -> None:
        """Add an object, unless it is there."""
        if not self.has(digest):
            with open(os.path.join(self.temporary, digest), "wb") as file:
                file.write(data)
            self._added(digest, len(data))

    def add_file(self, digest: str, source: BinaryIO) -> bool:
        """Add the content of a file as an object, if it has that digest; whether it has."""
        if self.has(digest):
            return True
        state, length = sha256(), 0
        path = os.path.join(self.temporary, f"{digest}.part")
        with open(path, "wb") as file:
            while piece := source.read(_PIECE):
                state.update(piece)
                length += len(piece)
                file.write(piece)
        if state.hexdigest() != digest:
            os.unlink(path)
            return False
        os.rename(path, os.path.join(self.temporary, digest))
        self._added(digest, length)
        return True

    def _added(self, digest: str, length: int) -> None:
        self._staged.append(digest)
        self._staged_bytes += length
        self.new_objects += 1
        self.new_bytes += length
        if len(self._staged) >= _MOST_STAGED or self._staged_bytes >= _MOST_STAGED_BYTES:
            self.publish()

    def publish(self) -> None:
        """Give the new objects their names, once they are on the disk."""
        if self._staged:
            flush(self.folder)
            for digest in self._staged:
                os.rename(os.path.join(self.temporary, digest), self.path(digest))
            self._staged.clear()
            self._staged_bytes = 0

    def wrong(self, digest: str) -> str:
        """What is wrong with an object; empty when nothing is."""
        try:
            with open(self.path(digest), "rb") as file:
                state = sha256()
                while piece := file.read(_PIECE):
                    state.update(piece)
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return "" if state.hexdigest() == digest else "is not what was written"

    # -- restore points -----------------------------------------------------------------------------------------------

    def add_point(self, manifest: Manifest, pieces: bytes, blobs: bytes) -> None:
        """Make a restore point of objects that are all there."""
        self.publish()
        staged = os.path.join(self.temporary, f"point-{manifest.name}")
        os.mkdir(staged, 0o700)
        for name, data in (("pieces", pieces), ("blobs", blobs), ("manifest.json", written(manifest))):
            with open(os.path.join(staged, name), "wb") as file:
                file.write(data)
        flush(self.folder)
        os.rename(staged, os.path.join(self._points, manifest.name))
        flush(self.folder)

    def names(self) -> list[str]:
        """The restore points there are, the oldest first."""
        return sorted(entry.name for entry in os.scandir(self._points) if entry.is_dir())

    def manifest(self, name: str) -> Manifest:
        """What a restore point says of itself; StoreError when it cannot be read."""
        return parsed(self._read(name, "manifest.json"))

    def listed(self, name: str, what: str, digest: str) -> list[str]:
        """The list `pieces` or `blobs` of a restore point, whose own digest is `digest`; StoreError."""
        packed = self._read(name, what)
        if sha256(packed).hexdigest() != digest:
            raise StoreError(f"the list {what} of the restore point {name} is not what was written")
        return digests(packed)

    def _read(self, name: str, what: str) -> bytes:
        try:
            with open(os.path.join(self._points, name, what), "rb") as file:
                return file.read()
        except OSError as error:
            raise StoreError(f"{what} of the restore point {name} cannot be read: {error.strerror}") from error

    def at(self, time: float | None) -> Manifest:
        """The newest restore point, or the newest that is not later than `time`; StoreError when there is none."""
        for name in reversed(self.names()):
            manifest = self.manifest(name)
            if time is None or manifest.time <= time:
                return manifest
        raise StoreError(f"{self.folder} has no restore point" + ("" if time is None else " as early as that"))

    def forget(self, keep: int, made: str | None = None) -> tuple[int, int]:
        """Remove all but the newest `keep` restore points, and the objects that only they had; how many of each.

        Names tell which are the newest. The one that was `made` just now stays in any case: where the clock was set
        back there are some with later names. Nothing is removed when one of those that stay cannot be read, for nobody
        knows what it needs.
        """
        names = self.names()
        kept = names[-keep:]
        if made is not None and made in names and made not in kept:
            kept[0] = made
        gone = [name for name in names if name not in kept]
        if not gone:
            return 0, 0
        needed: set[str] = set()
        for name in kept:
            needed.update(self.needed(name))
        for name in gone:
            # It has to go as a whole: without its name nobody takes it for a restore point.
            left = os.path.join(self.temporary, f"gone-{name}")
            os.rename(os.path.join(self._points, name), left)
        flush(self.folder)
        self._tidy()
        removed = 0
        for digest in self.objects():
            if digest not in needed:
                os.unlink(self.path(digest))
                removed += 1
        return len(gone), removed

    def needed(self, name: str) -> Iterable[str]:
        """The digests of all objects that a restore point needs, with those that the store had lost; StoreError."""
        manifest = self.manifest(name)
        yield from self.listed(name, "pieces", manifest.pieces)
        yield from self.listed(name, "blobs", manifest.blobs)
        yield from manifest.files.values()

    def objects(self) -> Iterator[str]:
        """The digests of all objects there are."""
        for first in range(256):
            with os.scandir(os.path.join(self._objects, f"{first:02x}")) as entries:
                yield from [entry.name for entry in entries]
