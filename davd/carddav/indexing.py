"""What the store is to know of a card, so that queries need not read every card.

Implements: RFC 6352, 5.1, 8.6
"""

from __future__ import annotations

from typing import Final

from davd.carddav.names import VCARD
from davd.carddav.texts import texts
from davd.dav.collation import UNICODE_CASEMAP
from davd.formats.vcard.card import Card
from davd.model.index import ObjectIndex

# What people and their programs search by. All else is found by reading the cards.
INDEXED: Final = frozenset(
    ("UID", "FN", "N", "NICKNAME", "EMAIL", "TEL", "ORG", "CATEGORIES", "KIND", "X-ADDRESSBOOKSERVER-KIND")
)


class TooManyTerms(Exception):
    """A card has more names, addresses and numbers than are kept of one."""


def index_of(card: Card, uid: str, most: int) -> ObjectIndex:
    """The index of a card; TooManyTerms when it would have more than `most` terms."""
    fold = UNICODE_CASEMAP.fold
    terms = dict.fromkeys(
        [(line.name, fold(text)) for line in card.lines if line.name in INDEXED for text in texts(line)]
    )
    if len(terms) > most:
        raise TooManyTerms
    return ObjectIndex(uid, VCARD, terms=tuple(terms))
