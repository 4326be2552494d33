"""The counters of several processes as those of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Of these the greatest says how it is; all other numbers add up.
_GREATEST = ("longest", "recent", "peak", "p50", "p90", "p95", "p99", "epoch", "generation")
# By these the rows of a list are told apart.
_NAMES = ("name", "route", "pattern", "method")


def totals(counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One map of all: numbers are summed or the greatest is taken, by their names; rows of lists are put together."""
    merged: dict[str, Any] = {}
    for counters in counted:
        for name, value in counters.items():
            merged[name] = _both(name, merged[name], value) if name in merged else value
    return merged


def _both(name: str, one: Any, other: Any) -> Any:
    if isinstance(one, bool) or isinstance(other, bool):
        return one or other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return max(one, other) if name.startswith(_GREATEST) or name in _GREATEST else one + other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return totals([one, other])
    if isinstance(one, list) and isinstance(other, list):
        return _rows(name, one, other)
    return one


def _rows(name: str, one: list[Any], other: list[Any]) -> list[Any]:
    if all(isinstance(row, Mapping) for row in [*one, *other]):
        rows: dict[tuple[Any, ...], Any] = {}
        for row in [*one, *other]:
            key = tuple(value for key, value in row.items() if key in _NAMES or isinstance(value, str))
            rows[key] = totals([rows[key], row]) if key in rows else row
        return list(rows.values())
    if len(one) == len(other) and all(isinstance(value, int | float) for value in [*one, *other]):
        return [_both(name, *pair) for pair in zip(one, other, strict=True)]
    return [*one, *other]
