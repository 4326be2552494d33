"""How many workers there are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many workers there are when davd starts, and between which numbers they may be later."""

    start: int
    least: int
    most: int
