"""How much work and how many instances a rule, or a request with many of them, may cost.

Implements: RFC 4791, 11
"""

from __future__ import annotations

from time import monotonic


class BudgetError(Exception):
    """What was asked for costs more than it may."""


class TooMuch(BudgetError):
    """A budget is spent; the text says which part of it."""


class Budget:
    """What is left of a number of steps, of instances and of time; one may be shared by many rules.

    `iterations` are steps that look for an instance without finding one, `instances` those found, `seconds` elapsed
    time from the making of the budget on. What is spent stays spent when TooMuch has been raised.
    """

    __slots__ = ("_deadline", "instances", "iterations")

    def __init__(self, iterations: int = 100_000, instances: int = 3_000, seconds: float = 1.0) -> None:
        self.iterations = iterations
        self.instances = instances
        self._deadline = monotonic() + seconds

    def search(self, steps: int) -> None:
        """Account for steps that found nothing. TooMuch when there is nothing left, or the time is over."""
        self.iterations -= steps
        if self.iterations < 0:
            raise TooMuch("Too many steps without an instance of the recurrence.")
        if monotonic() > self._deadline:
            raise TooMuch("The recurrence takes too long.")

    def found(self, instances: int) -> None:
        """Account for instances. TooMuch when there are more than may be, or the time is over."""
        self.instances -= instances
        if self.instances < 0:
            raise TooMuch("Too many instances of the recurrence.")
        if monotonic() > self._deadline:
            raise TooMuch("The recurrence takes too long.")
