"""What a change of the settings means to a server that runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from davd.config.keys import keys, values
from davd.config.settings import Settings

_Section = TypeVar("_Section", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Changes:
    """The dotted names of the keys that differ: those that a reload brings into force, those that need a restart."""

    apply: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.apply or self.restart)


def compare(old: Settings, new: Settings) -> Changes:
    """What a server that runs with `old` would do with `new`."""
    before, after = dict(values(old)), dict(values(new))
    absent = object()
    differing = [name for name in {**before, **after} if before.get(name, absent) != after.get(name, absent)]
    known = keys()
    hot = tuple(name for name in differing if name in known and known[name].hot)
    return Changes(hot, tuple(name for name in differing if name not in hot))


def adopted(old: Settings, new: Settings, names: Collection[str]) -> Settings:
    """A copy of `old` that has the values of `new` under the dotted `names`; no section of it is one of `old`'s.

    What plugins fill (`checkers`, `extensions`, ...) is taken whole when one of its names is among them.
    """
    return _merged(old, new, frozenset(names), "")


def copy_of(settings: Settings) -> Settings:
    """A copy whose sections are not those of `settings`."""
    return adopted(settings, settings, ())


def overwrite(section: _Section, wanted: _Section) -> None:
    """Give `section`, which others hold as well, the values of `wanted`."""
    for name in section.__struct_fields__:
        setattr(section, name, getattr(wanted, name))


def _merged(old: _Section, new: _Section, names: frozenset[str], at: str) -> _Section:
    found = {}
    for name in old.__struct_fields__:
        mine, theirs = getattr(old, name), getattr(new, name)
        if isinstance(mine, msgspec.Struct):
            found[name] = _merged(mine, theirs, names, f"{at}{name}.")
        elif isinstance(mine, dict):
            # Sections that plugins fill: none of their keys is brought into force alone.
            found[name] = theirs if any(one.startswith(f"{at}{name}.") for one in names) else mine
        else:
            found[name] = theirs if at + name in names else mine
    return type(old)(**found)
