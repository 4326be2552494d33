"""How much room there is.

Implements: RFC 4331, 2, 3, 4
"""

from __future__ import annotations

from typing import Final

from davd.dav.properties.view import QUOTA, View
from davd.dav.registry import LiveProperty
from davd.model.resource import Resource

_NEEDS: Final = frozenset((QUOTA,))


def _available(view: View, resource: Resource) -> str | None:
    quota = view.quota_of(resource)
    # Without a limit there is no number to tell: a client that finds none shows none.
    return None if quota.limit is None else str(max(0, quota.limit - quota.used))


def _used(view: View, resource: Resource) -> str:
    return str(view.quota_of(resource).used)


ROWS: Final[tuple[LiveProperty, ...]] = (
    # RFC 4331, 2: a server "SHOULD NOT return" them for allprop.
    LiveProperty("{DAV:}quota-available-bytes", _available, in_allprop=False, needs=_NEEDS),
    LiveProperty("{DAV:}quota-used-bytes", _used, in_allprop=False, needs=_NEEDS),
)
