"""How much may still be stored, by an owner and on the disk.

Implements: RFC 4331, 3, 4, 6
"""

from __future__ import annotations

from davd.dav.settings import DavSettings
from davd.interfaces.store import IReadTransaction, IRoom, IStore
from davd.model.errors import HTTPError
from davd.model.principal import Quota


def limit(quota: Quota, settings: DavSettings) -> int | None:
    """The bytes an owner may store in all: the account's own limit, else the server's; None is unlimited."""
    if quota.limit is not None:
        return quota.limit
    return settings.quota_bytes or None


async def room(transaction: IReadTransaction, settings: DavSettings, owner: str) -> int | None:
    """The bytes that `owner` may store beside what there is already, never negative; None is unlimited."""
    quota: Quota = await transaction.quota(owner)
    most = limit(quota, settings)
    return None if most is None else max(0, most - quota.used)


def used_up() -> HTTPError:
    """The error of content for which there is no room left.

    RFC 4331, 6: 507 "SHOULD be used when a client request [...] fails because it would exceed their quota".
    """
    return HTTPError(507, "{DAV:}quota-not-exceeded")


async def require_room(transaction: IReadTransaction, settings: DavSettings, owner: str, growth: int) -> None:
    """507 with DAV:quota-not-exceeded when `owner` may not store `growth` more bytes.

    Whoever is above the limit already may still replace content by content that is no longer.
    """
    if growth <= 0:
        return
    left = await room(transaction, settings, owner)
    if left is not None and growth > left:
        raise used_up()


def free(store: IStore, settings: DavSettings) -> int | None:
    """The bytes of new content for which the disk has room beside what is reserved; None when the store cannot tell."""
    return max(0, IRoom(store).free_bytes() - settings.reserve_bytes) if IRoom.providedBy(store) else None


def require_disk(store: IStore, settings: DavSettings, growth: int) -> None:
    """507 with DAV:sufficient-disk-space when `growth` more bytes would take what is reserved of the disk.

    A disk that is quite full takes no removal either, since that has to be written down as well.
    """
    if growth <= 0:
        return
    left = free(store, settings)
    if left is not None and growth > left:
        raise HTTPError(507, "{DAV:}sufficient-disk-space")
