"""Writing one blob: pieces are digested and written in a thread while the next one is received.

Implements: RFC 9530, 2
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from zope.interface import implementer

from davd.interfaces.store import IBlobWriter, StoreError, StoreFull
from davd.stores.threads import finished

if TYPE_CHECKING:
    from davd.stores.threads import RunInThread

PIECE: Final = 256 * 1024
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UnlinkedFile:
    """The file of a blob and its digests. The methods but `drop` run in a thread, one at a time."""

    def __init__(self, folder: str, digests: Sequence[str], unnamed: bool) -> None:
        self._folder = folder
        self._unnamed = unnamed
        self.hashes = {algorithm: hashlib.new(algorithm) for algorithm in {"sha256", *digests}}
        self._descriptor: int | None = None
        self._temporary: str | None = None
        self._dropped = False
        self._busy = Lock()

    def write(self, pieces: list[bytes]) -> None:
        """Append."""
        with self._busy:
            if not self._dropped:
                if self._descriptor is None:
                    self._open()
                for piece in pieces:
                    self._write(piece)
        self._close_dropped()

    def _open(self) -> None:
        if self._unnamed:
            try:
                self._descriptor = os.open(self._folder, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
                return
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                    raise
        self._temporary = os.path.join(self._folder, "tmp", secrets.token_hex(16))
        self._descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _write(self, piece: bytes) -> None:
        assert self._descriptor is not None
        view = memoryview(piece)
        while view:
            view = view[os.write(self._descriptor, view) :]
        for state in self.hashes.values():
            state.update(piece)

    def finish(self, pieces: list[bytes], path: str) -> None:
        """Append the last pieces, make the file durable and give it its place."""
        self.write(pieces)
        with self._busy:
            if self._dropped or self._descriptor is None:
                raise ValueError("the blob was aborted")
            os.fsync(self._descriptor)
            folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if self._temporary is None:
                    # Python follows the link in /proc only when it is given a descriptor of a folder.
                    os.link(f"/proc/self/fd/{self._descriptor}", os.path.basename(path), dst_dir_fd=folder)
                else:
                    os.rename(self._temporary, path)
                    self._temporary = None
                os.fsync(folder)
            finally:
                os.close(folder)
            os.close(self._descriptor)
            self._descriptor = None

    def drop(self) -> None:
        """Forget the file, at once or when the thread is done with it."""
        self._dropped = True
        self._close_dropped()

    def _close_dropped(self) -> None:
        if self._dropped and self._busy.acquire(blocking=False):
            try:
                if self._descriptor is not None:
                    os.close(self._descriptor)
                    self._descriptor = None
                if self._temporary is not None:
                    os.unlink(self._temporary)
                    self._temporary = None
            finally:
                self._busy.release()


@implementer(IBlobWriter)
class FileBlobWriter:
    """Collects small pieces, and hands them to a thread when there are enough and the thread has done the ones before.

    StoreFull when there is no room, StoreError when the data could not be made durable.
    """

    def __init__(
        self,
        file: UnlinkedFile,
        path_of: Callable[[str], str],
        run_in_thread: RunInThread,
        failed: Callable[[str], None],
    ) -> None:
        self.length = 0
        self._file = file
        self._path_of = path_of
        self._run_in_thread = run_in_thread
        self._failed = failed
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._running: Awaitable[None] | None = None
        self._name: str | None = None
        self._ended = False

    async def write(self, data: bytes) -> None:
        """Append; waits only while the thread is more than one piece behind."""
        if self._ended:
            raise ValueError("the blob is finished or aborted")
        self._pieces.append(bytes(data))
        self._gathered += len(data)
        self.length += len(data)
        if self._gathered >= PIECE:
            await self._settle()
            pieces = self._pieces
            self._pieces = []
            self._gathered = 0
            self._running = self._run_in_thread(lambda: self._file.write(pieces))

    async def _settle(self) -> None:
        """Wait for the thread."""
        running = self._running
        self._running = None
        if running is not None:
            try:
                await finished(running)
            except OSError as error:
                self.abort()
                raise self._error(error) from error

    async def finish(self) -> str:
        """Make the content durable and give the blob its name."""
        if self._name is not None:
            return self._name
        if self._ended:
            raise ValueError("the blob was aborted")
        await self._settle()
        self._ended = True
        name = secrets.token_hex(16)
        pieces = self._pieces
        self._pieces = []
        path = self._path_of(name)
        self._running = self._run_in_thread(lambda: self._file.finish(pieces, path))
        await self._settle()
        self._name = name
        return name

    def _error(self, error: OSError) -> StoreError:
        if error.errno in _NO_ROOM:
            return StoreFull("the disk is full (writing a blob)")
        reason = f"a blob could not be written: {error.strerror}"
        self._failed(reason)
        return StoreError(reason)

    def digest(self, algorithm: str) -> str:
        """The digest of what was written."""
        return self._file.hashes[algorithm].hexdigest()

    def abort(self) -> None:
        """Drop what was written."""
        self._ended = True
        self._pieces = []
        running = self._running
        self._running = None
        if isinstance(running, Deferred):
            running.addErrback(lambda failure: None)
        elif isinstance(running, Coroutine):
            running.close()
        self._file.drop()
