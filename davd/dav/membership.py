"""What a collection lets in: asked by every verb that gives it a member, once nothing else stands in the way.

Implements: RFC 4918, 5.2, 9.3.1, 9.7.1, 9.8.5, 9.9.4; RFC 5689, 3.3
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.exchange import Exchange
from davd.dav.registry import Member, Registry
from davd.model.errors import HTTPError
from davd.model.index import ObjectIndex
from davd.model.resource import FILE, NewContent, Resource


@dataclass(frozen=True, slots=True)
class Entry:
    """What a collection makes of a resource that is copied or moved into it.

    `changed` is the content to store in the place of its own, None to keep that; `index` what the store is to know of
    content that is kept, None for what it knows already.
    """

    changed: NewContent | None = None
    index: ObjectIndex | None = None


_AS_IT_IS = Entry()


def may_hold(registry: Registry, parent: Resource, type: str) -> bool:
    """Whether a resource of that type may be a member of `parent`."""
    kind = registry.collection_types.get(type)
    return kind is None or kind.allowed_parents is None or parent.type in kind.allowed_parents


def check_length(registry: Registry, parent: Resource, length: int) -> None:
    """403 when content of `length` bytes is too long for a member of `parent`."""
    kind = registry.collection_types.get(parent.type)
    if kind is not None and kind.max_bytes is not None and length > kind.max_bytes:
        raise HTTPError(403, kind.size_condition)


async def admit(exchange: Exchange, parent: Resource, member: Member) -> NewContent | None:
    """Let `parent` look at what is to become its member; the content to store in the place of `member`'s, or None.

    403 with the location condition of a collection whose type has no place there, and whatever the parent's type
    raises.
    """
    registry = exchange.registry
    if not may_hold(registry, parent, member.type):
        raise HTTPError(403, registry.collection_types[member.type].location_condition)
    kind = registry.collection_types.get(parent.type)
    if kind is None or kind.check_member is None:
        return None
    if member.content is not None:
        check_length(registry, parent, member.content.length)
    return await kind.check_member(exchange, parent, member)


async def admit_existing(
    exchange: Exchange, parent: Resource, name: str, source: Resource, replaced: Resource | None
) -> Entry:
    """`admit` for `source`, which is copied or moved into `parent` as `name`."""
    kind = exchange.registry.collection_types.get(parent.type)
    if source.type != FILE or kind is None or kind.check_member is None:
        await admit(exchange, parent, Member(name, source.type, None, source.content_type, replaced, source))
        return _AS_IT_IS
    data = await exchange.transaction.content(source) if source.blob is None else None
    content = NewContent(source.content_length, source.sha256, data, source.blob)
    changed = await admit(exchange, parent, Member(name, FILE, content, source.content_type, replaced, source))
    return Entry(changed, content.index)


async def settle(exchange: Exchange, resource: Resource, entry: Entry) -> None:
    """Make of `resource`, which has just been copied or moved, what its new collection wants it to be."""
    changed = entry.changed
    if changed is not None:
        kind = resource.content_type if changed.content_type is None else changed.content_type
        await exchange.transaction.replace(resource, changed, kind, exchange.now)
    elif entry.index is not None:
        await exchange.transaction.set_index(resource, entry.index)
