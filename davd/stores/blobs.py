"""Blobs as files: written without a name, made durable, and only then linked into their place.

Implements: RFC 4918, 8.6
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zope.interface import implementer

from davd.interfaces.store import IBlobStore, StoreError
from davd.stores.blobwriter import FileBlobWriter, UnlinkedFile

if TYPE_CHECKING:
    from davd.stores.threads import RunInThread

_NAME: Final = re.compile(r"[0-9a-f]{32}\Z")
_DIGITS: Final = "0123456789abcdef"

# While another process is alive, a blob without a reference may be one that it is about to refer to: a blob is referred
# to moments after it was linked, so an older one is nobody's.
SAFE_AGE: Final = 900.0


@implementer(IBlobStore)
class FileBlobs:
    """Blobs in a folder with two levels of sixteen folders each, named by 128 random bits.

    `failed` is called with a sentence when data could not be made durable. Where the file system knows no unnamed
    files, or `unnamed` is false, a blob has a name in `tmp` while it is written.
    """

    def __init__(
        self, folder: str, run_in_thread: RunInThread, failed: Callable[[str], None], unnamed: bool = True
    ) -> None:
        self.folder = folder
        self._unnamed = unnamed
        self._run_in_thread = run_in_thread
        self._failed = failed
        self._lock: int | None = None
        self.safe_age = SAFE_AGE

    def start(self, referenced: Callable[[], Iterable[str]], now: float) -> int:
        """Make the folders, and remove what a crash left: temporary files and blobs that nothing refers to.

        `referenced` is asked after the blobs were listed. Gives the number of files removed. StoreError when the folder
        cannot be used.
        """
        try:
            make_folders(self.folder)
            self._lock = os.open(os.path.join(self.folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            before = now - self.safe_age
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                before = float("inf")
            except BlockingIOError:
                # Another process is alive, or a restore goes on.
                fcntl.flock(self._lock, fcntl.LOCK_SH)
            removed = self._collect(referenced, before)
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            return removed
        except OSError as error:
            raise StoreError(f"the folder {self.folder} cannot be used: {error.strerror}") from error

    def _collect(self, referenced: Callable[[], Iterable[str]], before: float) -> int:
        with self._unheld() as unheld:
            return self._collect_unheld(referenced, before) if unheld else 0

    def _collect_unheld(self, referenced: Callable[[], Iterable[str]], before: float) -> int:
        names = self.names()
        keep = set(referenced())
        paths = [self._path(name) for name in names if name not in keep]
        paths += [entry.path for entry in os.scandir(os.path.join(self.folder, "tmp"))]
        removed = 0
        for path in paths:
            if _older(path, before):
                os.unlink(path)
                removed += 1
        return removed

    def stop(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def create(self, digests: Sequence[str] = ()) -> FileBlobWriter:
        """Begin a new blob."""
        file = UnlinkedFile(self.folder, digests, self._unnamed)
        return FileBlobWriter(file, self._path, self._run_in_thread, self._failed)

    def open(self, name: str) -> tuple[int, int]:
        """A descriptor of the blob's own, at its beginning, and the length."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise KeyError(name) from error
        return descriptor, os.fstat(descriptor).st_size

    def names(self) -> list[str]:
        """All blobs there are."""
        found = []
        for first in _DIGITS:
            for second in _DIGITS:
                with os.scandir(os.path.join(self.folder, first, second)) as entries:
                    found += [entry.name for entry in entries if _NAME.match(entry.name)]
        return found

    def forgotten(self, name: str, now: float) -> bool:
        """Whether a blob is there for so long that nobody can be about to refer to it."""
        return _older(self._path(name), now - self.safe_age)

    def temporary(self, now: float) -> list[str]:
        """Paths of named temporary files that nobody can be writing any more."""
        before = now - self.safe_age
        return [entry.path for entry in os.scandir(os.path.join(self.folder, "tmp")) if _older(entry.path, before)]

    def delete(self, name: str) -> None:
        """Remove a blob; while a backup goes on it stays, as one that nothing refers to, to be collected later."""
        path = self._path(name)
        with self._unheld() as unheld:
            if unheld:
                try:
                    os.unlink(path)
                except FileNotFoundError:
                    return

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no process remove a blob while this lasts: what a view of the store refers to stays readable.

        Only one at a time can have that; others wait for it.
        """
        descriptor = self._open_hold()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _unheld(self) -> Iterator[bool]:
        """Whether blobs may be removed; if so nobody begins to hold them meanwhile."""
        descriptor = self._open_hold()
        try:
            try:
                # Several may remove at once, so they share the lock among them.
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def _open_hold(self) -> int:
        return os.open(os.path.join(self.folder, "hold"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _path(self, name: str) -> str:
        """Where a blob is; KeyError for text that names none."""
        if not _NAME.match(name):
            raise KeyError(name)
        return f"{self.folder}/{name[0]}/{name[1]}/{name}"


def _older(path: str, before: float) -> bool:
    try:
        return os.stat(path).st_ctime < before
    except FileNotFoundError:
        return False


def make_folders(folder: str) -> None:
    """Make what is missing and make it durable, so that writing a blob need not."""
    root = Path(folder)
    made = False
    for path in [root, root / "tmp", *(root / a / b for a in _DIGITS for b in _DIGITS)]:
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = True
    if made:
        for path in [root.parent, root, *(root / a for a in _DIGITS)]:
            sync_folder(str(path))


def sync_folder(path: str) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
