"""The counters of several processes as those of one.

Most are numbers of what has happened or is there, and add up. What is none, as a time, the longest of something, or a
part of all, is told apart by its name.

Implements: docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

# Of these the greatest says how it is: what is longest, times of what was last, and what all processes have in common.
_GREATEST: Final = ("longest", "recent", "peak", "p50", "p90", "p95", "p99", "epoch", "generation")
_GREATEST_NAMES: Final = frozenset(
    ("at", "last_run", "next_run", "duration", "every_seconds", "log_pages", "log.bytes", "restored")
)
# And of these the least: the start of the first process, and what is well only when it is so everywhere.
_LEAST: Final = ("started", "connected")
_LEAST_NAMES: Final = ("ok",)
# A mean is that of all that was measured, which is told beside it by class.
_MEANS: Final = {"average_processing_time": "processing", "average_queue_time": "queueing"}
# By these the rows of a list are told apart.
_NAMES: Final = ("name", "route", "pattern", "method")
# What one process knows of these includes what the others have told it.
_COMMON: Final = ("consumers",)
# Rows that have it are told in the order of what they cost.
_COST: Final = "cpu"


def totals(counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One map of all: numbers are summed or one of them is taken, by their names; rows of lists are put together."""
    merged: dict[str, Any] = {}
    for counters in counted:
        for name, value in counters.items():
            merged[name] = _both(name, merged[name], value) if name in merged else value
    for name, parts in _MEANS.items():
        if name in merged and parts in merged and len(counted) > 1:
            merged[name] = _mean(merged[parts].values())
    return merged


def _mean(parts: Any) -> float:
    found = list(parts)
    number = sum(part["number"] for part in found)
    return sum(part["seconds"] for part in found) / number if number else 0.0


def _both(name: str, one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    last = name.rpartition(".")[2]
    least = last.endswith(_LEAST) or last in _LEAST_NAMES
    if isinstance(one, bool) or isinstance(other, bool):
        return one and other if least else one or other
    if isinstance(one, int | float) and isinstance(other, int | float):
        if last.startswith(_GREATEST) or last in _GREATEST_NAMES or name in _GREATEST_NAMES:
            return max(one, other)
        return min(one, other) if least else one + other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return totals([one, other])
    if isinstance(one, list) and isinstance(other, list):
        return _rows(name, one, other)
    return one


def _rows(name: str, one: list[Any], other: list[Any]) -> list[Any]:
    both = [*one, *other]
    if all(isinstance(row, Mapping) for row in both):
        return _named(name in _COMMON, both)
    if len(one) == len(other) and all(isinstance(value, int | float) for value in both):
        return [_both(name, *pair) for pair in zip(one, other, strict=True)]
    if _same_bounds(one, other):
        return [[bound, count + more] for (bound, count), (_, more) in zip(one, other, strict=True)]
    return both


def _named(common: bool, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    found: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        key = tuple(value for name, value in row.items() if name in _NAMES or isinstance(value, str))
        if key not in found:
            found[key] = row
        elif common:
            found[key] = {name: max(value, row.get(name, value)) for name, value in found[key].items()}
        else:
            found[key] = totals([found[key], row])
    if all(_COST in row for row in rows):
        return sorted(found.values(), key=lambda row: row[_COST], reverse=True)
    return list(found.values())


def _same_bounds(one: list[Any], other: list[Any]) -> bool:
    """Whether both are histograms with the same bounds: pairs of a bound and a count."""
    pairs = all(isinstance(row, list | tuple) and len(row) == 2 for row in [*one, *other])
    return pairs and [row[0] for row in one] == [row[0] for row in other]
