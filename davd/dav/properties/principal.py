"""Who am I: the first question of every calendar and contacts client, and what a principal resource says of itself.

Implements: RFC 5397, 3; RFC 3744, 4, 5.8
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import href
from davd.model.resource import PRINCIPAL, Resource


def _current_user_principal(view: View, resource: Resource) -> bytes:
    return href(view.principal_href(view.principal))


def _current_user_principals(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return _current_user_principal(view, rows[0]).decode()


def _principal_url(view: View, resource: Resource) -> bytes | None:
    return href(view.principal_href(resource.name)) if resource.type == PRINCIPAL else None


def _on_principals(view: View, resource: Resource) -> bytes | None:
    return b"" if resource.type == PRINCIPAL else None


def _principal_urls(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    if rows[0].type != PRINCIPAL:
        return None
    return [href(view.principal_href(row.name)).decode() for row in rows]


def _all_on_principals(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    return "" if rows[0].type == PRINCIPAL else None


def _principal_collection_set(view: View, resource: Resource) -> bytes:
    return href(view.exchange.href(("principals",), True))


def _principal_collection_sets(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return _principal_collection_set(view, rows[0]).decode()


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty(
        "{DAV:}current-user-principal", _current_user_principal, in_allprop=False, column=_current_user_principals
    ),
    # RFC 3744, 4.2: "A principal may have many URLs, but there must be one "principal URL" that clients can use".
    LiveProperty("{DAV:}principal-URL", _principal_url, in_allprop=False, column=_principal_urls),
    # RFC 3744, 4.1, 4.4: required of every principal, and empty while nobody has other names or groups.
    LiveProperty("{DAV:}alternate-URI-set", _on_principals, in_allprop=False, column=_all_on_principals),
    LiveProperty("{DAV:}group-membership", _on_principals, in_allprop=False, column=_all_on_principals),
    LiveProperty(
        "{DAV:}principal-collection-set",
        _principal_collection_set,
        in_allprop=False,
        column=_principal_collection_sets,
    ),
)
