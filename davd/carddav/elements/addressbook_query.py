"""The body of the addressbook-query report.

Implements: RFC 6352, 8.6, 8.6.1, 10.3, 10.6
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from davd.carddav.elements.address_data import AddressData, read_address_data
from davd.carddav.elements.filter import Filter, read_filter
from davd.carddav.names import ADDRESS_DATA, ADDRESSBOOK_QUERY, FILTER, LIMIT, NRESULTS
from davd.dav.elements.asked import Asked, read_asked
from davd.dav.elements.source import expect_root, reading
from davd.formats.xml.fragment import string_value
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError

_DIGITS: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AddressbookQuery:
    """What is asked of each card, which cards are meant, and how many the client takes (None: any number)."""

    asked: Asked[AddressData]
    filter: Filter
    limit: int | None = None


def parse_addressbook_query(source: bytes | Element, content_type: str | None = None) -> AddressbookQuery:
    """Read an addressbook-query body.

    HTTPError 400 when something is missing, malformed or there twice, 403 with CARDDAV:supported-address-data or
    CARDDAV:supported-collation.
    """
    return _parse(source, content_type)


def _read(root: Element) -> AddressbookQuery:
    expect_root(root, ADDRESSBOOK_QUERY)
    filters = root.findall(FILTER)
    if len(filters) != 1:
        raise HTTPError(400, detail="an addressbook-query without a filter or with several")
    return AddressbookQuery(read_asked(root, ADDRESS_DATA, read_address_data), read_filter(filters[0]), _limit(root))


_parse = reading(_read)


def _limit(root: Element) -> int | None:
    limit = root.find(LIMIT)
    if limit is None:
        return None
    count = limit.find(NRESULTS)
    text = "" if count is None else string_value(count).strip()
    # RFC 6352, 10.6.1: "unsigned integer, must be digits".
    if _DIGITS.fullmatch(text) is None:
        raise HTTPError(400, detail="a limit without a number")
    return int(text)
