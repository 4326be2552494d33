"""Where a collection stands in its change log, and what a resource can be asked and told.

Implements: RFC 6578, 4; RFC 3253, 3.1.3, 3.1.5
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from davd.dav.properties.columns import by_row
from davd.dav.properties.view import INSIDE, View
from davd.dav.registry import LiveProperty
from davd.formats.xml.names import CALENDARSERVER, join
from davd.formats.xml.writer import element
from davd.model.resource import FILE, Resource
from davd.model.synctoken import SyncToken


def _sync_token(view: View, resource: Resource) -> str | None:
    if resource.type == FILE:
        return None
    return str(SyncToken(view.exchange.store.epoch, resource.id, resource.sync_revision))


def _sync_tokens(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    if rows[0].type == FILE:
        return None
    epoch = view.exchange.store.epoch
    return [str(SyncToken(epoch, row.id, row.sync_revision)) for row in rows]


def _ctag(view: View, resource: Resource) -> str | None:
    if resource.id not in view.inside:
        return _sync_token(view, resource)
    # A home is polled by clients that want to know whether anything in any of its calendars has changed, in those of
    # the plain collections in it too.
    inside = view.inside[resource.id]
    digest = blake2b(repr((resource.revision, inside)).encode(), digest_size=12).hexdigest()
    return f"{SyncToken(view.exchange.store.epoch, resource.id, resource.sync_revision)}/{digest}"


def _ctags(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    return by_row(_ctag, view, rows) if view.inside else _sync_tokens(view, rows)


def _supported_report_set(view: View, resource: Resource) -> bytes:
    # RFC 3253, 3.1.5: this property "identifies the reports that are supported by the resource".
    reports = view.exchange.registry.reports.values()
    return _reports(tuple([report.name for report in reports if report.applies(resource)]))


@lru_cache(maxsize=64)
def _reports(names: tuple[str, ...]) -> bytes:
    return b"".join([element("{DAV:}supported-report", element("{DAV:}report", element(name))) for name in names])


def _supported_report_sets(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    found = [_supported_report_set(view, row) for row in rows]
    if len(set(found)) == 1:
        return found[0].decode()
    return [written.decode() for written in found]


def _supported_method_set(view: View, resource: Resource) -> bytes:
    return b"".join(
        [element("{DAV:}supported-method", None, {"name": name}) for name in view.exchange.registry.allowed(resource)]
    )


def _supported_method_sets(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    # What is allowed depends on nothing but whether the resource is a collection.
    return _supported_method_set(view, rows[0]).decode()


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty("{DAV:}sync-token", _sync_token, in_allprop=False, column=_sync_tokens),
    # The older word for the same, which clients compare and nothing else. On a plain collection it changes with what
    # is below its members too.
    LiveProperty(join(CALENDARSERVER, "getctag"), _ctag, in_allprop=False, needs=frozenset((INSIDE,)), column=_ctags),
    LiveProperty("{DAV:}supported-report-set", _supported_report_set, in_allprop=False, column=_supported_report_sets),
    LiveProperty("{DAV:}supported-method-set", _supported_method_set, in_allprop=False, column=_supported_method_sets),
)
