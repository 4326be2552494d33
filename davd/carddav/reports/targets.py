"""Which address book a report is about.

Implements: RFC 6352, 8
"""

from __future__ import annotations

from davd.carddav.names import ADDRESSBOOK_TYPE, TEXT_VCARD
from davd.dav.exchange import Exchange
from davd.model.errors import HTTPError
from davd.model.resource import FILE, Resource


def applies(resource: Resource) -> bool:
    """Whether the reports of CardDAV are for a resource like that."""
    return resource.type == ADDRESSBOOK_TYPE or (resource.type == FILE and resource.content_type.startswith(TEXT_VCARD))


def book_of(exchange: Exchange) -> Resource:
    """The address book that the request URI leads to or into; 403 with DAV:supported-report for any other file."""
    chain = exchange.node.chain
    book = chain[-1] if chain[-1].is_collection else chain[-2]
    if book.type != ADDRESSBOOK_TYPE:
        # The vCard is a file among files.
        raise HTTPError(403, "{DAV:}supported-report")
    return book
