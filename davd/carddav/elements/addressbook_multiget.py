"""The body of the addressbook-multiget report.

Implements: RFC 6352, 8.7, 10.7
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.carddav.elements.address_data import AddressData, read_address_data
from davd.carddav.names import ADDRESS_DATA, ADDRESSBOOK_MULTIGET
from davd.dav.elements.asked import Asked, read_asked, read_hrefs
from davd.dav.elements.source import expect_root, reading
from davd.formats.xml.reader import Element


@dataclass(frozen=True, slots=True)
class AddressbookMultiget:
    """What is asked of each card, and the hrefs of the cards as the client writes them, each once."""

    asked: Asked[AddressData]
    hrefs: tuple[str, ...]


def parse_addressbook_multiget(source: bytes | Element, content_type: str | None = None) -> AddressbookMultiget:
    """Read an addressbook-multiget body.

    HTTPError 400 without any href, 403 with CARDDAV:supported-address-data.
    """
    return _parse(source, content_type)


def _read(root: Element) -> AddressbookMultiget:
    expect_root(root, ADDRESSBOOK_MULTIGET)
    return AddressbookMultiget(read_asked(root, ADDRESS_DATA, read_address_data), read_hrefs(root))


_parse = reading(_read)
