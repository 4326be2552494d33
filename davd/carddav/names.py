"""Names of CardDAV in Clark notation.

Implements: RFC 6352, 5.2, 6.2, 6.3.2.1, 7.1, 8, 10
"""

from __future__ import annotations

from typing import Final

from davd.formats.xml.names import CARDDAV

_C: Final = "{" + CARDDAV + "}"


def join_carddav(local: str) -> str:
    """The Clark notation of a name in the namespace of CardDAV."""
    return _C + local


# The resource type, as `davd.model.resource.Resource.type` names it, and its element.
ADDRESSBOOK_TYPE: Final = "addressbook"
ADDRESSBOOK: Final = _C + "addressbook"

# What the index calls a vCard.
VCARD: Final = "VCARD"

# Media types (RFC 6350, 10.1; RFC 7095, 7), and what other names people have for the first.
TEXT_VCARD: Final = "text/vcard"
JCARD: Final = "application/vcard+json"
SPOKEN: Final = frozenset({TEXT_VCARD, "text/x-vcard", "text/directory"})

# Reports (RFC 6352, 8.6, 8.7).
ADDRESSBOOK_QUERY: Final = _C + "addressbook-query"
ADDRESSBOOK_MULTIGET: Final = _C + "addressbook-multiget"

# Elements of reports (RFC 6352, 10).
ADDRESS_DATA: Final = _C + "address-data"
ALLPROP: Final = _C + "allprop"
PROP: Final = _C + "prop"
FILTER: Final = _C + "filter"
PROP_FILTER: Final = _C + "prop-filter"
PARAM_FILTER: Final = _C + "param-filter"
IS_NOT_DEFINED: Final = _C + "is-not-defined"
TEXT_MATCH: Final = _C + "text-match"
LIMIT: Final = _C + "limit"
NRESULTS: Final = _C + "nresults"

# Properties of address books and of principals (RFC 6352, 6.2, 7.1, 8.3.1; the draft of directory gateways).
ADDRESSBOOK_DESCRIPTION: Final = _C + "addressbook-description"
SUPPORTED_ADDRESS_DATA: Final = _C + "supported-address-data"
MAX_RESOURCE_SIZE: Final = _C + "max-resource-size"
SUPPORTED_COLLATION_SET: Final = _C + "supported-collation-set"
ADDRESSBOOK_HOME_SET: Final = _C + "addressbook-home-set"
PRINCIPAL_ADDRESS: Final = _C + "principal-address"
DIRECTORY_GATEWAY: Final = _C + "directory-gateway"

# Preconditions and postconditions (RFC 6352, 5.1.1.1, 6.3.2.1, 8.6; RFC 3744, 9.2). Those that limit a value are called
# like the property that tells the limit.
SUPPORTED_ADDRESS_DATA_CONVERSION: Final = _C + "supported-address-data-conversion"
VALID_ADDRESS_DATA: Final = _C + "valid-address-data"
NO_UID_CONFLICT: Final = _C + "no-uid-conflict"
ADDRESSBOOK_COLLECTION_LOCATION_OK: Final = _C + "addressbook-collection-location-ok"
SUPPORTED_COLLATION: Final = _C + "supported-collation"
TOO_MANY: Final = "{DAV:}number-of-matches-within-limits"
