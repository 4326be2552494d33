"""What a collection lets in: asked by every verb that gives it a member, once nothing else stands in the way.

Implements: RFC 4918, 5.2, 9.3.1, 9.7.1, 9.8.5, 9.9.4; RFC 5689, 3.3
"""

from __future__ import annotations

from davd.dav.exchange import Exchange
from davd.dav.registry import Member, Registry
from davd.model.errors import HTTPError
from davd.model.resource import FILE, NewContent, Resource


def may_hold(registry: Registry, parent: Resource, type: str) -> bool:
    """Whether a resource of that type may be a member of `parent`."""
    kind = registry.collection_types.get(type)
    return kind is None or kind.allowed_parents is None or parent.type in kind.allowed_parents


async def admit(exchange: Exchange, parent: Resource, member: Member) -> NewContent | None:
    """Let `parent` look at what is to become its member; the content to store in the place of `member`'s, or None.

    403 with DAV:valid-resourcetype for a collection whose type has no place there, and whatever the parent's type
    raises.
    """
    registry = exchange.registry
    if not may_hold(registry, parent, member.type):
        raise HTTPError(403, "{DAV:}valid-resourcetype")
    kind = registry.collection_types.get(parent.type)
    if kind is None or kind.check_member is None:
        return None
    return await kind.check_member(exchange, parent, member)


async def admit_existing(
    exchange: Exchange, parent: Resource, name: str, source: Resource, replaced: Resource | None
) -> NewContent | None:
    """`admit` for `source`, which is copied or moved into `parent` as `name`."""
    content = None
    kind = exchange.registry.collection_types.get(parent.type)
    if source.type == FILE and kind is not None and kind.check_member is not None:
        data = await exchange.transaction.content(source) if source.blob is None else None
        content = NewContent(source.content_length, source.sha256, data, source.blob)
    return await admit(exchange, parent, Member(name, source.type, content, source.content_type, replaced, source))
