"""What an address book says of itself.

Implements: RFC 6352, 6.2.1, 6.2.2, 6.2.3, 8.3.1
"""

from __future__ import annotations

from typing import Final

from davd.carddav import names
from davd.carddav.settings import CardDavSettings
from davd.dav.collation import COLLATIONS
from davd.dav.properties.constant import constant, kept
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import element

_DATA: Final = b"".join(
    [
        element(names.join_carddav("address-data-type"), None, {"content-type": kind, "version": version})
        for kind, version in ((names.TEXT_VCARD, "3.0"), (names.TEXT_VCARD, "4.0"), (names.JCARD, "4.0"))
    ]
)
_COLLATIONS: Final = b"".join([element(names.join_carddav("supported-collation"), name) for name in COLLATIONS])


def rows(settings: CardDavSettings) -> list[LiveProperty]:
    """The properties of address books, with the limits of `settings`."""
    return [
        # RFC 6352, 6.2.1: "The xml:lang attribute can be used to add a language tag for the value of this property": it
        # is stored as an element. Of it and of the others: "SHOULD NOT be returned by a PROPFIND DAV:allprop request".
        kept(names.ADDRESSBOOK_DESCRIPTION),
        constant(names.SUPPORTED_ADDRESS_DATA, _DATA, names.ADDRESSBOOK_TYPE),
        constant(names.MAX_RESOURCE_SIZE, str(settings.max_resource_size).encode(), names.ADDRESSBOOK_TYPE),
        constant(names.SUPPORTED_COLLATION_SET, _COLLATIONS, names.ADDRESSBOOK_TYPE),
    ]
