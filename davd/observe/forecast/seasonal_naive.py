"""The forecast by which all others are judged: it will be as it was a week ago.

Implements: docs/operate/scaling.md, The forecast
"""

from __future__ import annotations

from collections.abc import Sequence

from zope.interface import implementer

from davd.interfaces.forecast import IForecast


@implementer(IForecast)
class SeasonalNaive:
    """Repeats the last season; where that has a gap, the one before it."""

    name = "seasonal_naive"

    def fit(self, history: Sequence[float | None], season: int) -> None:
        """There is nothing to choose."""

    def forecast(self, history: Sequence[float | None], season: int, steps: int) -> list[float] | None:
        """What the last season had at these steps; None while it is known for none of the seasons."""
        length = len(history)
        found: list[float] = []
        for step in range(length, length + steps):
            place = step - season
            while place >= length:
                place -= season
            while place >= 0 and history[place] is None:
                place -= season
            value = history[place] if place >= 0 else None
            if value is None:
                return None
            found.append(value)
        return found
