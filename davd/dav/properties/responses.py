"""Many resources into DAV:response elements: what a request asks for, compiled once, then applied to rows.

A page is rendered by columns: one list of texts for each property, laid between the constant pieces of the response.
Only a resource that has stored what was asked for by name, or lacks what its siblings have, is rendered by itself.

Implements: RFC 4918, 9.1, 14.24; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter
from typing import Final, Literal

from davd.dav.properties.columns import by_row, escaped
from davd.dav.properties.view import ACL, LOCKS, MEMBERS, STORED, View
from davd.dav.registry import LiveProperty, Registry
from davd.formats.xml.writer import DAV_ONLY, MULTISTATUS_CLOSE, declare, multistatus_open, status_element, tag
from davd.model.resource import FILE, Resource

Kind = Literal["prop", "allprop", "propname"]

_RESPONSE: Final = "<D:response><D:href>"
_FOUND: Final = f"</D:prop>{status_element(200).decode()}</D:propstat>"
_MISSING: Final = f"</D:prop>{status_element(404).decode()}</D:propstat>"
_PROPSTAT: Final = "<D:propstat><D:prop>"
_CLOSE: Final = "</D:response>"
_CLOSE_ALL: Final = MULTISTATUS_CLOSE.decode()

# Stands for a value of its own in each row; compared by identity, and no text any property could have.
_VARIES: Final = "\0"
_KEPT_PIECES: Final = 64
# Rows with stored properties or locks may each be a thousand times longer than others.
_MOST: Final = 500
_MOST_OF_ANY_LENGTH: Final = 100
# Access control lists and groups may be longer still, each of them.
_MOST_LISTS: Final = 8
_MOST_CHARACTERS: Final = 128 * 1024

_type = attrgetter("type")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks of each resource.

    `names` are the properties named (Clark notation): all that is asked by `"prop"`, the DAV:include of `"allprop"`.
    `minimal` leaves out what a resource does not have. `nested` has each element outside DAV: declare its namespace
    itself, so that a response can stand inside another document than its own.
    """

    kind: Kind
    names: tuple[str, ...] = ()
    minimal: bool = False
    nested: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """One property asked for: its row, if it is live, and its tags."""

    name: str
    live: LiveProperty | None
    start: str
    end: str
    empty: str


class Responses:
    """Renders rows for one `Wanted`; knows nothing of any request and may be kept.

    `most` is how many rows at most should be rendered at once: what clients ask for may be long.
    """

    def __init__(self, registry: Registry, wanted: Wanted) -> None:
        self.registry = registry
        self.wanted = wanted
        names = dict.fromkeys(wanted.names)
        if wanted.kind == "allprop":
            # RFC 4918, 9.1: allprop gives the live properties of that document and all dead ones.
            live = [row.name for row in registry.properties.values() if row.in_allprop]
            names = dict.fromkeys([*live, *names])
        elif wanted.kind == "propname":
            names = dict.fromkeys(registry.properties)
        self._declared = DAV_ONLY if wanted.nested else declare(names)
        self._asked = [self._ask(name) for name in names]
        self._names = frozenset(names)
        self._included = frozenset(wanted.names)
        self._storable = frozenset([asked.name for asked in self._asked if _is_dead(asked.live)])
        self._live = [(asked, asked.live) for asked in self._asked if asked.live is not None]
        self._by_age = frozenset([kind.name for kind in registry.collection_types.values() if kind.oldest_first])
        self.needs = self._needs()
        weight = sum([len(asked.start) + len(asked.end) for asked in self._asked])
        most = _MOST_OF_ANY_LENGTH if self.needs & {STORED, LOCKS} else _MOST
        if self.needs & {ACL, MEMBERS}:
            most = _MOST_LISTS
        self.most = max(1, min(most, _MOST_CHARACTERS // max(1, weight)))
        self._pieces: dict[tuple[bool, tuple[str | None, ...]], list[str]] = {}
        self.open = multistatus_open(self._declared).decode()

    def _ask(self, name: str) -> _Asked:
        start, end, empty = tag(name, self._declared)
        return _Asked(name, self.registry.properties.get(name), start.decode(), end.decode(), empty.decode())

    def _needs(self) -> frozenset[str]:
        needs: set[str] = set()
        for asked in self._asked:
            if asked.live is not None:
                needs |= asked.live.needs
        if self._storable or self.wanted.kind != "prop":
            needs.add(STORED)
        return frozenset(needs)

    def render(self, view: View, base: str, names: Sequence[str], rows: Sequence[Resource]) -> list[str]:
        """DAV:response elements for `rows`, in pieces that are joined once, when all there are have come together.

        An href is `base`, then the row's one of `names`, then a slash for collections; `base` and `names` are
        percent-encoded. The order of the rows is kept among those of one type; among all of them where there are some
        that are told of by age, since what they have stored must not put some of them after the others.
        """
        if not rows:
            return []
        types = set(map(_type, rows))
        apart = {id for id, stored in view.stored.items() if not self._storable.isdisjoint(stored)}
        if len(types) == 1 and not apart:
            return self._alike(view, base, names, rows)
        if not self._by_age.isdisjoint(types):
            return list(map(self._alone, repeat(view), repeat(base), names, rows))
        pieces = []
        for kind in sorted(types):
            chosen = [index for index, row in enumerate(rows) if row.type == kind and row.id not in apart]
            if chosen:
                pieces += self._alike(view, base, [names[i] for i in chosen], [rows[i] for i in chosen])
        if apart:
            pieces += [
                self._alone(view, base, name, row) for name, row in zip(names, rows, strict=True) if row.id in apart
            ]
        return pieces

    def _alike(self, view: View, base: str, names: Sequence[str], rows: Sequence[Resource]) -> list[str]:
        """Resources of one type that have stored none of the properties asked for by name."""
        columns: list[Iterable[str]] = [names]
        constant: list[str | None] = []
        number = len(rows)
        naming = self.wanted.kind == "propname"
        for _, live in self._live:
            column = by_row(live.get, view, rows) if live.column is None else live.column(view, rows)
            if column is None or isinstance(column, str):
                constant.append(column if column is None or not naming else "")
            elif not column:
                return list(map(self._alone, repeat(view), repeat(base), names, rows))
            elif naming:
                constant.append("")
            else:
                constant.append(_VARIES)
                columns.append(column)
        if self.wanted.kind != "prop" and view.stored:
            constant.append(_VARIES)
            stored = view.stored
            columns.append([self._others(stored[row.id]) if row.id in stored else "" for row in rows])
        pieces = self._around(rows[0].type != FILE, tuple(constant))
        # One response is a constant piece before each value and one after the last. That one and the first of the next
        # response are joined, so that all of the page is one flat list with a value in every second place.
        first = _RESPONSE + base
        flat = [piece for before in (pieces[-1] + first, *pieces[:-1]) for piece in (before, "")] * number
        width = 2 * len(columns)
        for index, column in enumerate(columns):
            flat[2 * index + 1 :: width] = column
        flat[0] = first
        flat.append(pieces[-1])
        return flat

    def _around(self, collection: bool, constant: tuple[str | None, ...]) -> list[str]:
        """The pieces that follow the name and each value that varies; `constant` as for `_make_around`."""
        key = (collection, constant)
        pieces = self._pieces.get(key)
        if pieces is None:
            if len(self._pieces) >= _KEPT_PIECES:
                self._pieces.clear()
            pieces = self._pieces[key] = self._make_around(collection, constant)
        return pieces

    def _make_around(self, collection: bool, constant: tuple[str | None, ...]) -> list[str]:
        """`constant` says for each live property whether it varies, is absent (None) or is the same everywhere.

        One more says that the dead properties not asked for by name follow.
        """
        pieces = []
        text = ("/" if collection else "") + "</D:href>"
        found = [(asked, value) for (asked, _), value in zip(self._live, constant, strict=False) if value is not None]
        others = len(constant) > len(self._live)
        if found or others:
            text += _PROPSTAT
            for asked, value in found:
                if value is _VARIES:
                    pieces.append(text + asked.start)
                    text = asked.end
                else:
                    text += asked.start + value + asked.end if value else asked.empty
            if others:
                pieces.append(text)
                text = ""
            text += _FOUND
        held = {asked.name for asked, _ in found}
        missing = [asked.empty for asked in self._asked if asked.name not in held]
        pieces.append(text + self._not_found(missing, bool(found) or others) + _CLOSE)
        return pieces

    def _not_found(self, missing: list[str], found: bool) -> str:
        """The propstats after the one with values."""
        if self.wanted.kind == "propname":
            missing = []
        elif self.wanted.kind == "allprop":
            lacking = frozenset(missing)
            missing = [asked.empty for asked in self._asked if asked.name in self._included and asked.empty in lacking]
        if missing and not self.wanted.minimal:
            return _PROPSTAT + "".join(missing) + _MISSING
        # RFC 4918, 14.24: a response without a status of its own has at least one propstat.
        return "" if found else _PROPSTAT + _FOUND

    def _alone(self, view: View, base: str, name: str, row: Resource) -> str:
        """One resource by itself."""
        elements, missing = self.elements(view, row)
        found = list(elements.values())
        if self.wanted.kind != "prop":
            found.append(self._others(view.stored.get(row.id) or {}))
        return self.whole(base + name, row, found, missing)

    def elements(self, view: View, row: Resource) -> tuple[dict[str, str], list[str]]:
        """The property elements that a resource has of those asked for, by name; and empty ones for the others."""
        stored = view.stored.get(row.id) or {}
        naming = self.wanted.kind == "propname"
        found: dict[str, str] = {}
        missing: list[str] = []
        for asked in self._asked:
            live = asked.live
            if (live is None or live.stored) and asked.name in stored:
                found[asked.name] = asked.empty if naming else stored[asked.name].decode()
                continue
            value = None if live is None else live.get(view, row)
            if value is not None:
                found[asked.name] = asked.empty if naming or not value else asked.start + escaped(value) + asked.end
            else:
                missing.append(asked.empty)
        return found, missing

    def whole(self, reference: str, row: Resource, found: Sequence[str], missing: list[str]) -> str:
        """A DAV:response of elements; `reference` is the href, escaped and without the slash of a collection."""
        slash = "/" if row.type != FILE else ""
        propstat = f"{_PROPSTAT}{''.join(found)}{_FOUND}" if found else ""
        return f"{_RESPONSE}{reference}{slash}</D:href>{propstat}{self._not_found(missing, bool(found))}{_CLOSE}"

    def _others(self, stored: dict[str, bytes]) -> str:
        """The dead properties that were not asked for by name, or only their names."""
        live = self.registry.properties
        others = [name for name in stored if name not in self._names and _is_dead(live.get(name))]
        if self.wanted.kind == "propname":
            return "".join([tag(name, self._declared)[2].decode() for name in others])
        # RFC 4791, 5.2 says of most properties of calendars that they SHOULD NOT be returned by allprop.
        return b"".join([stored[name] for name in others if name not in live or live[name].in_allprop]).decode()


def _is_dead(live: LiveProperty | None) -> bool:
    return live is None or live.stored


_KEPT: Final = 256
_KEPT_CHARACTERS: Final = 4096
_kept: dict[Wanted, Responses] = {}


def responses(registry: Registry, wanted: Wanted) -> Responses:
    """The renderer for `wanted`, made now or earlier."""
    found = _kept.get(wanted)
    if found is not None and found.registry is registry:
        return found
    made = Responses(registry, wanted)
    # What clients choose must not fill the memory.
    if sum(map(len, wanted.names)) <= _KEPT_CHARACTERS:
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[wanted] = made
    return made


# So many pieces are some 100 KB. Longer texts in one would be fresh memory from the system each time, and the faults of
# its pages cost five times what writing it does.
_PIECES: Final = 2000


def encoded(pieces: Sequence[str]) -> list[bytes]:
    """Rendered pieces, joined to a few larger ones."""
    return ["".join(pieces[start : start + _PIECES]).encode() for start in range(0, len(pieces), _PIECES)]


def document(renderer: Responses, pieces: Sequence[str], tail: bytes = b"") -> bytes | list[bytes]:
    """A whole multistatus of rendered pieces, in one or several parts; `tail` comes after the last piece."""
    parts = encoded([renderer.open, *pieces, tail.decode(), _CLOSE_ALL])
    return parts[0] if len(parts) == 1 else parts
