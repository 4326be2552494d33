"""Finished multistatus answers, kept while what they rest on stands.

Clients poll with the same PROPFIND or REPORT again and again. An answer depends on the store, on who asks, on the
request's content and on a few fields. While the store's generation is the same, the same answer is right; when
something was committed elsewhere, an answer that told of one collection only is still right if the version of that
collection is the same. Generation and version come from the store: with the cache off every answer is the same.

Answers that took long to make are also given to the tiers beyond the process, under a digest of the version and of all
they depend on.

Implements: RFC 9111, 4.2
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, Protocol

from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.cache import ICache
from davd.model.principal import Principal

METHODS = frozenset({"PROPFIND", "REPORT"})

# What an answer to these methods depends on beside the path, the content and who asks.
_FIELDS = ("depth", "prefer", "brief", "accept-encoding", "content-type", "caldav-timezones")
# A request with one of these is answered anew: it is rare, and what it asks may end by time alone or be malformed.
_UNKEPT = ("if", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "overwrite", "lock-token")

# A collection with fewer changes in its life than this has fewer members, and is told of sooner than a tier is asked.
WORTH_ASKING: Final = 100

# What an entry takes beside its bytes: objects, and the header fields of the answer.
OVERHEAD: Final = 2000
# A client that makes up fields of this length is not given memory for them.
_MOST_FIELDS: Final = 1024

# An answer made in pieces that comes to no more is kept as one: it is sent by one write, and can be recalled.
_JOINED: Final = 64 * 1024

# The last is how often the settings have changed: an answer that was begun before is for nobody who asks after.
Key = tuple[str, str, str, bool, bytes, tuple[str | None, ...], int]


class Kept(Protocol):
    """Memory of the process, bounded in bytes; floor 8 has the real one."""

    def get(self, key: Hashable) -> Any | None:
        """What is kept under `key`."""
        ...

    def put(self, key: Hashable, value: Any, size: int) -> object:
        """Keep a value of so many bytes, unless that is too much."""
        ...

    def drop(self, key: Hashable) -> None:
        """Forget what is kept under `key`."""
        ...


@dataclass(slots=True)
class _Answer:
    generation: Hashable
    version: Hashable | None
    response: Response


class Answers:
    """Keeps answers of at most `max_entry` bytes each in `memory`.

    `shared` is asked for, and told of, answers that took at least `shared_after` seconds to make; `pack` and `unpack`
    make bytes of a response and back (None for what is none). `view` is a digest of everything else that answers depend
    on and that may differ between processes: settings, rows, the program itself.
    """

    def __init__(
        self,
        memory: Kept,
        max_entry: int,
        shared: ICache | None = None,
        shared_after: float = 0.0,
        view: bytes = b"",
        pack: Callable[[Response], bytes] | None = None,
        unpack: Callable[[bytes], Response | None] | None = None,
    ) -> None:
        self._memory = memory
        self.max_entry = max_entry
        self._shared = shared
        self._shared_after = shared_after
        self._view = view
        self._era = 0
        self._pack = pack
        self._unpack = unpack
        self.hits = 0
        self.revalidated = 0
        self.fetched = 0

    def reconfigure(self, max_entry: int, shared_after: float) -> None:
        """Keep answers by other limits from now on."""
        self.max_entry, self._shared_after = max_entry, shared_after

    def renew(self, view: bytes) -> None:
        """What answers depend on has changed to `view`: give none from before, nor keep those that are being made."""
        self._view = view
        self._era += 1

    @property
    def shares(self) -> bool:
        """Whether there is a tier beyond the process."""
        return self._shared is not None

    def key(self, request: Request, content: bytes, principal: Principal) -> Key | None:
        """Under what the answer to a request is kept; None when it is not."""
        headers = request.headers
        if len(content) > self.max_entry:
            return None
        for name in _UNKEPT:
            if name in headers:
                return None
        fields = tuple([headers.get(name) for name in _FIELDS])
        if sum([len(field) for field in fields if field is not None]) > _MOST_FIELDS:
            return None
        return (request.method, request.path, principal.name, request.tls, content, fields, self._era)

    def look_up(self, key: Key, generation: Hashable) -> Response | None:
        """The answer of that key, unless something has been committed since."""
        found: _Answer | None = self._memory.get(key)
        if found is None or found.generation != generation:
            return None
        self.hits += 1
        return _copy(found.response)

    def revalidate(self, key: Key, version: Hashable, generation: Hashable) -> Response | None:
        """The answer of that key, if it rests on the version that a view of `generation` or later has."""
        found: _Answer | None = self._memory.get(key)
        if found is None:
            return None
        if found.version is None or found.version != version:
            self._memory.drop(key)
            return None
        found.generation = generation
        self.revalidated += 1
        return _copy(found.response)

    async def fetch(self, key: Key, version: Hashable, generation: Hashable) -> Response | None:
        """The answer of that key and version from beyond the process."""
        assert self._shared is not None and self._unpack is not None
        packed = await self._shared.get(self._digest(key, version))
        response = None if packed is None else self._unpack(packed)
        if response is None:
            return None
        self.fetched += 1
        self._put(key, _Answer(generation, version, response))
        return _copy(response)

    def keep(
        self, key: Key, generation: Hashable, version: Hashable | None, response: Response, seconds: float = 0.0
    ) -> None:
        """Keep an answer whose content is all here.

        `generation` is from before the answer was begun. `version` is what it rests on, None when nothing less than the
        whole store. It took `seconds` to make.
        """
        if key[-1] != self._era:
            return
        body: Any = response.body
        if not isinstance(body, bytes) and not (
            isinstance(body, list) and all(isinstance(piece, bytes) for piece in body)
        ):
            return
        if isinstance(body, list) and sum(map(len, body)) <= _JOINED:
            body = b"".join(body)
        kept = Response(response.status, dict(response.headers), body)
        if not self._put(key, _Answer(generation, version, kept)):
            return
        if self._shared is not None and version is not None and seconds >= self._shared_after:
            assert self._pack is not None
            self._shared.put(self._digest(key, version), self._pack(kept))

    def _put(self, key: Key, answer: _Answer) -> bool:
        """Keep an answer in memory; False when it is too large to be kept anywhere."""
        body: Any = answer.response.body
        size = len(body) if isinstance(body, bytes) else sum(map(len, body))
        if size > self.max_entry:
            return False
        self._memory.put(key, answer, size + len(key[4]) + len(key[1]) + OVERHEAD)
        return True

    def _digest(self, key: Key, version: Hashable) -> bytes:
        return blake2b(repr((key[:-1], version)).encode(), key=self._view, digest_size=32).digest()


def _copy(response: Response) -> Response:
    return Response(response.status, dict(response.headers), response.body)
