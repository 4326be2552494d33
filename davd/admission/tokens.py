"""The tokens of requests that run.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from twisted.internet.defer import DeferredSemaphore


class Tokens(DeferredSemaphore):
    """A semaphore that nobody waits on: who finds no token waits in the pool's queue instead.

    `limit` is how many there are, `tokens` how many are free: fewer than none after the limit was lowered, or when some
    were taken from the reserve. Whoever takes one or gives one back counts it in `tokens`.
    """

    def resize(self, limit: int) -> None:
        """Change how many there are; those that are taken stay taken."""
        self.tokens += limit - self.limit
        self.limit = limit
