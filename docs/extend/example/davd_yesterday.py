"""A forecast for places where every day is like the day before: what was then, and a little more to be safe."""

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from davd.interfaces.forecast import IForecast


@implementer(IForecast)
class Yesterday:
    """Repeats the last day, with `more` as a share on top."""

    name = "yesterday"

    def __init__(self, more: float) -> None:
        self._more = more

    def fit(self, history: Sequence[float | None], season: int) -> None:
        """There is nothing to choose."""

    def forecast(self, history: Sequence[float | None], season: int, steps: int) -> list[float] | None:
        """What yesterday had at these steps; None where that is not known."""
        day = season // 7
        if len(history) < day or steps > day:
            return None
        first = len(history) - day
        found = [load for load in history[first : first + steps] if load is not None]
        return [load * (1 + self._more) for load in found] if len(found) == steps else None


def forecast(settings: dict[str, Any]) -> Yesterday:
    """The forecast of `[scaling.forecasts.yesterday]`: `more`, a number from 0 on."""
    more = settings.get("more", 0.1)
    if not isinstance(more, int | float) or isinstance(more, bool) or more < 0 or set(settings) - {"more"}:
        raise ValueError("expected more, a number from 0 on")
    return Yesterday(float(more))
