"""The change log of a collection as DAV:response elements, page by page.

Implements: RFC 6578, 3.2, 3.5, 3.6
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from davd.dav import guard
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import Pages, base_href
from davd.dav.properties.responses import Responses
from davd.formats.xml.writer import status_element, status_response, sync_token
from davd.interfaces.store import IReadTransaction
from davd.model.path import quote_segment
from davd.model.resource import Change, Resource
from davd.model.synctoken import SyncToken

TOO_MANY: Final = "{DAV:}number-of-matches-within-limits"

# RFC 6578, 3.2: "For members that have been removed, the DAV:response MUST contain one DAV:status with a value set to
# '404 Not Found' and MUST NOT contain any DAV:propstat element."
_GONE: Final = f"</D:href>{status_element(404).decode()}</D:response>"


class Changes:
    """What happened to the members of the exchange's target after `known` and up to `now`, at most `limit` lines of it.

    `more` tells whether there are further pages. What is removed or changed while the pages are read has a greater
    number than `now` and is left to the next report.
    """

    __slots__ = (
        "_base", "_collection", "_known", "_left", "_now", "_pages", "_position", "_segments", "_truncated",
        "exchange", "more",
    )  # fmt: skip

    def __init__(self, exchange: Exchange, renderer: Responses, known: SyncToken, now: SyncToken, limit: int) -> None:
        self.exchange = exchange
        self.more = True
        self._collection = exchange.node.chain[-1]
        self._segments = exchange.node.path.segments
        self._base = base_href(exchange, self._segments) + "/"
        self._pages = Pages(exchange, renderer, self._base)
        self._known = known
        self._now = now
        self._left = limit
        self._position = known.revision
        self._truncated = False

    def tail(self) -> bytes:
        """What follows the last response: where the client stands then."""
        if not self._truncated:
            return sync_token(str(self._now))
        now, known = self._now, self._known
        began = known.began if self._position < known.began else 0
        token = SyncToken(now.epoch, now.collection, self._position, began)
        # RFC 6578, 3.6: the truncated answer "MUST" have a response with 507 for the request URI.
        own = self.exchange.href(self._segments, True)
        return status_response(own, 507, TOO_MANY) + sync_token(str(token))

    async def further_page(self, transaction: IReadTransaction) -> tuple[list[str], bool]:
        """The next page, in a transaction other than that of the exchange, and whether there are more."""
        forgotten = await transaction.oldest_revision(self._collection.id)
        if forgotten > max(self._position, self._known.began):
            # Removals that were still to be told have been forgotten. The token of what was told is refused next time.
            self._truncated = True
            self.more = False
            return [], False
        return await self.page(transaction, self._pages.limit), self.more

    async def page(self, transaction: IReadTransaction, limit: int) -> list[str]:
        """Responses to the next lines, of which `limit` are read, in pieces."""
        lines = await transaction.changes(self._collection.id, self._position, self._now.revision, limit)
        self.more = len(lines) == limit and lines[-1].revision < self._now.revision
        told = await self._to_tell(transaction, lines)
        if len(told) > self._left:
            # What comes before the first line that is too much has been dealt with.
            self._cut(lines, told[self._left])
            self._truncated = True
            self.more = False
            told = told[: self._left]
        elif lines:
            self._position = lines[-1].revision
        return await self._write(transaction, lines, told)

    def _cut(self, lines: Sequence[Change], first: Change) -> None:
        """The lines from `first` on are left for later."""
        before = [line.revision for line in lines if line.revision < first.revision]
        if before:
            self._position = before[-1]

    async def _to_tell(self, transaction: IReadTransaction, lines: Sequence[Change]) -> list[Change]:
        """Those of the lines of which the principal may know; members have the owner of the target, if it has one."""
        # What was removed before a first synchronisation began was never there for the client.
        found = [line for line in lines if not line.removed or line.revision > self._known.began]
        if self._collection.owner:
            return found
        return [line for line in found if await self._is_own(transaction, line)]

    async def _is_own(self, transaction: IReadTransaction, line: Change) -> bool:
        """Whether a line of the log of the target, which belongs to nobody, is of what the principal may know."""
        if line.removed:
            return False
        node = await guard.find(self.exchange, self.exchange.node.path.child(line.name), transaction)
        return node.resource is not None

    async def _write(self, transaction: IReadTransaction, lines: Sequence[Change], told: list[Change]) -> list[str]:
        present = [line for line in told if not line.removed]
        rows = await self._rows(transaction, present)
        shown = [rows[line.name] for line in present if line.name in rows]
        names = [quote_segment(row.name) for row in shown]
        pieces, count = await self._pages.write(transaction, shown, names, self._above)
        if count < len(shown):
            # There was no room for all of them.
            first = next(line for line in told if line.name == shown[count].name and not line.removed)
            self._cut(lines, first)
            told = told[: told.index(first)]
            self._truncated = False
            self.more = True
        self._left -= len(told)
        gone = [quote_segment(line.name) for line in told if line.removed]
        self.exchange.rows += len(gone)
        pieces += [f"<D:response><D:href>{self._base}{name}{_GONE}" for name in gone]
        return pieces

    def _above(self, rows: Sequence[Resource]) -> Sequence[Resource]:
        return self.exchange.node.chain

    async def _rows(self, transaction: IReadTransaction, lines: Sequence[Change]) -> dict[str, Resource]:
        """The members that the lines are about; what went after the lines were read is left to the next report."""
        if not lines:
            return {}
        chain, rows = await transaction.resolve_members(self._segments, [line.name for line in lines])
        there: dict[str, Resource] = rows if chain[-1].id == self._collection.id else {}
        return there
