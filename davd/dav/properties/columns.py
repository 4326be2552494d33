"""One property of many resources: the texts that are laid into their DAV:response elements.

Implements: RFC 4918, 9.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from davd.dav.properties.view import View
from davd.formats.xml.writer import escape
from davd.model.resource import PRINCIPAL, Resource

Get = Callable[[View, Resource], str | bytes | None]

_owner_name = attrgetter("owner")
_access = attrgetter("owner", "parent_id", "acl")


def escaped(value: str | bytes) -> str:
    """What `LiveProperty.get` gave, escaped for XML."""
    return escape(value) if isinstance(value, str) else value.decode()


def by_row(get: Get, view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    """The column (`LiveProperty.column`) of a property whose value is asked for row by row."""
    found = [get(view, row) for row in rows]
    written = [escaped(value) for value in found if value is not None]
    if not written:
        return None
    return written if len(written) == len(found) else ()


def by_owner(get: Get) -> Callable[[View, Sequence[Resource]], Iterable[str] | None]:
    """The column of a property that is the same for all resources of one type that one user owns."""

    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        if len(set(map(_owner_name, rows))) == 1:
            value = get(view, rows[0])
            return None if value is None else escaped(value)
        return by_row(get, view, rows)

    return column


def by_access(get: Get, listed: bool = False) -> Callable[[View, Sequence[Resource]], Iterable[str] | None]:
    """The column of a property that is the same where access is decided by the same.

    That is so for members of one collection that have the same owner and the same access control entries and, unless
    the entries themselves are `listed`, for all that the user who asks owns and all that nobody owns; each principal
    is a case of its own.
    """

    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        if rows[0].type != PRINCIPAL:
            owners = set(map(_owner_name, rows))
            alike = not listed and len(owners) == 1 and owners <= {"", view.principal}
            if alike or len(set(map(_access, rows))) == 1:
                value = get(view, rows[0])
                return None if value is None else escaped(value)
        return by_row(get, view, rows)

    return column
