"""Finished answers by the exact bytes of the request head that asked for them.

A client that polls sends the same bytes again and again. When nothing has been committed since the answer was made, and
the credentials in those bytes still stand, the same answer is right again and nothing needs to be parsed. The store's
generation decides, never the cache: with the cache off every answer is the same.

Implements: RFC 9111, 4.2 (a private store inside the origin, always validated)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from davd.tree.spending import NOBODY, Spent

if TYPE_CHECKING:
    from davd.admission.budgets import AccountBudget
    from davd.tree.statistics import Route

DIGEST_BYTES: Final = 16
# What an entry takes beside the bytes of its answer: the key, the ticket, the objects around them.
OVERHEAD: Final = 700


@dataclass(slots=True)
class Ticket:
    """What a finished answer rests on.

    `generation` is the store's, taken before the answer was begun; `credentials` that of the checkers; `until` the
    POSIX time at which the remembered credentials are over. Each use counts against the budget of `account` (None:
    unlimited), under `route` and, there, under `answer` (`davd.tree.statistics.answer_key`); `name` is the account's.
    `era` counts the changes of the settings that it was begun after. `bucket` is that of the answer's size in the
    histogram of the route; it is known when the answer is remembered. `spent` is the account's row of what
    accounts have cost, unless that is gone.
    """

    generation: Hashable
    credentials: Hashable
    until: float
    answer: int
    account: AccountBudget | None
    route: Route
    era: int = 0
    name: str = ""
    bucket: int = 0
    spent: Spent = NOBODY


class Recall:
    """At most `max_bytes` of finished answers of at most `max_entry` bytes each, the oldest dropped first.

    `generation` and `credentials` give the present values of what a `Ticket` holds, `clock` POSIX seconds.
    """

    def __init__(
        self,
        max_bytes: int,
        max_entry: int,
        generation: Callable[[], Hashable],
        credentials: Callable[[], Hashable],
        clock: Callable[[], float],
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entry = max_entry
        self._generation = generation
        self._credentials = credentials
        self._clock = clock
        # A head holds credentials, so it is kept as a keyed digest; one key for each kind of connection.
        self._secrets = [os.urandom(32) for _ in range(3)]
        self._answers: dict[bytes, tuple[Ticket, tuple[bytes, bytes]]] = {}
        self._bytes = 0
        self.hits = 0

    def look_up(self, head: bytes, protection: int) -> tuple[Ticket, tuple[bytes, bytes]] | None:
        """The ticket of the answer to `head`, with the bytes before and after its Date; None when none stands."""
        key = blake2b(head, key=self._secrets[protection], digest_size=DIGEST_BYTES).digest()
        found = self._answers.get(key)
        if found is None:
            return None
        ticket = found[0]
        if (
            ticket.generation == self._generation()
            and ticket.until > self._clock()
            and ticket.credentials == self._credentials()
        ):
            return found
        self._drop(key)
        return None

    def remember(self, head: bytes, protection: int, ticket: Ticket, before: bytes, after: bytes) -> None:
        """Keep an answer."""
        size = OVERHEAD + len(before) + len(after)
        if len(before) + len(after) > self._max_entry:
            return
        key = blake2b(head, key=self._secrets[protection], digest_size=DIGEST_BYTES).digest()
        ticket.bucket = len(after).bit_length()
        self._drop(key)
        while self._answers and self._bytes + size > self._max_bytes:
            self._drop(next(iter(self._answers)))
        if self._bytes + size <= self._max_bytes:
            self._answers[key] = (ticket, (before, after))
            self._bytes += size

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()
        self._bytes = 0

    def reconfigure(self, max_bytes: int, max_entry: int) -> None:
        """Keep so much from now on; what is over that goes, the oldest first."""
        self._max_bytes, self._max_entry = max_bytes, max_entry
        while self._answers and self._bytes > max_bytes:
            self._drop(next(iter(self._answers)))

    def _drop(self, key: bytes) -> None:
        found = self._answers.pop(key, None)
        if found is not None:
            self._bytes -= OVERHEAD + len(found[1][0]) + len(found[1][1])
