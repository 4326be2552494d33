"""What a collection lets in: asked by every verb that gives it a member, once nothing else stands in the way.

Beside it what those functions behind `CollectionType.check_member` share that look into contents.

Implements: RFC 4918, 5.2, 9.3.1, 9.7.1, 9.8.5, 9.9.4; RFC 5689, 3.3
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from davd.dav import content_type
from davd.dav.exchange import Exchange
from davd.dav.registry import Member, Registry
from davd.http.security import OCTET_STREAM
from davd.interfaces.store import IBlobStore
from davd.model.errors import HTTPError
from davd.model.index import ObjectIndex
from davd.model.resource import COLLECTION, FILE, NewContent, Resource

# To look through content of more bytes than these takes some milliseconds, whatever it is: 15 for a jCal of nothing but
# the shortest properties.
LARGE: Final = 16 * 1024

VALID_RESOURCETYPE: Final = "{DAV:}valid-resourcetype"

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a collection makes of a resource that is copied or moved into it.

    `changed` is the content to store in the place of its own, None to keep that; `index` what the store is to know of
    content that is kept, None for what it knows already.
    """

    changed: NewContent | None = None
    index: ObjectIndex | None = None


_AS_IT_IS = Entry()


@dataclass(frozen=True, slots=True)
class Examination:
    """What has been `found` out beforehand about a content, and all that this depends on.

    `collection` is the type of the collection that has looked at it, `sha256` tells the content, and `stated` is the
    media type that it was taken for.
    """

    collection: str
    sha256: str
    stated: str
    found: object


async def may_hold(exchange: Exchange, parent: Resource, type: str) -> bool:
    """Whether a resource of that type may be a member of `parent`."""
    kind = exchange.registry.collection_types.get(type)
    if kind is None:
        return True
    if kind.allowed_parents is not None and parent.type not in kind.allowed_parents:
        return False
    return not kind.within or await _home(exchange, parent) == kind.within


async def _home(exchange: Exchange, collection: Resource) -> str:
    """The name of the collection at the top that holds the home which `collection` is or is in; empty for none."""
    segments = await exchange.transaction.segments(collection.id)
    return segments[0] if segments is not None and len(segments) > 1 else ""


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
    if not await may_hold(exchange, parent, member.type):
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
    if source.type == COLLECTION and exchange.fields.depth != "0":
        await _require_room_within(exchange, parent, source)
    if source.type != FILE or kind is None or kind.check_member is None:
        await admit(exchange, parent, Member(name, source.type, None, source.content_type, replaced, source))
        return _AS_IT_IS
    content = await _content(exchange, source)
    member = Member(name, FILE, content, source.content_type, replaced, source)
    known = exchange.examined
    if isinstance(known, Examination) and known == Examination(
        parent.type, content.sha256, stated_type(member), known.found
    ):
        content.examined = known.found
    return Entry(await admit(exchange, parent, member), content.index)


async def _require_room_within(exchange: Exchange, parent: Resource, source: Resource) -> None:
    """403 when something in `source` could not be where it would come to be in `parent`."""
    kinds = {name: kind for name, kind in exchange.registry.collection_types.items() if kind.within}
    if not kinds:
        return
    home = await _home(exchange, parent)
    if home == exchange.node.path.segments[0]:
        return
    for _, inside in await exchange.transaction.descendants(source.id, exchange.settings.max_tree_nodes):
        kind = kinds.get(inside.type)
        if kind is not None and kind.within != home:
            raise HTTPError(403, kind.location_condition)


async def examine_existing(exchange: Exchange, parent: Resource, source: Resource) -> Callable[[], object] | None:
    """The call that lets `parent` look at large content that is to be copied or moved into it; None for nothing to do.

    What it gives is for `Exchange.examined` of the exchange that copies or moves.
    """
    registry = exchange.registry
    kind = registry.collection_types.get(parent.type)
    if source.type != FILE or source.content_length <= LARGE or kind is None or kind.examine is None:
        return None
    if exchange.node.chain[-2].type == parent.type or (
        kind.max_bytes is not None and source.content_length > kind.max_bytes
    ):
        # It is known already, or will be refused however sound it is.
        return None
    look, blobs, now = kind.examine, exchange.store.blobs, exchange.now
    content = await _content(exchange, source)
    stated = stated_type(Member(source.name, FILE, content, source.content_type, None, source))

    def examine() -> Examination | None:
        try:
            return Examination(parent.type, content.sha256, stated, look(content, blobs, stated, now))
        except KeyError:
            # The blob has gone since, and the source with it.
            return None

    return examine


async def _content(exchange: Exchange, source: Resource) -> NewContent:
    data = await exchange.transaction.content(source) if source.blob is None else None
    return NewContent(source.content_length, source.sha256, data, source.blob)


async def settle(exchange: Exchange, resource: Resource, entry: Entry) -> None:
    """Make of `resource`, which has just been copied or moved, what its new collection wants it to be."""
    changed = entry.changed
    if changed is not None:
        kind = resource.content_type if changed.content_type is None else changed.content_type
        await exchange.transaction.replace(resource, changed, kind, exchange.now)
    elif entry.index is not None:
        await exchange.transaction.set_index(resource, entry.index)


async def known_index(exchange: Exchange, source: Resource | None, media_type: str) -> ObjectIndex | None:
    """What the store knows of the object that a member comes from; None where the content has to be looked at.

    An object of that media type was looked at when another collection took it in.
    """
    if source is None or not source.content_type.startswith(media_type):
        return None
    found: ObjectIndex | None = (await exchange.transaction.index([source.id])).get(source.id)
    return found


def content_of_object(member: Member) -> NewContent:
    """The content of what is to be in a collection that takes objects alone; 403 for a collection."""
    if member.type != FILE or member.content is None:
        raise HTTPError(403, VALID_RESOURCETYPE)
    return member.content


def examined(
    exchange: Exchange,
    member: Member,
    kind: type[Kind],
    examine: Callable[[NewContent, IBlobStore, str, float], Kind | HTTPError],
) -> Kind:
    """What has been found out about a member's content beforehand, or is by a look at it now, which is a `kind`.

    HTTPError where that is why it cannot be in the collection.
    """
    content = content_of_object(member)
    found = content.examined
    if not isinstance(found, (kind, HTTPError)):
        found = examine(content, exchange.store.blobs, stated_type(member), exchange.now)
    if isinstance(found, HTTPError):
        raise found
    return found


def stated_type(member: Member) -> str:
    """The media type of a member's content, empty when nothing tells it."""
    if member.content_type or member.source is None:
        return member.content_type
    guessed = content_type.guess(member.source.name)
    return "" if guessed == OCTET_STREAM else guessed


def indexed(content: NewContent, data: bytes | None, index: ObjectIndex, media_type: str) -> NewContent | None:
    """Tell the store what to know of a member; what `check_member` gives for it.

    `content` is what has come, `data` what is to be stored in its place, None to store that.
    """
    kept = content if data is None else NewContent(len(data), sha256(data).hexdigest(), data=data)
    kept.index = index
    kept.content_type = media_type
    return None if data is None else kept
