"""How much room there is.

Implements: RFC 4331, 2, 3, 4
"""

from __future__ import annotations

from typing import Final

from davd.dav.properties.columns import by_owner
from davd.dav.properties.view import QUOTA, ROOM, View
from davd.dav.registry import LiveProperty
from davd.model.resource import Resource

_OF_USED: Final = frozenset((QUOTA,))
_OF_AVAILABLE: Final = frozenset((QUOTA, ROOM))


def _available(view: View, resource: Resource) -> str | None:
    quota = view.quota_of(resource)
    # RFC 4331, 3: the value is what may be stored "before further allocations may be refused", by a limit or by the
    # disk. Where there is neither, there is no number to tell.
    rooms = [] if quota.limit is None else [max(0, quota.limit - quota.used)]
    if view.free is not None:
        rooms.append(view.free)
    return str(min(rooms)) if rooms else None


def _used(view: View, resource: Resource) -> str:
    return str(view.quota_of(resource).used)


ROWS: Final[tuple[LiveProperty, ...]] = (
    # RFC 4331, 2: a server "SHOULD NOT return" them for allprop.
    LiveProperty(
        "{DAV:}quota-available-bytes", _available, in_allprop=False, needs=_OF_AVAILABLE, column=by_owner(_available)
    ),
    LiveProperty("{DAV:}quota-used-bytes", _used, in_allprop=False, needs=_OF_USED, column=by_owner(_used)),
)
