"""What clients read of access control: who owns a resource, and what they may do to it.

The lists are what `davd.dav.access` decides by: the owner may do everything to what is theirs, every user may read what
belongs to nobody.

Implements: RFC 3744, 5
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from davd.dav.access.privileges import READ_ACL, TREE, Privilege
from davd.dav.properties.columns import by_owner
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.names import XML_LANG
from davd.formats.xml.writer import element, href
from davd.model.resource import Resource


@lru_cache(maxsize=64)
def _privileges(names: frozenset[str]) -> bytes:
    return b"".join([element("{DAV:}privilege", element(name)) for name in sorted(names)])


def _supported(privilege: Privilege) -> bytes:
    # RFC 3744, 5.3: "DAV:description" is "a human-readable description" and must tell its language.
    return element(
        "{DAV:}supported-privilege",
        [
            element("{DAV:}privilege", element(privilege.name)),
            element("{DAV:}description", privilege.description, {XML_LANG: "en"}),
            *[_supported(part) for part in privilege.contains],
        ],
    )


_SUPPORTED_PRIVILEGE_SET: Final = _supported(TREE)

_ACE: Final = (
    b"<D:ace><D:principal><D:property><D:owner/></D:property></D:principal><D:grant>%b</D:grant><D:protected/></D:ace>"
)

_RESTRICTIONS: Final = "<D:grant-only/><D:no-invert/>"


def _owner(view: View, resource: Resource) -> bytes:
    return href(view.principal_href(resource.owner)) if resource.owner else b""


def _acl(view: View, resource: Resource) -> bytes | None:
    held = view.privileges(resource)
    # RFC 3744, 3.6: DAV:read-acl "controls the use of PROPFIND to retrieve the DAV:acl property".
    if READ_ACL not in held:
        return None
    return _ACE % _privileges(held)


def _current_user_privilege_set(view: View, resource: Resource) -> bytes:
    return _privileges(view.privileges(resource))


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty("{DAV:}owner", _owner, in_allprop=False, column=by_owner(_owner)),
    # RFC 3744, 5.2: the group "MAY be empty"; nothing here belongs to one.
    LiveProperty("{DAV:}group", lambda view, row: b"", in_allprop=False, column=lambda view, rows: ""),
    LiveProperty(
        "{DAV:}supported-privilege-set",
        lambda view, row: _SUPPORTED_PRIVILEGE_SET,
        in_allprop=False,
        column=lambda view, rows: _SUPPORTED_PRIVILEGE_SET.decode(),
    ),
    LiveProperty(
        "{DAV:}current-user-privilege-set",
        _current_user_privilege_set,
        in_allprop=False,
        column=by_owner(_current_user_privilege_set),
    ),
    LiveProperty("{DAV:}acl", _acl, in_allprop=False, column=by_owner(_acl)),
    LiveProperty(
        "{DAV:}acl-restrictions",
        lambda view, row: _RESTRICTIONS.encode(),
        in_allprop=False,
        column=lambda view, rows: _RESTRICTIONS,
    ),
    LiveProperty("{DAV:}inherited-acl-set", lambda view, row: b"", in_allprop=False, column=lambda view, rows: ""),
)
