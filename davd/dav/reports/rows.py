"""The reports of WebDAV itself.

Implements: RFC 3253, 3.6; RFC 6578, 3
"""

from __future__ import annotations

from typing import Final

from davd.dav.registry import Report
from davd.dav.reports.expand_property import EXPAND_PROPERTY
from davd.dav.reports.sync_collection import SYNC_COLLECTION

REPORTS: Final[tuple[Report, ...]] = (SYNC_COLLECTION, EXPAND_PROPERTY)
