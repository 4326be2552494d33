"""Where a principal's address books are, and which directories there are.

Implements: RFC 6352, 7.1.1, 7.1.2; draft-daboo-carddav-directory-gateway-02, 3
"""

from __future__ import annotations

from typing import Final

from davd.carddav import names
from davd.carddav.settings import CardDavSettings
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import parse
from davd.formats.xml.writer import href
from davd.model.errors import HTTPError
from davd.model.resource import PRINCIPAL, Resource

HOMES: Final = "addressbooks"


def rows(settings: CardDavSettings) -> list[LiveProperty]:
    """The properties of principals, with the directories of `settings`."""
    directories = tuple(settings.directories)

    def gateway(view: View, resource: Resource) -> bytes | None:
        if resource.type != PRINCIPAL or not directories:
            return None
        return b"".join([href(view.prefix + path) for path in directories])

    return [
        LiveProperty(names.ADDRESSBOOK_HOME_SET, _home_set, in_allprop=False),
        LiveProperty(
            names.PRINCIPAL_ADDRESS,
            lambda view, resource: None,
            in_allprop=False,
            shared=True,
            stored=True,
            check_element=_check_address,
        ),
        # The draft, 3: "MUST be protected"; 5: "If the property is not present, then the directory gateway feature is
        # not supported by the server at that time."
        LiveProperty(names.DIRECTORY_GATEWAY, gateway, in_allprop=False),
    ]


def _home_set(view: View, resource: Resource) -> bytes | None:
    # Clients of Apple and others look at the first home only, so there is one.
    if resource.type != PRINCIPAL:
        return None
    return href(view.exchange.href((HOMES, resource.name), True))


def _check_address(fragment: bytes) -> None:
    found = list(parse(fragment))
    # RFC 6352, 7.1.2: <!ELEMENT principal-address (DAV:href)>
    if len(found) != 1 or found[0].tag != "{DAV:}href" or not string_value(found[0]).strip():
        raise HTTPError(409, detail="a principal-address that is not one href")
