"""Where a collection stands in its change log, and what a resource can be asked and told.

Implements: RFC 6578, 4; RFC 3253, 3.1.3, 3.1.5
"""

from __future__ import annotations

from typing import Final

from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.writer import element
from davd.model.resource import FILE, Resource
from davd.model.synctoken import SyncToken


def _sync_token(view: View, resource: Resource) -> str | None:
    if resource.type == FILE:
        return None
    return str(SyncToken(view.exchange.store.epoch, resource.id, resource.sync_revision))


def _supported_report_set(view: View, resource: Resource) -> bytes:
    # RFC 3253, 3.1.5: this property "identifies the reports that are supported by the resource".
    return b"".join(
        [
            element("{DAV:}supported-report", element("{DAV:}report", element(report.name)))
            for report in view.exchange.registry.reports.values()
            if report.applies(resource)
        ]
    )


def _supported_method_set(view: View, resource: Resource) -> bytes:
    return b"".join(
        [element("{DAV:}supported-method", None, {"name": name}) for name in view.exchange.registry.allowed(resource)]
    )


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty("{DAV:}sync-token", _sync_token, in_allprop=False),
    # The older word for the same: changes whenever a member does. Clients compare it and nothing else.
    LiveProperty("{http://calendarserver.org/ns/}getctag", _sync_token, in_allprop=False),
    LiveProperty("{DAV:}supported-report-set", _supported_report_set, in_allprop=False),
    LiveProperty("{DAV:}supported-method-set", _supported_method_set, in_allprop=False),
)
