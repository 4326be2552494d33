"""Finished multistatus answers, kept while nothing has been committed.

Clients poll with the same PROPFIND or REPORT again and again. An answer depends on the store, on who asks, on the
request's content and on a few fields; as long as the store's generation is the same and the verb did not look at the
clock, the same answer is right. With the cache off every answer is the same.

Implements: RFC 9111, 4.2
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from davd.http.request import Request
from davd.http.response import Response
from davd.model.principal import Principal

METHODS = frozenset({"PROPFIND", "REPORT"})

# What an answer to these methods depends on beside the path, the content and who asks.
_FIELDS = ("depth", "prefer", "brief", "accept-encoding", "content-type")
# A request with one of these is answered anew: it is rare, and what it asks may end by time alone or be malformed.
_UNKEPT = ("if", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "overwrite", "lock-token")


class Answers:
    """At most `max_bytes` of answers of at most `max_entry` bytes each, the oldest dropped first."""

    def __init__(self, max_bytes: int, max_entry: int) -> None:
        self._max_bytes = max_bytes
        self._max_entry = max_entry
        self._kept: dict[Hashable, tuple[Hashable, Response, int]] = {}
        self._bytes = 0
        self.hits = 0

    def key(self, request: Request, content: bytes, principal: Principal) -> Hashable | None:
        """Under what the answer to a request is kept; None when it is not."""
        headers = request.headers
        if len(content) > self._max_entry:
            return None
        for name in _UNKEPT:
            if name in headers:
                return None
        fields = tuple([headers.get(name) for name in _FIELDS])
        return (request.method, request.path, principal.name, request.tls, content, fields)

    def look_up(self, key: Hashable, generation: Hashable) -> Response | None:
        """The answer of that key, unless something has been committed since."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] != generation:
            self._drop(key)
            return None
        self.hits += 1
        response = found[1]
        return Response(response.status, dict(response.headers), response.body)

    def keep(self, key: Hashable, generation: Hashable, response: Response) -> None:
        """Keep an answer whose content is all here; `generation` is from before the answer was begun."""
        body: Any = response.body
        if isinstance(body, bytes):
            size = len(body)
        elif isinstance(body, list) and all(isinstance(piece, bytes) for piece in body):
            size = sum(map(len, body))
        else:
            return
        if size > self._max_entry:
            return
        self._drop(key)
        while self._kept and self._bytes + size > self._max_bytes:
            self._drop(next(iter(self._kept)))
        if self._bytes + size <= self._max_bytes:
            self._kept[key] = (generation, Response(response.status, dict(response.headers), body), size)
            self._bytes += size

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._bytes -= found[2]
