"""The time zones davd knows by name: the `tzdata` wheel it is pinned to, never the system's.

An operating system's data may be years old, and `zoneinfo` prefers it; two davds with the same wheel agree on every
event.

Implements: RFC 7809, 3.1.5
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Final

import tzdata  # type: ignore[import-untyped]

from davd.formats.icalendar.values import DAY, day_number
from davd.formats.icalendar.zones.tzif import Tzif, read

# The database's release is a year and a letter, "2026f".
RELEASE: Final[str] = tzdata.IANA_VERSION
# The start of the release's year, in seconds: what is called "now" where a clock would make the same data answer
# differently from day to day.
RELEASED: Final = day_number(int(RELEASE[:4]), 1, 1) * DAY


@functools.cache
def names() -> tuple[str, ...]:
    """Every name of the database, links and deprecated ones too, sorted."""
    return tuple(sorted(resources.files("tzdata").joinpath("zones").read_text("ascii").split()))


@functools.cache
def _spellings() -> dict[str, str]:
    return {name.lower(): name for name in names()}


def spelled(name: str) -> str | None:
    """The name as the database spells it, for any case; None where there is none."""
    return _spellings().get(name.lower())


@functools.lru_cache(maxsize=64)
def load(name: str) -> Tzif:
    """The zone of that exact name; KeyError where there is none."""
    if _spellings().get(name.lower()) != name:
        raise KeyError(name)
    return read(resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
