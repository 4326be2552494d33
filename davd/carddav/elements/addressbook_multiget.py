"""The body of the addressbook-multiget report.

Implements: RFC 6352, 8.7, 10.7
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.carddav.elements.asked import Asked, read_asked
from davd.carddav.names import ADDRESSBOOK_MULTIGET
from davd.dav.elements.source import dav_children, expect_root, reading
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class AddressbookMultiget:
    """What is asked of each card, and the hrefs of the cards as the client writes them, each once."""

    asked: Asked
    hrefs: tuple[str, ...]


def parse_addressbook_multiget(source: bytes | Element, content_type: str | None = None) -> AddressbookMultiget:
    """Read an addressbook-multiget body.

    HTTPError 400 without any href, 403 with CARDDAV:supported-address-data.
    """
    return _parse(source, content_type)


def _read(root: Element) -> AddressbookMultiget:
    expect_root(root, ADDRESSBOOK_MULTIGET)
    hrefs = dict.fromkeys([string_value(element).strip() for element in dav_children(root, "href")])
    # RFC 6352, 8.7: the body "MUST contain at least one DAV:href XML element".
    if not hrefs:
        raise HTTPError(400, detail="an addressbook-multiget without an href")
    return AddressbookMultiget(read_asked(root), tuple(hrefs))


_parse = reading(_read)
