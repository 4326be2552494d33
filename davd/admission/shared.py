"""Sources and budgets of which several processes of one machine count their part.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from davd.admission.budgets import UNITS, Budget, Limits
from davd.admission.sources import Source

Slots: TypeAlias = tuple[int, int]

# How long, in seconds, a process may know less than all of what the others have spent.
_BEHIND: Final = 0.05
# What is spent is told the others at once when it is at least this part of what may be spent at once.
_MUCH: Final = 0.01


class Tally(Protocol):
    """What all processes count, each its own part; see `davd.observe.shared.Column`."""

    def slots(self, name: str) -> Slots:
        """Where a name is counted."""
        ...

    def add_to(self, gauge: int, slots: Slots, by: int) -> None:
        """Count more, or less, of a name."""
        ...

    def elsewhere_of(self, gauge: int, slots: Slots) -> int:
        """What the other processes count of a name."""
        ...

    def spend(self, unit: int, slots: Slots, amount: float, until: float) -> None:
        """Add to what a name has spent, which is made good again at the time `until`."""
        ...

    def spent(self, unit: int, slots: Slots) -> tuple[float, float]:
        """What the other processes have spent, by row."""
        ...

    def until(self, unit: int, slots: Slots) -> float:
        """When everything that was spent is made good again."""
        ...


class Ledger:
    """What one budget owes the others who spend from it, and what it knows of them.

    It tells them what passed here, at the latest with the first request after 50 ms, and takes from the budget what
    they let pass. `name` is counted under `kind`, so that an account may be called like an address.
    """

    __slots__ = ("_due", "_owed", "_seen", "slots", "tally")

    def __init__(self, name: str, tally: Tally, kind: str) -> None:
        self.tally = tally
        self.slots = tally.slots(f"{kind} {name}")
        self._due = 0.0
        self._owed = [0.0] * len(UNITS)
        # None: it has not been looked yet what the others know.
        self._seen: list[tuple[float, float]] | None = None

    def passed(self, budget: Budget, now: float, count: int) -> None:
        """Requests were taken from the budget."""
        owed = self._owed
        owed[0] += count
        if now >= self._due or owed[0] >= budget.limits.requests.burst * _MUCH:
            self._exchange(budget, now)

    def charged(self, budget: Budget, now: float, amounts: tuple[float, ...]) -> None:
        """The budget was charged with what requests have cost."""
        owed = self._owed
        for place, _, _ in budget.limits.costs:
            owed[place] += amounts[place]
        if now >= self._due:
            self._exchange(budget, now)

    def adopted(self, budget: Budget, now: float) -> None:
        """The budget has other limits; the first ones begin with what was spent elsewhere before."""
        if self._seen is not None:
            return
        tally, slots = self.tally, self.slots
        self._seen = [tally.spent(place, slots) for place in range(len(UNITS))]
        for place, measure in enumerate(budget.limits.measures):
            lacking = tally.until(place, slots) - now
            if lacking > 0 and measure.interval:
                # Under other limits the same time may have meant more than there can be now.
                _lack(budget, place, now, min(lacking, measure.window) / measure.interval)

    def _exchange(self, budget: Budget, now: float) -> None:
        """Tell the others what was spent here, and take over what they have spent."""
        self._due = now + _BEHIND
        self.adopted(budget, now)
        tally, slots, owed, seen = self.tally, self.slots, self._owed, self._seen
        assert seen is not None
        for place, measure in enumerate(budget.limits.measures):
            if not measure.interval:
                continue
            before, known = seen[place], tally.spent(place, slots)
            seen[place] = known
            amount = min(known[0] - before[0], known[1] - before[1])
            if amount > 0:
                _lack(budget, place, now, amount)
            if owed[place]:
                tally.spend(place, slots, owed[place], budget.full(place))
                owed[place] = 0.0


def _lack(budget: Budget, place: int, now: float, amount: float) -> None:
    """Take from a budget what was spent elsewhere."""
    measure = budget.limits.measures[place]
    until = budget.full(place)
    until = (until if until > now else now) + amount * measure.interval
    setattr(budget, UNITS[place], until)
    budget.ready = max(budget.ready, until - measure.slack)
    budget.low = max(budget.low, until - measure.half)


class _Shared(Budget):
    """A budget with a ledger."""

    # Those that mix this in have the slot: two bases with slots of their own cannot be joined.
    __slots__ = ()

    _ledger: Ledger

    def take(self, now: float, count: int = 1) -> None:
        """`count` requests pass, here; what passed elsewhere is taken as well."""
        Budget.take(self, now, count)
        self._ledger.passed(self, now, count)

    def charge(self, now: float, amounts: tuple[float, ...]) -> None:
        """What requests that are over have cost."""
        Budget.charge(self, now, amounts)
        self._ledger.charged(self, now, amounts)

    def adopt(self, limits: Limits, now: float) -> None:
        """Go by other limits from now on."""
        Budget.adopt(self, limits, now)
        self._ledger.adopted(self, now)


class SharedBudget(_Shared):
    """The budget of an account, or of everybody, that several processes spend from."""

    __slots__ = ("_ledger",)

    def __init__(self, name: str, tally: Tally, kind: str) -> None:
        super().__init__(name)
        self._ledger = Ledger(name, tally, kind)


class SharedSource(_Shared, Source):
    """A network whose requests several processes serve.

    `in_flight` is what this process has under way, counted in `gauge`; `abroad` what the others have.
    """

    __slots__ = ("_gauge", "_here", "_ledger")

    def __init__(self, name: str, tally: Tally, gauge: int) -> None:
        self._here = 0
        self._gauge = gauge
        self._ledger = Ledger(name, tally, "address")
        super().__init__(name, False)

    @property
    def in_flight(self) -> int:
        """How many requests this process has under way."""
        return self._here

    @in_flight.setter
    def in_flight(self, number: int) -> None:
        by = number - self._here
        if by:
            self._here = number
            self._ledger.tally.add_to(self._gauge, self._ledger.slots, by)

    @property
    def abroad(self) -> int:  # type: ignore[override]
        """How many requests the other processes have under way."""
        return self._ledger.tally.elsewhere_of(self._gauge, self._ledger.slots)
