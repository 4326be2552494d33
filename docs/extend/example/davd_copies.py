"""Blobs in two places: large contents are also written to a second folder, on another disk for example.

`Copies` stands before any IBlobStore. A blob that the first place has lost is read from the second one.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence

from zope.interface import implementer

from davd.interfaces.store import IBlobStore, IBlobWriter, StoreError
from davd.stores.blobs import sync_folder
from davd.stores.threads import RunInThread, finished

PART = "part-"
# Nobody writes one blob for so long, in seconds.
ABANDONED = 86_400.0


@implementer(IBlobWriter)
class CopyingWriter:
    """Hands all to `writer`, and writes the same to a file in `folder`."""

    def __init__(self, writer: IBlobWriter, folder: str, run_in_thread: RunInThread) -> None:
        self._writer = writer
        self._folder = folder
        self._run_in_thread = run_in_thread
        self._path = os.path.join(folder, PART + secrets.token_hex(16))
        self._file = open(self._path, "xb")

    @property
    def length(self) -> int:
        """Bytes written so far."""
        return self._writer.length

    async def write(self, data: bytes) -> None:
        """Append to both."""
        await self._writer.write(data)
        piece = bytes(data)
        await self._to_disk(lambda: self._file.write(piece))

    async def finish(self) -> str:
        """Both are durable when this returns; only then may anybody refer to the blob."""
        name: str = await self._writer.finish()
        if not self._file.closed:
            await self._to_disk(lambda: self._keep(name))
        return name

    def digest(self, algorithm: str) -> str:
        """The writer's own."""
        return self._writer.digest(algorithm)

    def abort(self) -> None:
        """Drop both; harmless after `finish` or twice."""
        self._writer.abort()
        if not self._file.closed:
            self._file.close()
            os.unlink(self._path)

    def _keep(self, name: str) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.rename(self._path, os.path.join(self._folder, name))
        sync_folder(self._folder)

    async def _to_disk(self, work: Callable[[], object]) -> None:
        try:
            await finished(self._run_in_thread(work))
        except OSError as error:
            self.abort()
            raise StoreError(f"the copy of a blob could not be written: {error.strerror}") from error


@implementer(IBlobStore)
class Copies:
    """The blobs of `first`, and a copy of each in `folder`, which is made when it is missing."""

    def __init__(self, first: IBlobStore, folder: str, run_in_thread: RunInThread) -> None:
        self._first = first
        self.folder = folder
        self._run_in_thread = run_in_thread
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def create(self, digests: Sequence[str] = ()) -> CopyingWriter:
        """Begin a new blob in both places."""
        return CopyingWriter(self._first.create(digests), self.folder, self._run_in_thread)

    def open(self, name: str) -> tuple[int, int]:
        """The blob, or its copy; KeyError when there is neither."""
        try:
            return self._first.open(name)
        except KeyError:
            if not name.isalnum():
                raise
        try:
            descriptor = os.open(os.path.join(self.folder, name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise KeyError(name) from error
        return descriptor, os.fstat(descriptor).st_size

    def names(self) -> list[str]:
        """Those of the first place: they are what the store goes by."""
        return self._first.names()

    def delete(self, name: str) -> None:
        """Remove both."""
        self._first.delete(name)
        self._remove([name])

    def tidy(self) -> int:
        """Remove copies of blobs that are no more, and what a crash left; how many that were. For a thread."""
        copies = os.listdir(self.folder)
        known = set(self._first.names())
        return self._remove(name for name in copies if name not in known and not self._is_being_written(name))

    def _is_being_written(self, name: str) -> bool:
        try:
            written = os.stat(os.path.join(self.folder, name)).st_mtime
        except FileNotFoundError:
            return False
        return name.startswith(PART) and time.time() - written < ABANDONED

    def _remove(self, names: Iterable[str]) -> int:
        removed = 0
        for name in names:
            try:
                os.unlink(os.path.join(self.folder, name))
                removed += 1
            except FileNotFoundError:
                continue
        return removed
