"""What an address book takes in: address object resources, each with a UID of its own, and nothing else.

Implements: RFC 6352, 5.1, 5.2, 6.3.2, 6.3.2.1, 6.3.2.3; RFC 7095, 7
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from davd.carddav import names
from davd.carddav.indexing import TooManyTerms, index_of
from davd.carddav.settings import CardDavSettings
from davd.dav import membership
from davd.dav.contents import content_of
from davd.dav.exchange import Exchange
from davd.dav.registry import Member
from davd.dav.uids import require_own_uid
from davd.formats.contentlines import ContentError, make
from davd.formats.vcard.card import Card, serialize
from davd.formats.vcard.jcard import from_jcard
from davd.formats.vcard.validate import UnsupportedVersion, check
from davd.http.fields import parse_content_type
from davd.interfaces.store import IBlobStore
from davd.model.errors import HTTPError
from davd.model.index import ObjectIndex
from davd.model.resource import NewContent, Resource

Check = Callable[[Exchange, Resource, Member], Awaitable[NewContent | None]]
Examine = Callable[[NewContent, IBlobStore, str, float], "Examined | HTTPError"]

STORED_TYPE: Final = f"{names.TEXT_VCARD}; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Examined:
    """What has been found out about a content: the card it is, whether it came as jCard, and its index.

    The UID in the index is empty when the card has none.
    """

    card: Card
    is_converted: bool
    index: ObjectIndex


def make_examine(settings: CardDavSettings) -> Examine:
    """The `CollectionType.examine` of address books."""
    most = settings.max_terms

    def examine(content: NewContent, blobs: IBlobStore, stated: str, now: float) -> Examined | HTTPError:
        """What is to be known of a content of that media type, or why it cannot be in any address book."""
        try:
            converted = _is_jcard(stated)
            data = content_of(content, blobs)
            card = _checked(_converted(data) if converted else data)
            index = index_of(card, card.text("UID").strip(), most)
        except HTTPError as error:
            return error
        except TooManyTerms:
            return _invalid("The vCard has too many names, addresses and numbers.")
        return Examined(card, converted, index)

    return examine


def make_check(examine: Examine, settings: CardDavSettings) -> Check:
    """The `CollectionType.check_member` of address books whose contents `examine` looks at."""
    longest = settings.max_resource_size
    most = settings.max_terms

    async def check_member(exchange: Exchange, book: Resource, member: Member) -> NewContent | None:
        """See that `member` may be in `book`, and index it; what to store of jCard, and of a card without a UID."""
        # RFC 6352, 5.2: "Address book collections MUST only contain address object resources and collections that are
        # not address book collections"; davd has none of the latter.
        content = membership.content_of_object(member)
        known = await membership.known_index(exchange, member.source, names.TEXT_VCARD)
        if known is not None:
            await require_own_uid(exchange, book, member, known.uid, names.NO_UID_CONFLICT)
            return None
        found = membership.examined(exchange, member, Examined, examine)
        index, data = found.index, found.card.source if found.is_converted else None
        if not index.uid:
            # RFC 6352, 5.1: vCards "MUST have a UID property value that MUST be unique in the scope of the address book
            # collection in which it is contained." Some clients leave that to the server.
            uid = await _uid_for(exchange, member, found.card)
            data = _with_uid(found.card, uid)
            index = index_of(found.card, uid, most + 1)
        if data is not None and len(data) > longest:
            raise HTTPError(403, names.MAX_RESOURCE_SIZE)
        await require_own_uid(exchange, book, member, index.uid, names.NO_UID_CONFLICT)
        return membership.indexed(content, data, index, STORED_TYPE)

    return check_member


def _is_jcard(stated: str) -> bool:
    """Whether content of that media type is jCard; 403 unless it is that or vCard."""
    if not stated:
        return False
    parsed = parse_content_type(stated)
    kind = "" if parsed is None else parsed.media_type
    if kind in names.SPOKEN:
        return False
    if kind == names.JCARD:
        return True
    # RFC 6352, 6.3.2.1: "(CARDDAV:supported-address-data): The resource submitted in the PUT request, or targeted by a
    # COPY or MOVE request, MUST be a supported media type (i.e., vCard) for address object resources."
    raise HTTPError(403, names.SUPPORTED_ADDRESS_DATA)


def _converted(data: bytes) -> bytes:
    try:
        return from_jcard(data)
    except ContentError as error:
        raise _invalid(str(error)) from None


def _checked(data: bytes) -> Card:
    try:
        return check(data)
    except UnsupportedVersion as error:
        # RFC 6352, 6.2.2: "Any attempt by the client to store address object resources with a media type not listed in
        # this property MUST result in an error, with the CARDDAV:supported-address-data precondition".
        raise HTTPError(403, names.SUPPORTED_ADDRESS_DATA, detail=str(error)) from None
    except ContentError as error:
        raise _invalid(str(error)) from None


def _invalid(detail: str) -> HTTPError:
    return HTTPError(403, names.VALID_ADDRESS_DATA, detail=detail)


async def _uid_for(exchange: Exchange, member: Member, card: Card) -> str:
    """The UID that the card had when it was stored before, or a new one."""
    for known in (member.replaced, member.source):
        if known is not None:
            index = await exchange.transaction.index([known.id])
            if known.id in index:
                return str(index[known.id].uid)
    new = str(uuid4())
    return f"urn:uuid:{new}" if card.version == "4.0" else new


def _with_uid(card: Card, uid: str) -> bytes:
    """The card with that UID, where it has an empty one or none."""
    lines = [line for line in card.lines if line.name != "UID"]
    # VERSION comes first in 4.0.
    card.lines = [*lines[:1], make("UID", uid), *lines[1:]]
    return serialize(card)
