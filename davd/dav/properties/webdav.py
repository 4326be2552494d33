"""The live properties of WebDAV itself.

DAV:displayname and DAV:getcontentlanguage are what clients make them: they are stored, and absent until then, so that
clients fall back to the name in the URL as they do for every other server. Only a principal always has a displayname,
which is that of its account (RFC 3744, 4: a principal "MUST have a non-empty DAV:displayname property").

Implements: RFC 4918, 15; RFC 3744, 4; RFC 9110, 8.8
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Final

from davd.dav import content_type
from davd.dav.exchange import Exchange
from davd.dav.properties.lockdiscovery import active_locks
from davd.dav.properties.view import ACCOUNT, LOCKS, View
from davd.dav.registry import LiveProperty, Search
from davd.formats.xml.writer import element, escape
from davd.http.dates import http_date, iso_date
from davd.model.errors import HTTPError
from davd.model.resource import FILE, PRINCIPAL, Resource

_LOCK_ENTRY: Final = "<D:lockentry><D:lockscope><D:%s/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
_SUPPORTED_LOCK: Final = _LOCK_ENTRY % "exclusive" + _LOCK_ENTRY % "shared"
_LATEST: Final = 253402300799
_DISPLAYNAME: Final = "{DAV:}displayname"

_created = attrgetter("created")
_modified = attrgetter("modified")
_etag = attrgetter("etag")
_content_type = attrgetter("content_type")
_content_length = attrgetter("content_length")
# A call less for each date of a page that has been asked for before.
_iso_date = lru_cache(maxsize=8192)(iso_date)
_http_date = lru_cache(maxsize=8192)(http_date)
_escape_type = lru_cache(maxsize=512)(escape)


def _creationdates(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return map(_iso_date, map(_created, rows))


def _displayname(view: View, resource: Resource) -> str | None:
    if resource.type != PRINCIPAL:
        return None
    account = view.accounts.get(resource.name)
    return (account.display_name if account is not None else "") or resource.name


def _displaynames(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    if rows[0].type != PRINCIPAL:
        return None
    return [escape(_displayname(view, row) or row.name) for row in rows]


async def _rename_principal(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    """Keep what a user calls a principal with its account, where searches look for it."""
    if resource.type != PRINCIPAL:
        return resource
    account = await exchange.transaction.account(resource.name)
    if account is not None:
        await exchange.transaction.update_account(replace(account, display_name=(text or "").strip()))
    renamed: Resource = await exchange.transaction.set_properties(resource, [(_DISPLAYNAME, None)], exchange.now)
    return renamed


def _lengths(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    return map(str, map(_content_length, rows)) if rows[0].type == FILE else None


def _types(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    if rows[0].type != FILE:
        return None
    types = list(map(_content_type, rows))
    if "" in types:
        types = [content_type.of(row) for row in rows]
    return map(_escape_type, types)


def _etags(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    return map(_etag, rows) if rows[0].type == FILE else None


def _dates(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return map(_http_date, map(_modified, rows))


def _lockdiscovery(view: View, resource: Resource) -> bytes:
    return active_locks(view.locks_on(resource), resource, view.prefix, view.now)


def _lockdiscoveries(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    if not view.roots:
        return ""
    return [_lockdiscovery(view, row).decode() for row in rows]


def _resourcetype(view: View, resource: Resource) -> bytes:
    row = view.exchange.registry.collection_types.get(resource.type)
    return b"".join([element(name) for name in row.elements]) if row is not None else b""


def _resourcetypes(view: View, rows: Sequence[Resource]) -> Iterable[str]:
    return _resourcetype(view, rows[0]).decode()


def _seconds(text: str | None) -> float:
    try:
        seconds = float(text or "")
    except ValueError:
        raise HTTPError(409, detail="not a time in seconds") from None
    if not 0 <= seconds <= _LATEST:
        raise HTTPError(409, detail="a time out of range")
    return seconds


def _check_seconds(text: str | None) -> None:
    if text is not None:
        _seconds(text)


async def _set_lastmodified(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    if text is None:
        return resource
    changed: Resource = await exchange.transaction.set_times(resource, None, _seconds(text), exchange.now)
    return changed


ROWS: Final[tuple[LiveProperty, ...]] = (
    LiveProperty("{DAV:}creationdate", lambda view, row: iso_date(row.created), shared=True, column=_creationdates),
    LiveProperty(
        _DISPLAYNAME,
        _displayname,
        needs=frozenset((ACCOUNT,)),
        set=_rename_principal,
        stored=True,
        column=_displaynames,
        # RFC 3744, 9.4: searching "over DAV:displayname, which is defined on all principals".
        search=Search("Name", lambda exchange, account: (account.display_name or account.name,)),
    ),
    LiveProperty(
        "{DAV:}getcontentlanguage", lambda view, row: None, shared=True, stored=True, column=lambda view, rows: None
    ),
    LiveProperty(
        "{DAV:}getcontentlength",
        lambda view, row: str(row.content_length) if row.type == FILE else None,
        shared=True,
        column=_lengths,
    ),
    LiveProperty(
        "{DAV:}getcontenttype",
        lambda view, row: content_type.of(row) if row.type == FILE else None,
        shared=True,
        column=_types,
    ),
    # RFC 4918, 15.6: getetag "MUST be defined on any DAV-compliant resource that returns the Etag header": files.
    LiveProperty("{DAV:}getetag", lambda view, row: row.etag or None, shared=True, column=_etags),
    LiveProperty("{DAV:}getlastmodified", lambda view, row: http_date(row.modified), shared=True, column=_dates),
    LiveProperty("{DAV:}lockdiscovery", _lockdiscovery, needs=frozenset((LOCKS,)), column=_lockdiscoveries),
    LiveProperty("{DAV:}resourcetype", _resourcetype, column=_resourcetypes),
    LiveProperty(
        "{DAV:}supportedlock",
        lambda view, row: _SUPPORTED_LOCK.encode(),
        shared=True,
        column=lambda view, rows: _SUPPORTED_LOCK,
    ),
    # Not in any RFC: what rclone and the ownCloud clients set, in POSIX seconds, and never read.
    LiveProperty(
        "{DAV:}lastmodified",
        lambda view, row: None,
        in_allprop=False,
        set=_set_lastmodified,
        shared=True,
        check=_check_seconds,
        column=lambda view, rows: None,
    ),
)
