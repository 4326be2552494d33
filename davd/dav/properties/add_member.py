"""DAV:add-member: where POST adds a member to a collection.

Implements: RFC 5995, 3.2.1
"""

from __future__ import annotations

from typing import Final

from davd.dav.properties.columns import by_row
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import href
from davd.model.resource import FILE, PRINCIPAL, Resource

# What follows the URL of a collection and a question mark in its add-member URL.
ADD_MEMBER: Final = "add-member"


def _add_member(view: View, resource: Resource) -> bytes | None:
    if resource.type in (FILE, PRINCIPAL) or not resource.owner:
        return None
    return href(f"{view.href(resource)}?{ADD_MEMBER}")


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty(
        "{DAV:}add-member",
        _add_member,
        in_allprop=False,
        column=lambda view, rows: None if rows[0].type == FILE else by_row(_add_member, view, rows),
    ),
)
