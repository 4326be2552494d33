"""A tier of the cache in a folder: each value is a file. On a tmpfs all processes of a machine share it, in memory.

It is bounded by bytes; now and then the files that were written first go.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b

from twisted.internet.defer import Deferred, gatherResults
from zope.interface import implementer

from davd.interfaces.cache import ICache

# One value may take so much of the room, and room is made each time that so much has been written.
SHARE = 16


@implementer(ICache)
class Folder:
    """At most `max_bytes` of values in `folder`; `run_in_thread` gives a Deferred, as `deferToThread` does."""

    name = "folder"

    def __init__(self, folder: str, max_bytes: int, run_in_thread: Callable[..., Deferred]) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._run_in_thread = run_in_thread
        self._writing: set[Deferred] = set()
        self._written = 0
        self._ready = False
        self._hits = self._misses = self._puts = self._failures = 0

    async def start(self) -> None:
        """Make the folder; without it nothing is kept."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            self._ready = True
        except OSError:
            self._failures += 1

    async def stop(self) -> None:
        """Let what is being written end."""
        self._ready = False
        await self.settled()

    async def settled(self) -> None:
        """Return when all that was put is there."""
        await gatherResults(list(self._writing))

    async def get(self, key: bytes) -> bytes | None:
        """The value; None too when the file cannot be read: a tier raises nothing."""
        value = await self._run_in_thread(lambda: self._read(key)) if self._ready else None
        if value is None:
            self._misses += 1
        else:
            self._hits += 1
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Have the value written; one that is too large is not kept."""
        self._puts += 1
        if self._ready and len(value) <= self._max_bytes // SHARE:
            writing = self._run_in_thread(lambda: self._write(key, value))
            self._writing.add(writing)
            writing.addErrback(self._failed)
            writing.addBoth(lambda _: self._writing.discard(writing))

    def statistics(self) -> Mapping[str, float]:
        """Counters since it was made."""
        return {"hits": self._hits, "misses": self._misses, "puts": self._puts, "failures": self._failures}

    def _failed(self, failure: object) -> None:
        self._failures += 1

    def _path(self, key: bytes) -> str:
        return os.path.join(self._folder, blake2b(key, digest_size=24).hexdigest())

    def _read(self, key: bytes) -> bytes | None:
        try:
            with open(self._path(key), "rb") as file:
                return file.read()
        except OSError:
            return None

    def _write(self, key: bytes, value: bytes) -> None:
        """A file has its name when it is whole, so that nobody reads half of it."""
        part = os.path.join(self._folder, "part-" + secrets.token_hex(16))
        with open(part, "xb") as file:
            file.write(value)
        os.rename(part, self._path(key))
        self._written += len(value)
        if self._written > self._max_bytes // SHARE:
            self._written = 0
            self._make_room()

    def _make_room(self) -> None:
        files = []
        for entry in os.scandir(self._folder):
            # Another process may make room at the same time.
            with suppress(FileNotFoundError):
                state = entry.stat()
                files.append((state.st_mtime, state.st_size, entry.path))
        held = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if held <= self._max_bytes - self._max_bytes // SHARE:
                break
            with suppress(FileNotFoundError):
                os.unlink(path)
            held -= size
