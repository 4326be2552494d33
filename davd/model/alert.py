"""Something that an administrator should know of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, as it is told.

    `name` is one word, `severity` is `warning` or `critical`, `summary` a sentence. `firing` is false when it is over.
    `value` is the signal at the time of telling, None when it is not known; `threshold` what it is held against.
    `since` is the POSIX time from which it was in force, `at` that of telling. `host` is the machine.
    """

    name: str
    severity: str
    summary: str
    firing: bool
    value: float | None
    threshold: float
    since: float
    at: float
    host: str = ""

    def sentence(self) -> str:
        """All of it on one line."""
        state = "firing" if self.firing else "over"
        value = "" if self.value is None else f" ({self.value:.6g}, threshold {self.threshold:.6g})"
        where = f" on {self.host}" if self.host else ""
        text = f"{self.name} {state}{where}: {self.summary}{value}"
        return "".join(sign if sign.isprintable() else " " for sign in text)
