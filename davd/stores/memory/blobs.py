"""Blobs in memory."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence

from zope.interface import implementer

from davd.interfaces.store import IBlobStore, IBlobWriter


@implementer(IBlobStore)
class MemoryBlobs:
    """Blobs as bytes; `open` gives a file in memory, so that readers meet a real descriptor."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def create(self, digests: Sequence[str] = ()) -> MemoryBlobWriter:
        """Begin a new blob."""
        return MemoryBlobWriter(self._contents, digests)

    def open(self, name: str) -> tuple[int, int]:
        """A descriptor of the blob's own, at its beginning, and the length."""
        content = self._contents[name]
        descriptor = os.memfd_create("davd-blob", os.MFD_CLOEXEC)
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor, len(content)

    def names(self) -> list[str]:
        """All blobs there are."""
        return list(self._contents)

    def delete(self, name: str) -> None:
        """Remove a blob."""
        self._contents.pop(name, None)


@implementer(IBlobWriter)
class MemoryBlobWriter:
    """Collects the pieces of one blob."""

    def __init__(self, contents: dict[str, bytes], digests: Sequence[str]) -> None:
        self.length = 0
        self._contents = contents
        self._pieces: list[bytes] = []
        self._hashes = {algorithm: hashlib.new(algorithm) for algorithm in {"sha256", *digests}}
        self._name: str | None = None
        self._ended = False

    async def write(self, data: bytes) -> None:
        """Append."""
        if self._ended:
            raise ValueError("the blob is finished or aborted")
        self._pieces.append(bytes(data))
        self.length += len(data)
        for state in self._hashes.values():
            state.update(data)

    async def finish(self) -> str:
        """Put the blob among the others."""
        if self._name is None:
            if self._ended:
                raise ValueError("the blob was aborted")
            self._ended = True
            self._name = secrets.token_hex(16)
            self._contents[self._name] = b"".join(self._pieces)
            self._pieces.clear()
        return self._name

    def digest(self, algorithm: str) -> str:
        """The digest of what was written."""
        return self._hashes[algorithm].hexdigest()

    def abort(self) -> None:
        """Drop the pieces."""
        self._ended = True
        self._pieces.clear()
