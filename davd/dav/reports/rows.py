"""The reports of WebDAV itself.

Implements: RFC 3253, 3.6; RFC 3744, 9; RFC 6578, 3
"""

from __future__ import annotations

from typing import Final

from davd.dav.registry import Report
from davd.dav.reports.acl_principal_prop_set import ACL_PRINCIPAL_PROP_SET
from davd.dav.reports.expand_property import EXPAND_PROPERTY
from davd.dav.reports.principal_match import PRINCIPAL_MATCH
from davd.dav.reports.principal_property_search import PRINCIPAL_PROPERTY_SEARCH
from davd.dav.reports.principal_search_property_set import PRINCIPAL_SEARCH_PROPERTY_SET
from davd.dav.reports.sync_collection import SYNC_COLLECTION

REPORTS: Final[tuple[Report, ...]] = (
    SYNC_COLLECTION,
    EXPAND_PROPERTY,
    ACL_PRINCIPAL_PROP_SET,
    PRINCIPAL_MATCH,
    PRINCIPAL_PROPERTY_SEARCH,
    PRINCIPAL_SEARCH_PROPERTY_SET,
)
