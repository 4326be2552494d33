"""The rows of CardDAV.

Implements: RFC 6352, 3, 5.2, 6.1, 6.3.1; RFC 5689, 3.3
"""

from __future__ import annotations

from davd.carddav import names
from davd.carddav.data import Conversions
from davd.carddav.members import make_check, make_examine
from davd.carddav.properties import book, principal
from davd.carddav.properties.principal import HOMES
from davd.carddav.provision import make_provision
from davd.carddav.reports import addressbook_multiget, addressbook_query
from davd.carddav.reports.targets import applies
from davd.carddav.representation import make_represent_card, represent_book
from davd.carddav.settings import CardDavSettings
from davd.dav.registry import CollectionType, Extension, Report
from davd.model.resource import COLLECTION


def make(settings: CardDavSettings) -> Extension:
    """CardDAV with these settings."""
    conversions = Conversions()
    return Extension(
        "carddav",
        reports=[
            Report(names.ADDRESSBOOK_QUERY, addressbook_query.make_respond(settings, conversions), applies),
            Report(names.ADDRESSBOOK_MULTIGET, addressbook_multiget.make_respond(settings, conversions), applies),
        ],
        properties=[*book.rows(settings), *principal.rows(settings)],
        collection_types=[book_type(settings, conversions)],
        # RFC 6352, 6.1: "A server supporting the features described in this document MUST include "addressbook" as a
        # field in the DAV response header".
        compliance=["addressbook"],
        provision=make_provision(settings),
    )


def book_type(settings: CardDavSettings, conversions: Conversions) -> CollectionType:
    """What an address book is."""
    examine = make_examine(settings)
    return CollectionType(
        names.ADDRESSBOOK_TYPE,
        ("{DAV:}collection", names.ADDRESSBOOK),
        # RFC 6352, 5.2: ""nesting" of address book collections within other address book collections at any depth is
        # not allowed": no address book holds collections, so that only the parent has to be looked at.
        allowed_parents=frozenset((COLLECTION,)),
        # RFC 6352, 7.1.1: the home is where "address book collections owned by the principal may be found".
        within=HOMES,
        check_member=make_check(examine, settings),
        examine=examine,
        represent=represent_book,
        represent_member=make_represent_card(conversions),
        members_type=names.TEXT_VCARD,
        location_condition=names.ADDRESSBOOK_COLLECTION_LOCATION_OK,
        max_bytes=settings.max_resource_size,
        size_condition=names.MAX_RESOURCE_SIZE,
        # Apple's Contacts shows the first address book and no others: the one that came with the home stays that.
        oldest_first=True,
    )
