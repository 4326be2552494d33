"""The properties that Windows Explorer sets after each upload, under the lock it holds.

The two times are those of the resource itself, the others are kept as they come.

Implements: MS-WDVME; RFC 4918, 15
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from davd.dav.exchange import Exchange
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.http.dates import http_date, parse_http_date
from davd.model.errors import HTTPError
from davd.model.resource import Resource

_NAMESPACE: Final = "{urn:schemas-microsoft-com:}"


def _time(text: str | None) -> float:
    seconds = parse_http_date((text or "").strip())
    if seconds is None:
        raise HTTPError(409, detail="not a date")
    return seconds


def _check_time(text: str | None) -> None:
    if text is not None:
        _time(text)


async def _set_modified(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    if text is None:
        return resource
    changed: Resource = await exchange.transaction.set_times(resource, None, _time(text), exchange.now)
    return changed


async def _set_created(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    if text is None:
        return resource
    changed: Resource = await exchange.transaction.set_times(resource, _time(text), None, exchange.now)
    return changed


def _modified(view: View, resource: Resource) -> str:
    return http_date(resource.modified)


def _created(view: View, resource: Resource) -> str:
    return http_date(resource.created)


def _all_modified(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return [http_date(row.modified) for row in rows]


def _all_created(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return [http_date(row.created) for row in rows]


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty(
        _NAMESPACE + "Win32LastModifiedTime",
        _modified,
        in_allprop=False,
        set=_set_modified,
        shared=True,
        check=_check_time,
        column=_all_modified,
    ),
    LiveProperty(
        _NAMESPACE + "Win32CreationTime",
        _created,
        in_allprop=False,
        set=_set_created,
        shared=True,
        check=_check_time,
        column=_all_created,
    ),
)
