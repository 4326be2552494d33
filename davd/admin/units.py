"""Figures as people read them.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from typing import Final

NONE: Final = "–"
_SIZES: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_SPANS: Final = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def number(value: float | None) -> str:
    """A figure with at most three digits after the point, thousands apart."""
    if value is None:
        return NONE
    if value != int(value):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:,.{digits}f}".replace(",", "\u202f")
    return f"{int(value):,}".replace(",", "\u202f")


def seconds(value: float | None) -> str:
    """A time span, from microseconds to days."""
    if value is None:
        return NONE
    if value == 0:
        return "0 s"
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.{0 if value >= 0.1 else 1}f} ms"
    for length, unit in _SPANS:
        if value >= 2 * length:
            return f"{value / length:.0f} {unit}"
    return f"{value:.{0 if value >= 10 else 1}f} s"


def size(value: float | None) -> str:
    """A number of bytes."""
    if value is None:
        return NONE
    place = 0
    while abs(value) >= 1024 and place < len(_SIZES) - 1:
        value /= 1024
        place += 1
    return f"{value:.{0 if not place or value >= 100 else 1}f} {_SIZES[place]}"


def share(value: float | None) -> str:
    """A share as percent."""
    if value is None:
        return NONE
    percent = value * 100
    return f"{percent:.{0 if percent == 0 or percent >= 99.95 else 1 if percent >= 1 else 2}f} %"


def ago(when: float | None, now: float) -> str:
    """How long a POSIX time is gone, or how soon it is."""
    if when is None:
        return NONE
    passed = now - when
    if abs(passed) < 1:
        return "now"
    whole = round(abs(passed))
    span = f"{whole} s" if whole < 120 else seconds(whole)
    return f"{span} ago" if passed > 0 else f"in {span}"
