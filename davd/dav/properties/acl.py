"""What clients read of access control: who owns a resource, who may do what to it, and what they may do themselves.

The lists are what `davd.dav.access` decides by: a protected entry for the owner, the resource's own entries, which the
ACL method replaces, and those inherited from the resources above it that belong to the same owner.

Implements: RFC 3744, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from davd.dav.access.decide import OF_OWNER, OF_PRINCIPAL
from davd.dav.access.privileges import READ, READ_ACL, READ_CURRENT_USER_PRIVILEGE_SET, TREE, Privilege
from davd.dav.properties.columns import by_access, by_owner
from davd.dav.properties.view import ACL, OWNER, View
from davd.dav.registry import LiveProperty
from davd.formats.xml.names import XML_LANG
from davd.formats.xml.writer import element, href
from davd.model import acl
from davd.model.acl import Ace
from davd.model.resource import PRINCIPAL, Resource


@lru_cache(maxsize=256)
def _privileges(names: tuple[str, ...]) -> bytes:
    return b"".join([element("{DAV:}privilege", element(name)) for name in names])


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

_RESTRICTIONS: Final = "<D:grant-only/><D:no-invert/>"
_PROTECTED: Final = b"<D:protected/>"
_SUBJECTS: Final = {
    acl.AUTHENTICATED: b"<D:authenticated/>",
    acl.OWNER: b"<D:property><D:owner/></D:property>",
    acl.SELF: b"<D:self/>",
}
_OWNERS: Final = (tuple(sorted(OF_OWNER)), tuple(sorted(OF_PRINCIPAL)))


def _owner(view: View, resource: Resource) -> bytes:
    return href(view.principal_href(resource.owner)) if resource.owner else b""


def _ace(view: View, entry: Ace, mark: bytes = b"") -> bytes:
    """A DAV:ace; `mark` is what follows the grant."""
    subject = _SUBJECTS.get(entry.principal)
    if subject is None:
        subject = href(view.principal_href(entry.principal.removeprefix(acl.NAME)))
    return b"<D:ace><D:principal>%b</D:principal><D:grant>%b</D:grant>%b</D:ace>" % (
        subject,
        _privileges(entry.privileges),
        mark,
    )


def _acl(view: View, resource: Resource) -> bytes | None:
    # RFC 3744, 3.6: DAV:read-acl "controls the use of PROPFIND to retrieve the DAV:acl property".
    if READ_ACL not in view.privileges(resource):
        return None
    # RFC 3744, 5.5.3: "an attempt to remove that ACE from the ACL MUST fail".
    pieces = [_ace(view, Ace(acl.OWNER, _OWNERS[resource.type == PRINCIPAL]), _PROTECTED)]
    if resource.type == PRINCIPAL:
        pieces += [_ace(view, entry, _PROTECTED) for entry in _fellows(view, resource)]
    pieces += [_ace(view, entry) for entry in acl.parse(resource.acl)]
    inherited = view.inherited.get(resource.parent_id)
    if inherited is None:
        inherited = view.inherited[resource.parent_id] = _inherited(view, resource)
    return b"".join([*pieces, inherited])


def _inherited(view: View, resource: Resource) -> bytes:
    """The entries that come from above, which are the same for all members of one collection."""
    pieces = []
    for above in reversed(view.chain(resource)[:-1]):
        if above.owner != resource.owner:
            break
        entries = acl.parse(above.acl)
        if entries:
            # RFC 3744, 5.5.4: DAV:inherited "indicates that this ACE is inherited from another resource that is
            # identified by the URL contained in a DAV:href element".
            mark = b"<D:inherited>%b</D:inherited>" % href(view.href(above))
            pieces += [_ace(view, entry, mark) for entry in entries]
    return b"".join(pieces)


def _fellows(view: View, resource: Resource) -> list[Ace]:
    """Who reads a principal resource beside the user it stands for."""
    if view.exchange.settings.principal_search == "all":
        return [Ace(acl.AUTHENTICATED, (READ,))]
    return [Ace(acl.NAME + name, (READ,)) for name in view.circles.get(resource.name, ())]


def _current_user_privilege_set(view: View, resource: Resource) -> bytes | None:
    held = view.privileges(resource)
    # RFC 3744, 3.7: the privilege "controls the use of PROPFIND to retrieve the DAV:current-user-privilege-set
    # property".
    if READ_CURRENT_USER_PRIVILEGE_SET not in held:
        return None
    # RFC 3744, 5.4: "Aggregate privileges and their contained privileges are listed."
    return _privileges(tuple(sorted(held)))


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty("{DAV:}owner", _owner, in_allprop=False, needs=frozenset((OWNER,)), column=by_owner(_owner)),
    # RFC 3744, 5.2: servers "MAY return an empty DAV:group element as property value in case no group information is
    # available"; nothing here belongs to a group.
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
        column=by_access(_current_user_privilege_set),
    ),
    LiveProperty("{DAV:}acl", _acl, in_allprop=False, needs=frozenset((ACL,)), column=by_access(_acl, listed=True)),
    LiveProperty(
        "{DAV:}acl-restrictions",
        lambda view, row: _RESTRICTIONS.encode(),
        in_allprop=False,
        column=lambda view, rows: _RESTRICTIONS,
    ),
    # RFC 3744, 5.7: what is granted here is "ANDed with the privileges granted by each inherited ACL"; davd adds.
    LiveProperty("{DAV:}inherited-acl-set", lambda view, row: b"", in_allprop=False, column=lambda view, rows: ""),
)
