"""The form of a row in the tables of what may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

FAULT = "fault"
WARNING = "warning"
HINT = "hint"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table; words in braces are filled in by who finds it."""

    severity: str
    sentence: str
    remedy: str
