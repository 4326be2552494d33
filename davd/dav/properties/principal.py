"""Who am I: the first question of every calendar and contacts client, and what a principal resource says of itself.

Implements: RFC 5397, 3; RFC 3744, 4.1, 4.2, 4.3, 4.4, 5.8
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from davd.dav.properties.columns import Get, by_row
from davd.dav.properties.view import ACCOUNT, GROUPS, MEMBERS, PRINCIPALS, View
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import href
from davd.model.principal import GROUP, SEGMENTS
from davd.model.resource import PRINCIPAL, Resource


def _current_user_principal(view: View, resource: Resource) -> bytes:
    return href(view.principal_href(view.principal))


def _current_user_principals(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return _current_user_principal(view, rows[0]).decode()


def _principal_url(view: View, resource: Resource) -> bytes | None:
    return href(view.href(resource)) if resource.type == PRINCIPAL else None


def _alternate_uri_set(view: View, resource: Resource) -> bytes | None:
    return b"" if resource.type == PRINCIPAL else None


def _group_member_set(view: View, resource: Resource) -> bytes | None:
    account = view.accounts.get(resource.name)
    if resource.type != PRINCIPAL or account is None or account.kind != GROUP:
        return None
    # RFC 3744, 4.3: "the principals that are direct members of this group", each by its DAV:principal-URL.
    return b"".join([href(view.principal_href(name)) for name in view.members.get(resource.name, ())])


def _group_membership(view: View, resource: Resource) -> bytes | None:
    if resource.type != PRINCIPAL:
        return None
    # RFC 3744, 4.4: "the groups in which the principal is directly a member"; of what others are in, no more is told
    # than who asks is in as well.
    groups = view.groups.get(resource.name, ())
    principal = view.exchange.principal
    if resource.name != principal.name and principal.fellows is not None:
        groups = [name for name in groups if name in principal.groups]
    return b"".join([href(view.exchange.href((*PRINCIPALS, SEGMENTS[GROUP], name), True)) for name in groups])


def _of_principals(get: Get) -> Callable[[View, Sequence[Resource]], Iterable[str] | None]:
    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        return by_row(get, view, rows) if rows[0].type == PRINCIPAL else None

    return column


def _principal_collection_set(view: View, resource: Resource) -> bytes:
    return href(view.exchange.href(PRINCIPALS, True))


def _principal_collection_sets(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return _principal_collection_set(view, rows[0]).decode()


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty(
        "{DAV:}current-user-principal", _current_user_principal, in_allprop=False, column=_current_user_principals
    ),
    # RFC 3744, 4.2: "A principal may have many URLs, but there must be one "principal URL" that clients can use".
    LiveProperty("{DAV:}principal-URL", _principal_url, in_allprop=False, column=_of_principals(_principal_url)),
    # RFC 3744, 4.1: "Support for this property is REQUIRED, and the value is empty if no alternate URI exists".
    LiveProperty(
        "{DAV:}alternate-URI-set", _alternate_uri_set, in_allprop=False, column=_of_principals(_alternate_uri_set)
    ),
    # RFC 3744, 4.3: a server may let clients write it; here `davctl group` says who is in a group.
    LiveProperty(
        "{DAV:}group-member-set",
        _group_member_set,
        in_allprop=False,
        needs=frozenset((ACCOUNT, MEMBERS)),
        column=_of_principals(_group_member_set),
    ),
    LiveProperty(
        "{DAV:}group-membership",
        _group_membership,
        in_allprop=False,
        needs=frozenset((GROUPS,)),
        column=_of_principals(_group_membership),
    ),
    LiveProperty(
        "{DAV:}principal-collection-set",
        _principal_collection_set,
        in_allprop=False,
        column=_principal_collection_sets,
    ),
)
