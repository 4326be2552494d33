"""What everybody gets: a home for address books, and in it one address book.

It is made together with the home, which stays for as long as its principal: who removes it has removed it. Clients of
Apple show the first address book of a home and no others; books are listed in the order in which they were made, so
that this one stays the first.

Implements: RFC 6352, 5.2, 7.1.1
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from davd.carddav import names
from davd.carddav.properties.principal import HOMES
from davd.carddav.settings import CardDavSettings
from davd.dav.home import make_home
from davd.dav.title import titled
from davd.interfaces.store import ITransaction
from davd.model.principal import INDIVIDUAL, ROOM
from davd.model.principal import RESOURCE as EQUIPMENT
from davd.model.resource import Resource

Provision = Callable[[ITransaction, str, float], Awaitable[None]]

_BOOK: Final = "contacts"


def make_provision(settings: CardDavSettings) -> Provision:
    """The `Extension.provision` of address books."""

    async def provision(transaction: ITransaction, name: str, now: float) -> None:
        """Make what is missing of the home of the principal called `name`."""
        home = await make_home(transaction, HOMES, name, now)
        if home is None:
            return
        account = await transaction.account(name)
        kind = INDIVIDUAL if account is None else account.kind
        # A room knows nobody.
        if settings.book_name and kind not in (ROOM, EQUIPMENT):
            await make_book(transaction, home, _BOOK, now, settings.book_name)

    return provision


async def make_book(transaction: ITransaction, home: Resource, name: str, now: float, title: str = "") -> Resource:
    """An address book in `home`, with a display name unless `title` is empty."""
    book: Resource = await transaction.create(home, name, names.ADDRESSBOOK_TYPE, home.owner, now)
    changes = titled(title)
    return await transaction.set_properties(book, changes, now) if changes else book
