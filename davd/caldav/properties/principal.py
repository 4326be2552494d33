"""What a principal says of its calendars and of itself as a calendar user.

Implements: RFC 3744, 9.4; RFC 4791, 6.2.1; RFC 6638, 2.4.1, 2.4.2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from davd.caldav import names
from davd.dav.exchange import Exchange
from davd.dav.properties.columns import Get, by_row
from davd.dav.properties.view import ACCOUNT, PRINCIPALS, View
from davd.dav.registry import LiveProperty, Search
from davd.formats.xml.writer import element, href
from davd.model.principal import GROUP, INDIVIDUAL, SEGMENTS, Account
from davd.model.resource import PRINCIPAL, Resource

HOMES: Final = "calendars"


def _home_set(view: View, resource: Resource) -> bytes | None:
    # Apple's clients and others look at the first home only, so there is one; groups have none.
    if resource.type != PRINCIPAL or _kind(view, resource) == GROUP:
        return None
    return href(view.exchange.href((HOMES, resource.name), True))


def _kind(view: View, resource: Resource) -> str:
    account = view.accounts.get(resource.name)
    return INDIVIDUAL if account is None else account.kind


def _email(view: View, resource: Resource) -> str:
    return _email_of(view.accounts.get(resource.name) or Account(resource.name))


def _email_of(account: Account) -> str:
    # Where names are addresses nobody writes them down twice.
    return account.email or (account.name if "@" in account.name else "")


def _addresses(exchange: Exchange, account: Account) -> tuple[str, ...]:
    email = _email_of(account)
    url = exchange.href((*PRINCIPALS, SEGMENTS[account.kind], account.name), True)
    return (f"mailto:{email}", url) if email else (url,)


def _emails(exchange: Exchange, account: Account) -> tuple[str, ...]:
    email = _email_of(account)
    return (email,) if email else ()


def _address_set(view: View, resource: Resource) -> bytes | None:
    if resource.type != PRINCIPAL:
        return None
    email = _email(view, resource)
    addresses = [href("mailto:" + quote(email, safe="@+!$&'*-.^_`{|}~=/"))] if email else []
    return b"".join([*addresses, href(view.principal_href(resource.name))])


def _user_type(view: View, resource: Resource) -> str | None:
    if resource.type != PRINCIPAL:
        return None
    return _kind(view, resource).upper()


def _email_set(view: View, resource: Resource) -> bytes | None:
    if resource.type != PRINCIPAL:
        return None
    email = _email(view, resource)
    return element(names.EMAIL_ADDRESS, email) if email else b""


def _of_principals(name: str, get: Get, search: Search | None = None) -> LiveProperty:
    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        return by_row(get, view, rows) if rows[0].type == PRINCIPAL else None

    return LiveProperty(name, get, in_allprop=False, needs=frozenset((ACCOUNT,)), column=column, search=search)


ROWS: Final[tuple[LiveProperty, ...]] = (
    _of_principals(names.CALENDAR_HOME_SET, _home_set),
    _of_principals(names.CALENDAR_USER_ADDRESS_SET, _address_set, Search("Calendar user address", _addresses)),
    _of_principals(
        names.CALENDAR_USER_TYPE,
        _user_type,
        Search("Calendar user type", lambda exchange, account: (account.kind.upper(),)),
    ),
    _of_principals(names.EMAIL_ADDRESS_SET, _email_set, Search("E-mail address", _emails)),
)
