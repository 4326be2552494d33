"""What the blocks of one batch touch, noted as it happens."""

from __future__ import annotations

from davd.model.touched import Touched

Mark = tuple[int, int, bool]


class Touches:
    """Notes for `Touched`: whoever changes rows appends to the lists, or sets `everything`.

    `ids` and `places` mean what they mean there; the same may be noted more than once. They only grow until they are
    cut back to a `mark`, so what an undone block noted is dropped in one step.
    """

    __slots__ = ("everything", "ids", "places")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing has been touched."""
        self.ids: list[int] = []
        self.places: list[tuple[int, str]] = []
        self.everything = False

    def mark(self) -> Mark:
        """What is noted now, for `back_to`."""
        return len(self.ids), len(self.places), self.everything

    def back_to(self, mark: Mark) -> None:
        """What was done since `mark` is undone."""
        ids, places, self.everything = mark
        del self.ids[ids:]
        del self.places[places:]

    def touched(self) -> Touched:
        """All of it."""
        return Touched(frozenset(self.ids), frozenset(self.places), self.everything)
