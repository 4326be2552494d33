"""Credentials proven a moment ago, so that a request does not cost a password hash.

Only successes are kept, under a keyed digest of the Authorization value, for a time that use does not prolong, and each
rests on a stamp of the checker, or of the app password: a changed or revoked one or a removed account ends it with the
next request. Where a checker cannot tell of changes, time alone ends it: see docs/adr/0018-remembered-log-ins.md.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Protocol

from davd.interfaces.identity import IChecker
from davd.model.principal import Principal


class Grounds(Protocol):
    """What a success rests on, as checkers have it: see `IChecker`."""

    def generation(self) -> Hashable:
        """The cheapest value that changes when the success may have become wrong."""

    async def stamp(self, name: str) -> Hashable:
        """What stays equal while the success stands; None when it does not."""


# For so many seconds a success stands by itself: one of a checker that cannot tell of changes, and an answer that is
# recalled by the octets of its request.
UNWATCHED_SECONDS: Final = 60.0
# No success stands for longer. One that would has been proven before the clock went back.
MOST_SECONDS: Final = 3600.0


@dataclass(slots=True)
class Proof:
    """A remembered success: who, on which grounds, their stamp and generation, until when (of the same clock)."""

    principal: Principal
    grounds: Grounds | IChecker
    stamp: Hashable
    generation: Hashable
    until: float


class Remembered:
    """At most `entries` proofs, the oldest dropped first."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._key = os.urandom(32)
        self._proofs: dict[bytes, Proof] = {}
        self._once_proven: dict[bytes, None] = {}

    def digest(self, value: str) -> bytes:
        """The key under which an Authorization value is kept; the value itself is not."""
        return blake2b(value.encode("latin-1", "replace"), key=self._key, digest_size=16).digest()

    def get(self, digest: bytes, now: float) -> Proof | None:
        """The proof, unless there is none or its time is over."""
        proof = self._proofs.get(digest)
        if proof is not None and not now < proof.until <= now + MOST_SECONDS:
            del self._proofs[digest]
            return None
        return proof

    def once_proven(self, digest: bytes) -> bool:
        """Whether these very credentials were right at some time since the start: who sends them does not guess."""
        return digest in self._once_proven

    def put(self, digest: bytes, proof: Proof) -> None:
        """Keep a proof."""
        if digest not in self._once_proven:
            if len(self._once_proven) >= self._entries:
                del self._once_proven[next(iter(self._once_proven))]
            self._once_proven[digest] = None
        if len(self._proofs) >= self._entries:
            del self._proofs[next(iter(self._proofs))]
        self._proofs[digest] = proof

    def reconfigure(self, entries: int, until: float) -> None:
        """Keep so many from now on, and what is kept no longer than `until`."""
        self._entries = entries
        for kept in (self._proofs, self._once_proven):
            for digest in list(kept)[: max(0, len(kept) - entries)]:
                del kept[digest]
        for proof in self._proofs.values():
            proof.until = min(proof.until, until)

    def drop(self, digest: bytes) -> None:
        """Forget one proof, for good: what made it right has changed."""
        self._once_proven.pop(digest, None)
        self._proofs.pop(digest, None)
