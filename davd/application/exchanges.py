"""From a request to the verb: the transaction it reads in, its exchange, the verb's work.

Implements: RFC 4918, 5.2, 8
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import cast

from davd.admission.place import Place
from davd.application.reading import SharedReading
from davd.application.selection import path_of
from davd.application.visit import Visit
from davd.dav import guard
from davd.dav.exchange import Exchange, here
from davd.dav.fields import parse_fields
from davd.dav.registry import Method, Registry
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.tree.locate import locate


class Exchanges:
    """Makes exchanges over `store`; `clock` gives POSIX seconds, `aside` does work in a thread."""

    def __init__(
        self,
        store: IStore,
        registry: Registry,
        settings: DavSettings,
        clock: Callable[[], float],
        aside: Callable[[Callable[[], object]], Awaitable[object]] = here,
    ) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.aside = aside

    def reading(self, place: Place) -> AbstractAsyncContextManager[IReadTransaction]:
        """The transaction to read in: that of the batch the request was let in with, or one of its own.

        To be entered at once.
        """
        batch = place.batch
        if batch is None:
            return self.store.read()
        shared: SharedReading | None = batch.shared
        if shared is None:
            paths = [member.path for member in batch.members]
            shared = batch.shared = SharedReading(self.store, paths, lambda raw: path_of(raw, self.settings))
            batch.closing.append(shared.close)
        return shared if shared.current else self.store.read()

    async def make(self, visit: Visit, transaction: IReadTransaction) -> Exchange:
        """The exchange of a request; what its principal may not read is cut off, so that it looks absent."""
        place = visit.place
        assert place is not None
        path = visit.path
        # A shared reading has found the place already, together with the others of its collection.
        shared: SharedReading | None = None if place.batch is None else place.batch.shared
        node = None if shared is None else shared.node(path, transaction)
        if node is None:
            node = await locate(transaction, path)
        exchange = Exchange(
            visit.request,
            parse_fields(visit.request.headers),
            visit.principal,
            node,
            # It may write when the row says so, and only verbs of such rows try to.
            cast(ITransaction, transaction),
            self.store,
            self.registry,
            self.settings,
            self.clock(),
        )
        exchange.pace = place.pace
        exchange.aside = self.aside
        exchange.document = visit.document
        visit.exchange = exchange
        if node.chain[-1].owner != visit.principal.name:
            await guard.arrive(exchange)
        return exchange

    async def perform(self, row: Method, exchange: Exchange) -> Response:
        """What the verb answers."""
        guard.require_allowed(exchange, row)
        response = await row.respond(exchange)
        node = exchange.node
        if not node.path.slash and not row.writes and node.resource is not None and node.resource.is_collection:
            # RFC 4918, 5.2: for a collection whose URL came without its slash a server "SHOULD return a
            # Content-Location header in the response, pointing to the URL ending with the '/'".
            response.headers["Content-Location"] = exchange.href(node.path.segments, True)
        return response

    async def completed(self, exchange: Exchange, response: Response) -> Response:
        """What the verb answers at last, when the transaction has ended: what it has left for later is done now."""
        if exchange.later is None:
            return response
        last = await exchange.later()
        last.headers = response.headers | last.headers
        return last
