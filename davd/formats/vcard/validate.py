"""Whether octets are one vCard that an address book can take in.

Stricter than reading a card, and as lenient as the clients in use need it: an FN may be empty (Apple's programs send
that for cards without a name), a 3.0 may lack N or have several FN (RFC 2426 demands the one and does not forbid the
other), VERSION need not come first, and UID may be missing, which is told apart by `Card.text("UID")` being empty.

Implements: RFC 6350, 3.3, 6.2.1, 6.7.9; RFC 2426, 3.1.1, 3.6.9; RFC 6352, 5.1, 6.3.2.1
"""

from __future__ import annotations

from davd.formats.contentlines import ContentError
from davd.formats.vcard.card import Card, parse
from davd.formats.vcard.convert import VERSIONS


class InvalidCard(ContentError):
    """It can be read, but it is no valid vCard."""


class UnsupportedVersion(InvalidCard):
    """A vCard of a version that an address book does not take in: 2.1, or one yet unknown."""


def check(data: bytes) -> Card:
    """The card that `data` is; ContentError when it cannot be read, InvalidCard when it breaks a rule.

    The texts of both are sentences for the person who sent it.
    """
    card = parse(data)
    version = card.first("VERSION")
    if version is None:
        raise InvalidCard("The vCard does not say its VERSION.", card.start)
    if card.version not in VERSIONS:
        raise UnsupportedVersion("The vCard is neither of version 3.0 nor of version 4.0.", version.start)
    # RFC 6350, 6.2.1: "The property MUST be present in the vCard object." RFC 2426, 3.1.1 says the same.
    if card.first("FN") is None:
        raise InvalidCard("The vCard has no FN, the name to show.", card.start)
    return card
