"""What davd has acknowledged, object by object: what may be there now, and what may have been at some time.

A write that was not answered may have been done or not. It stays open until a later answer tells; from then on it has
been done or never was.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field


def digest(content: bytes) -> str:
    """What contents are compared by."""
    return hashlib.sha256(content).hexdigest()


@dataclass(slots=True)
class Version:
    """A state of an object: its content's digest, None for absent, and its ETag, None where no answer told it.

    It was asked for at `sent` and acknowledged at `acked`, infinity for never. `void` is one that never came to be.
    """

    content: str | None
    etag: str | None = None
    sent: float = -math.inf
    acked: float = math.inf
    void: bool = False


def _absent() -> list[Version]:
    return [Version(None, acked=-math.inf)]


@dataclass(slots=True)
class Known:
    """One object, from its first version, which is that there is none; its only writer tells what happens to it."""

    path: str
    versions: list[Version] = field(default_factory=_absent)

    def begin(self, content: bytes | None, now: float) -> Version:
        """A write (None: a deletion) is sent."""
        version = Version(None if content is None else digest(content), sent=now)
        self.versions.append(version)
        return version

    @staticmethod
    def done(version: Version, etag: str | None, now: float) -> None:
        """The write was acknowledged."""
        version.etag = etag
        version.acked = now

    @staticmethod
    def undone(version: Version) -> None:
        """The write was refused, so it has changed nothing."""
        version.void = True

    def possible(self) -> list[Version]:
        """What may be there now: the last version that is certain, and what was sent after it without an answer."""
        return self.between(math.inf, math.inf)

    def between(self, begin: float, end: float) -> list[Version]:
        """What may have been there at some time from `begin` to `end`."""
        real = [version for version in self.versions if not version.void]
        # Whatever came before this one had been replaced by then.
        first = max(index for index, version in enumerate(real) if version.acked <= begin and version.acked < math.inf)
        return [version for version in real[first:] if version.sent <= end]

    @property
    def open(self) -> bool:
        """Whether a write was not answered, and nothing has told since what became of it."""
        return len(self.possible()) > 1

    @property
    def now(self) -> Version:
        """What is there, when nothing is open."""
        return self.possible()[-1]

    def settle(self, content: str | None, etag: str | None, now: float) -> bool:
        """An answer showed this state: keep the write that explains it and forget the others; False when none does.

        Of several with the same content the last one is kept.
        """
        possible = self.possible()
        for version in reversed(possible):
            if version.content == content and (version.etag is None or etag is None or version.etag == etag):
                break
        else:
            return False
        if len(possible) > 1:
            for other in possible:
                other.void = other.void or (other is not version and other.acked == math.inf)
            if version.acked == math.inf:
                version.acked = now
        if content is not None and version.etag is None:
            version.etag = etag
        return True


class Truth:
    """All objects, by path. Each has one writer; the whole may be read while they write."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def object(self, path: str) -> Known:
        """The object at a path, made known if it is not."""
        with self._lock:
            return self._known.setdefault(path, Known(path))

    def all(self) -> list[Known]:
        """All that were ever written."""
        with self._lock:
            return list(self._known.values())


def lost(
    known: Iterable[Known], found: dict[str, bytes | None], begin: float = math.inf, end: float = math.inf
) -> list[str]:
    """A line for each object that is not as it may have been between two times; `found` has contents by path."""
    wrong = []
    for one in known:
        content = found.get(one.path)
        is_there = None if content is None else digest(content)
        may = one.between(begin, end)
        if is_there not in {version.content for version in may}:
            said = " or ".join("absent" if version.content is None else version.content[:12] for version in may)
            wrong.append(f"{one.path} should be {said}, and is {'absent' if is_there is None else is_there[:12]}")
    return wrong
