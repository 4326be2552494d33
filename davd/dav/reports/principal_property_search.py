"""principal-property-search: principals by what is known of them.

Only those who may be known of are found: people in the same groups, unless the settings open the search to all.

Implements: RFC 3744, 9.4, 9.4.1
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from davd.dav import guard
from davd.dav.access.acquaintance import acquainted_with_all
from davd.dav.access.decide import knows
from davd.dav.elements.principal_property_search import (
    CONTAINS,
    ENDS_WITH,
    EQUALS,
    STARTS_WITH,
    Criterion,
    PrincipalPropertySearch,
    parse_principal_property_search,
)
from davd.dav.exchange import Exchange
from davd.dav.properties.trees import Above, Tree
from davd.dav.registry import Report, Search
from davd.dav.reports.found import at_once, paths_below, require_depth_zero, too_many
from davd.dav.reports.found import respond as respond_with
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.model.principal import GROUP, SEGMENTS, Account
from davd.model.resource import Resource

_PRINCIPALS: Final = ("principals",)
# So many accounts are looked at in one turn: some milliseconds' work where many properties are asked about.
_AT_ONCE: Final = 500

_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {
    CONTAINS: lambda text, sought: sought in text,
    STARTS_WITH: str.startswith,
    ENDS_WITH: str.endswith,
    EQUALS: str.__eq__,
}


async def respond(exchange: Exchange) -> Response:
    """207 with the principals that match, in the order of their names.

    When there are more than `max_principal_results`, that many are told, and the request URI has the status 507.
    """
    asked = parse_principal_property_search(exchange.source, exchange.request.headers.get("content-type"))
    require_depth_zero(exchange)
    exchange.rests_on_store = True
    accounts = await _in_scope(exchange, asked)
    if len(accounts) <= _AT_ONCE:
        return await _respond(exchange, asked, _matching(exchange, asked, accounts), exchange.transaction)

    async def later() -> Response:
        matching: list[Account] = []
        for start in range(0, len(accounts), _AT_ONCE):
            await exchange.pace()
            matching += _matching(exchange, asked, accounts[start : start + _AT_ONCE])
        await exchange.pace()
        async with exchange.store.read() as view:
            return await _respond(exchange, asked, matching, view)

    exchange.later = later
    return Response(207)


async def _respond(
    exchange: Exchange, asked: PrincipalPropertySearch, matching: Sequence[Account], view: IReadTransaction
) -> Response:
    most = exchange.settings.max_principal_results
    found, above = await _resources(view, matching[:most])
    # RFC 3744, 9.4: "The number of matching principals must fall within server-specific, predefined limits." Part of an
    # answer is of more use to somebody who is typing a name than none.
    tail = too_many(exchange) if len(matching) > most else b""
    return await respond_with(exchange, asked.names, at_once(found), above, tail, view)


async def _in_scope(exchange: Exchange, asked: PrincipalPropertySearch) -> list[Account]:
    """The accounts that are looked at; the principal of the exchange is told of all their fellows on the way."""
    # RFC 3744, 9.4: the report "searches all members (at any depth) of the collection identified by the Request-URI",
    # or instead "each collection identified by the DAV:principal-collection-set property".
    within = _PRINCIPALS if asked.everywhere else exchange.node.path.segments
    kinds = {kind for kind, name in SEGMENTS.items() if paths_below(within, (*_PRINCIPALS, name, ""))}
    if asked.kind:
        kinds = {kind for kind in kinds if kind.upper() == asked.kind}
    if not kinds:
        return []
    accounts: list[Account] = await exchange.transaction.accounts()
    groups = {account.name for account in accounts if account.kind == GROUP}
    exchange.principal = await acquainted_with_all(
        exchange.principal, guard.acquaintance_of(exchange), exchange.transaction, groups
    )
    return [account for account in accounts if account.kind in kinds]


def _matching(exchange: Exchange, asked: PrincipalPropertySearch, accounts: Sequence[Account]) -> list[Account]:
    """Those of the accounts that the principal may know of and that are found by the search."""
    # RFC 3744, 9.4: "A search requesting properties that are not searchable for a particular principal will not match
    # that principal."
    rows = {name: exchange.registry.properties.get(name) for criterion in asked.criteria for name in criterion.names}
    searches = {name: row.search for name, row in rows.items() if row is not None and row.search is not None}
    criteria = [(criterion, _folded(criterion.text)) for criterion in asked.criteria]
    test = any if asked.any_of else all
    return [
        account
        for account in accounts
        if knows(exchange.principal, account.name)
        and (not criteria or test([_matches(exchange, searches, one, sought, account) for one, sought in criteria]))
    ]


def _matches(
    exchange: Exchange, searches: dict[str, Search], criterion: Criterion, sought: str, account: Account
) -> bool:
    # RFC 3744, 9.4: "multiple elements within a DAV:prop element will be interpreted with a logical AND".
    test = _TESTS[criterion.match]
    for name in criterion.names:
        search = searches.get(name)
        if search is None or not any(test(_folded(text), sought) for text in search.texts(exchange, account)):
            return False
    return True


def _folded(text: str) -> str:
    """Text as it is compared: without regard to case and to how its characters are put together."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


async def _resources(view: IReadTransaction, accounts: Sequence[Account]) -> tuple[Tree, Above]:
    """The principal resources of accounts, in their order, and what is above them; one question for each kind."""
    above: dict[int, Resource] = {}
    found: dict[str, tuple[tuple[str, ...], Resource]] = {}
    for kind, segment in SEGMENTS.items():
        names = [account.name for account in accounts if account.kind == kind]
        if names:
            place = (*_PRINCIPALS, segment)
            chain, rows = await view.resolve_members(place, names)
            above.update([(row.id, row) for row in chain])
            found.update([(name, ((*place, name), row)) for name, row in rows.items()])
    tree = [found[account.name] for account in accounts if account.name in found]
    return tree, Above(list(above.values()), [])


PRINCIPAL_PROPERTY_SEARCH = Report("{DAV:}principal-property-search", respond, lambda resource: resource.is_collection)
