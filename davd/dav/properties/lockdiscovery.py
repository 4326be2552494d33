"""DAV:lockdiscovery: the locks in force on a resource, as PROPFIND and LOCK show them.

Implements: RFC 4918, 6.8, 14.1, 14.12, 14.29, 15.8
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from davd.formats.xml import writer
from davd.model.lock import EXCLUSIVE, Lock
from davd.model.path import quote_segment
from davd.model.resource import Resource

_SCOPES = {True: b"<D:lockscope><D:exclusive/></D:lockscope>", False: b"<D:lockscope><D:shared/></D:lockscope>"}
_TYPE = b"<D:locktype><D:write/></D:locktype>"
_DEPTHS = {True: b"<D:depth>infinity</D:depth>", False: b"<D:depth>0</D:depth>"}


def root_href(root: Sequence[str], collection: bool, prefix: str) -> str:
    """The path-absolute reference of the lock root with the path segments `root`."""
    text = prefix + "/" + "/".join([quote_segment(segment) for segment in root])
    return text + "/" if collection and root else text


def active_locks(locks: Sequence[Lock], resource: Resource, prefix: str, now: float) -> bytes:
    """The DAV:activelock children of DAV:lockdiscovery, serialised; empty when there are none.

    `locks` are all whose scope `resource` is in: those with their root at it and those with Depth infinity above it.
    `prefix` is the one of `DavSettings`, `now` in POSIX seconds.
    """
    return b"".join([_active_lock(lock, resource, prefix, now) for lock in locks])


def _active_lock(lock: Lock, resource: Resource, prefix: str, now: float) -> bytes:
    # A lock that covers `resource` from elsewhere has its root above it, at a collection.
    collection = lock.resource_id != resource.id or resource.is_collection
    left = max(0, ceil(lock.expires - now))
    return b"".join(
        [
            b"<D:activelock>",
            _SCOPES[lock.scope == EXCLUSIVE],
            _TYPE,
            _DEPTHS[lock.infinite],
            lock.owner,
            b"<D:timeout>Second-%d</D:timeout><D:locktoken>" % left,
            writer.href(lock.token),
            b"</D:locktoken><D:lockroot>",
            writer.href(root_href(lock.root, collection, prefix)),
            b"</D:lockroot></D:activelock>",
        ]
    )
