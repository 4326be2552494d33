"""Up the ladder of users, to the first rung that does not hold."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from davd.daemon.sizing.calendars import Calendar, Query
from davd.daemon.sizing.load import Load, Measured, percentile
from davd.daemon.sizing.mix import BOUND_SECONDS, MINUTE, arrivals, rate, rungs

# When this program is so far behind its plan, what it measures is itself.
_LATE_SECONDS = 0.05
# How many accounts are asked in turns at a time.
_AT_A_TIME = 4


@dataclass(frozen=True, slots=True)
class Rung:
    """What so many users got: right answers, the first error if there was one, latencies in seconds."""

    users: int
    rate: float
    answers: int
    p50: float
    p95: float
    late: float
    errors: int = 0
    error: str = ""

    @property
    def reason(self) -> str:
        """Why it does not hold; empty when it does."""
        if self.error:
            return self.error
        if self.late > _LATE_SECONDS:
            return "this program could not send as fast as planned"
        if self.p95 >= BOUND_SECONDS:
            return f"p95 of {self.p95 * 1000:.0f} ms"
        return ""


def rung_of(users: int, measured: Measured) -> Rung:
    """A rung from what was measured on it."""
    seconds = measured.seconds
    return Rung(
        users,
        rate(users),
        len(seconds),
        percentile(seconds, 0.5),
        percentile(seconds, 0.95),
        percentile(measured.late, 0.95),
        len(measured.errors),
        measured.errors[0] if measured.errors else "",
    )


# Gives the calendar to be asked so many seconds after the begin of a rung.
Choice = Callable[[float], Calendar]


def in_turn(calendars: Sequence[Calendar], users: int, chance: random.Random) -> Choice:
    """New accounts come up as often as proven log-ins of so many users run out, and stay until a minute's work is done.

    `calendars` are `accounts_for(users, seconds)` of those that nobody has logged in to.
    """

    def choose(at: float) -> Calendar:
        return calendars[min(int(users / MINUTE * at) + chance.randrange(_AT_A_TIME), len(calendars) - 1)]

    return choose


def accounts_for(users: int, seconds: float) -> int:
    """How many accounts come up within so many seconds."""
    return math.ceil(users / MINUTE * seconds) + _AT_A_TIME


async def climb(
    load: Load, calendars: Callable[[int], Choice], seconds: float, most: int, chance: random.Random
) -> AsyncIterator[Rung]:
    """Each rung for so many seconds; the last one does not hold, or has `most` users.

    `calendars` gives the choice among those that stand for a number of users.
    """
    for users in rungs(most):
        choose = calendars(users)

        def make(at: float, kind: str, choose: Choice = choose) -> Query:
            return choose(at).query(kind, chance)

        rung = rung_of(users, await load.run(arrivals(users, seconds, chance), make))
        yield rung
        if rung.reason:
            break
    load.close()


def verdict(climbed: Sequence[Rung]) -> str:
    """The sentence at the end."""
    held = [rung.users for rung in climbed if not rung.reason]
    bound = f"p95 < {BOUND_SECONDS * 1000:.0f} ms"
    if not held:
        return f"Not even {climbed[0].users} users at {bound}: {climbed[0].reason}."
    last = climbed[-1]
    end = f"; {last.users} were too many: {last.reason}" if last.reason else ", and nobody asked for more"
    return f"{held[-1]} users at {bound}{end}."
