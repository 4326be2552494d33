"""What each account has cost: the heavy ones exactly or nearly so, in a table that does not grow with their number.

As in the Space-Saving algorithm (Metwally, Agrawal and El Abbadi, 2005) whoever comes into a full table takes the rank
of those who made room: so nobody with more than the least that is still known can be missing. Room is made for many at
once, so that a crowd of names costs little each.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from typing import Final

CAPACITY: Final = 1024
# What the accounts together are called that have no row of their own any more; no account can have that name.
OTHERS: Final = "/"
# A request without measured time counts as so many seconds in the order, about what an answer from memory takes.
REQUEST_SECONDS: Final = 15e-6
BYTE_SECONDS: Final = 1e-9


class Spent:
    """The counters of one account: requests, CPU seconds, bytes of content that came and went, resources told of.

    `start` is the rank it began with, which others have had before it. What is `gone` from the table counts no more.
    """

    __slots__ = ("bytes", "count", "cpu", "gone", "name", "received", "rows", "start")

    def __init__(self, name: str, start: float = 0.0) -> None:
        self.name = name
        self.start = start
        self.gone = False
        self.count = 0
        self.cpu = 0.0
        self.bytes = 0
        self.received = 0
        self.rows = 0

    def charge(self, cpu: float, bytes: int, received: int, rows: int) -> None:
        """Count one request."""
        self.count += 1
        self.cpu += cpu
        self.bytes += bytes
        self.received += received
        self.rows += rows

    def rank(self) -> float:
        """What it has cost in seconds, nearly; who has the highest is kept longest."""
        return self.start + self.cpu + self.count * REQUEST_SECONDS + (self.bytes + self.received) * BYTE_SECONDS

    def add(self, other: Spent) -> None:
        """Take over what another one has counted."""
        self.count += other.count
        self.cpu += other.cpu
        self.bytes += other.bytes
        self.received += other.received
        self.rows += other.rows


# The row of who has none.
NOBODY: Final = Spent("")
NOBODY.gone = True


class Spending:
    """At most `capacity` accounts by name, the empty one for requests of nobody, and all others together."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._rows: dict[str, Spent] = {}
        self._floor = 0.0
        self.others = Spent(OTHERS)

    def of(self, name: str) -> Spent:
        """The row of an account; who holds it looks whether it is `gone` before adding to it."""
        row = self._rows.get(name)
        return self._new(name) if row is None else row

    def top(self, most: int) -> list[Spent]:
        """At most so many rows, those that have cost most first."""
        return sorted(self._rows.values(), key=lambda row: (-row.rank(), row.name))[:most]

    def told(self, most: int) -> list[Spent]:
        """At most so many rows as in `top`, and behind them in one whatever all other accounts have cost, if any."""
        rows = self.top(len(self._rows))
        rest = Spent(OTHERS)
        for row in (self.others, *rows[most:]):
            rest.add(row)
        return rows[:most] + ([rest] if rest.count else [])

    def __len__(self) -> int:
        return len(self._rows)

    def _new(self, name: str) -> Spent:
        if len(self._rows) >= self._capacity:
            self._make_room()
        row = self._rows[name] = Spent(name, self._floor)
        return row

    def _make_room(self) -> None:
        """Let the lower half go; what they have counted is kept together."""
        ordered = sorted(self._rows.values(), key=Spent.rank, reverse=True)
        staying, leaving = ordered[: self._capacity // 2], ordered[self._capacity // 2 :]
        self._floor = max(self._floor, leaving[0].rank())
        for row in leaving:
            self.others.add(row)
            row.gone = True
        self._rows = {row.name: row for row in staying}
