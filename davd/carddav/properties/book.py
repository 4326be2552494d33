"""What an address book says of itself.

Implements: RFC 6352, 6.2.1, 6.2.2, 6.2.3, 8.3.1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from davd.carddav import names
from davd.carddav.settings import CardDavSettings
from davd.dav.collation import COLLATIONS
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import element
from davd.model.resource import Resource

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
        LiveProperty(
            names.ADDRESSBOOK_DESCRIPTION,
            lambda view, resource: None,
            in_allprop=False,
            shared=True,
            stored=True,
            column=lambda view, rows: None,
        ),
        _constant(names.SUPPORTED_ADDRESS_DATA, _DATA),
        _constant(names.MAX_RESOURCE_SIZE, str(settings.max_resource_size).encode()),
        _constant(names.SUPPORTED_COLLATION_SET, _COLLATIONS),
    ]


def _constant(name: str, value: bytes) -> LiveProperty:
    """A protected property that is the same for all address books."""
    text = value.decode()

    def get(view: View, resource: Resource) -> bytes | None:
        return value if resource.type == names.ADDRESSBOOK_TYPE else None

    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        return text if rows[0].type == names.ADDRESSBOOK_TYPE else None

    return LiveProperty(name, get, in_allprop=False, shared=True, column=column)
