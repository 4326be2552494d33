"""What one user asks in a minute, and how many of them are tried.

Implements: RFC 6578, 3.2; RFC 4791, 5.3.2
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

# Requests of a user in a minute: two clients that look for news every minute, and somebody who works with one of them.
# Most clients look every 15 minutes or less often, and people change less: such a user is a busy one.
PER_MINUTE: Mapping[str, float] = {"poll": 2.0, "sync": 2.0, "list": 0.2, "read": 1.0, "write": 0.5}
MINUTE = 60.0
EVENTS = 20

BOUND_SECONDS = 0.2
_FIRST = 100
_STEP = 1.5


def rate(users: int) -> float:
    """How many requests a second so many users send."""
    return users * sum(PER_MINUTE.values()) / MINUTE


def rungs(most: int) -> Iterator[int]:
    """Numbers of users, each half as many again as the one before, in round numbers; not over `most`."""
    users = _FIRST
    while users < most:
        yield users
        users = int(users * _STEP) // 25 * 25
    yield most


def arrivals(users: int, seconds: float, chance: random.Random) -> list[tuple[float, str]]:
    """When, in seconds from the start, which request is due: a Poisson process, whatever becomes of those before."""
    kinds, weights = list(PER_MINUTE), list(PER_MINUTE.values())
    found = []
    at = chance.expovariate(rate(users))
    while at < seconds:
        found.append((at, chance.choices(kinds, weights)[0]))
        at += chance.expovariate(rate(users))
    return found
