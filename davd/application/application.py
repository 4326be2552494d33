"""One request from start to end: the list of steps, in one place.

Implements: RFC 9110, 3.3, 9, 11.6; RFC 4918, 8; RFC 9111, 4.2
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Final, cast

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from davd.admission.admission import Admission
from davd.admission.place import Place
from davd.admission.sources import Source
from davd.application.answers import METHODS as ANSWERED
from davd.application.answers import Answers
from davd.application.exchanges import Exchanges
from davd.application.finish import fail, finish
from davd.application.polls import Polls
from davd.application.provision import provision
from davd.application.recall import Recall, Ticket
from davd.application.selection import path_of, select, without_credentials
from davd.application.settings import ApplicationSettings
from davd.application.telling import answered, recalled, unread
from davd.application.visit import Visit
from davd.authentication.authenticator import Authenticator
from davd.dav import guard, upload
from davd.dav.content import parsed, take
from davd.dav.exchange import here
from davd.dav.membership import LARGE
from davd.dav.registry import Method, Registry
from davd.dav.settings import DavSettings
from davd.http.request import Request
from davd.http.response import Response
from davd.http.wire.encode import content_length
from davd.interfaces.store import IStore
from davd.model.principal import Principal
from davd.model.resource import NewContent
from davd.observe.access_log import Access
from davd.observe.sparing import Sparing
from davd.tree.statistics import answer_key

log = Logger(namespace="davd.application")

_RECALLED = frozenset({"GET", "HEAD"})
_KEPT_STATUS = frozenset({200, 206, 304, 404})
# Counted for a request whose client did not wait for the answer.
_GONE: Final = 499


class Application:
    """Answers requests; it never raises but for cancellation.

    It takes its collaborators: where the tree is, who proves identities, what davd can do (`registry`), the settings of
    the dav floor, who may go when, the answers kept by head and by content, the clock (POSIX seconds), and what does
    work in a thread (by default it is done at once).
    """

    def __init__(
        self,
        store: IStore,
        authenticator: Authenticator,
        registry: Registry,
        settings: DavSettings,
        admission: Admission,
        kept: Recall,
        answers: Answers,
        clock: Callable[[], float],
        aside: Callable[[Callable[[], object]], Awaitable[object]] = here,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._registry = registry
        self._settings = settings
        self._admission = admission
        self._kept = kept
        self._answers = answers
        self._clock = clock
        self._exchanges = Exchanges(store, registry, settings, clock, aside)
        self._polls = Polls(self._exchanges, answers)
        self._provisioned: set[str] = set()
        # How often the settings have changed: what was begun before is not remembered after.
        self._era = 0
        self.source = admission.sources.of
        # Told of every request; None while nobody wants to know.
        self.access: Callable[[Access], None] | None = None
        self._refusals = Sparing()

    def reconfigure(self, settings: DavSettings, registry: Registry, view: bytes) -> None:
        """Answer by other settings and rows from the next request on; requests under way end by theirs.

        `view` is the digest of what answers depend on, as `Answers` has it.
        """
        self._settings = self._exchanges.settings = settings
        self._registry = self._exchanges.registry = registry
        self._answers.renew(view)
        self.forget()

    def resize(self, settings: ApplicationSettings, max_entry: int, shared_after: float) -> None:
        """Keep answers by other limits: by the bytes of requests as `settings` say, the rest as `Answers` has it."""
        self._kept.reconfigure(settings.recall_bytes, settings.recall_entry_bytes)
        self._answers.reconfigure(max_entry, shared_after)

    def forget(self) -> None:
        """Recall no answer from before: it may have been given by settings that have changed."""
        self._era += 1
        self._kept.clear()

    def statistics(self) -> dict[str, float]:
        """How often no answer was made: it was recalled, kept, right after a commit, fetched, made for another."""
        answers = self._answers
        return {
            "recalled": self._kept.hits,
            "kept": answers.hits,
            "revalidated": answers.revalidated,
            "fetched": answers.fetched,
            "joined": self._polls.flights.joined,
        }

    # -- answers from memory --------------------------------------------------------------------------------------

    def recall(self, asked: bytes, protection: int, source: object, count: int = 1) -> tuple[bytes, bytes] | None:
        """The finished answer to these bytes, if it still stands and `source` may have it `count` times now."""
        found = self._kept.look_up(asked, protection)
        if found is None:
            return None
        ticket, answer = found
        admission = self._admission
        asker = cast(Source, source)
        size = len(answer[1])
        if not admission.pool.open_to(asker) or not admission.rates.instant(asker, ticket.account, count, size):
            return None
        route = ticket.route
        admission.pool.instant(route, count, size)
        route.answers[ticket.answer] += count
        route.sizes[ticket.bucket] += count
        spent = ticket.spent
        if spent.gone:
            spent = ticket.spent = admission.spending.of(ticket.name)
        spent.count += count
        spent.bytes += count * size
        self._kept.hits += count
        if self.access is not None:
            note = recalled(asked, self._clock(), asker.name, ticket, size)
            for _ in range(count):
                self.access(note)
        return answer

    def remember(self, asked: bytes, protection: int, ticket: object, before: bytes, after: bytes) -> None:
        """Keep the finished bytes of an answer that carried `ticket`."""
        if isinstance(ticket, Ticket) and ticket.era == self._era:
            self._kept.remember(asked, protection, ticket, before, after)

    def refused(self, peer: str, status: int) -> None:
        """Note what the wire has refused, as far as there are not too many of them."""
        if self.access is not None:
            now = self._clock()
            more = self._refusals.left_out(now)
            if more is not None:
                self.access(unread(peer, status, now, more))

    # -- one request ----------------------------------------------------------------------------------------------

    async def respond(self, request: Request) -> Response:
        """The answer to `request`, whatever happens."""
        admission = self._admission
        source = admission.sources.of(request.peer)
        arrival = admission.classifier.arrival(request, source, request.arrived, request.body.peek())
        visit = Visit(request, arrival)
        try:
            admission.admit(source)
            response = await admission.pool.process(arrival, self._steps, visit)
        except (CancelledError, GeneratorExit):
            self._account(visit, _GONE, 0)
            raise
        except Exception as error:
            response = fail(request, error)
        self._account(visit, response.status, content_length(response))
        if fields := admission.rates.fields(source, visit.account):
            response.headers.update(fields)
            # They hold for this answer only.
            response.ticket = None
        return response

    def _account(self, visit: Visit, status: int, size: int | None) -> None:
        """Count what the request has cost, under its route and against the budgets of who asked.

        `size` is None for an answer that is made while it is sent: `_stream` counts that.
        """
        arrival, place, exchange = visit.arrival, visit.place, visit.exchange
        if self.access is not None and size is not None:
            self.access(answered(visit, status, size, self._clock(), self._admission.now()))
        admission = self._admission
        principal: Principal | None = getattr(visit, "principal", None)
        spent = admission.spending.of("" if principal is None else principal.name)
        if place is None:
            arrival.route.record(status, 0.0, 0.0, size, arrival.priority)
            spent.charge(0.0, size or 0, 0, 0)
            return
        seconds = place.seconds
        rows = 0 if exchange is None else exchange.rows
        route, content = arrival.route, place.bytes
        spent.charge(seconds, size or 0, content, rows)
        route.record(status, admission.now() - arrival.arrived, seconds, size, place.priority)
        route.received += content
        admission.rates.charge(arrival.source, visit.account, (size or 0) + content, rows, seconds)

    async def _stream(self, visit: Visit, place: Place, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
        """The pieces of an answer; what they cost is counted when they have ended, since it was not known before."""
        exchange, arrival = visit.exchange, visit.arrival
        assert exchange is not None
        rows, seconds, size = exchange.rows, place.seconds, 0
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    size += len(piece)
                    yield piece
        finally:
            cpu = place.seconds - seconds
            arrival.route.cpu += cpu
            arrival.route.sent(size)
            spent = self._admission.spending.of(visit.principal.name)
            spent.cpu += cpu
            spent.bytes += size
            spent.rows += exchange.rows - rows
            if self.access is not None:
                self.access(answered(visit, visit.status, size, self._clock(), self._admission.now()))
            self._admission.rates.charge(arrival.source, visit.account, size, exchange.rows - rows, cpu)

    async def _steps(self, place: Place, visit: Visit) -> Response:
        visit.place = place
        request = visit.request
        open_answer = without_credentials(request, self._registry, self._settings)
        if open_answer is not None:
            return finish(request, open_answer)
        # Taken before anything is read: an answer that is kept under it is never newer than it says.
        generation, credentials, era = self._store.generation(), self._credentials(), self._era
        visit.principal, until = await self._authenticator.authenticate(request)
        self._charge_account(visit)
        row = select(request, self._registry, self._settings)
        visit.path = path_of(request.path, self._settings)
        if visit.principal.name not in self._provisioned:
            await self._provision(visit.principal)
        if row.takes == "upload":
            return finish(request, await self._take_upload(visit, place, row))
        content = b""
        if row.takes == "xml" or request.body.length != 0:
            content = await self._take(visit, place, row)
        key = self._answers.key(request, content, visit.principal) if request.method in ANSWERED else None
        if key is not None:
            response, stands = await self._polls.answer(visit, place, row, key, self._admission.together)
        else:
            response, stands = await self._do(visit, place, row, content)
        if isinstance(response.body, AsyncGenerator):
            visit.status = response.status
            response.body = place.stream(self._stream(visit, place, response.body))
        elif stands:
            response.ticket = Ticket(
                generation,
                credentials,
                until,
                answer_key(response.status, place.priority),
                visit.account,
                visit.arrival.route,
                era,
                visit.principal.name,
                spent=self._admission.spending.of(visit.principal.name),
            )
        return response

    async def _do(self, visit: Visit, place: Place, row: Method, content: bytes) -> tuple[Response, bool]:
        """The answer of the verb, and whether it stands until something is committed."""
        request = visit.request
        examined = None
        if row.writes and row.examine is not None:
            examined = await self._examine(visit, row, None)
        async with self._store.write() if row.writes else self._exchanges.reading(place) as transaction:
            exchange = await self._exchanges.make(visit, transaction)
            exchange.content = content
            exchange.examined = examined
            response = await self._exchanges.perform(row, exchange)
            request.committing = place.committing = row.writes
        if exchange.later is not None:
            response = await self._exchanges.completed(exchange, response)
        finish(request, response)
        # What these fields decide may change by time alone, without a commit: a lock ends, a date becomes a strong one.
        stands = (
            request.method in _RECALLED
            and response.status in _KEPT_STATUS
            and not exchange.fleeting
            and "if" not in request.headers
            and "if-range" not in request.headers
        )
        return response, stands

    def _charge_account(self, visit: Visit) -> None:
        """Take the request from the account's budget; HTTPError 429."""
        rates = self._admission.rates
        visit.account = rates.account(visit.arrival.source, visit.principal.name)
        rates.admit_account(visit.account)

    async def _take(self, visit: Visit, place: Place, row: Method) -> bytes:
        """The XML of the request; what it asks for may put the request into another class."""
        request = visit.request
        if request.body.arrived():
            content = await take(request, row, self._settings)
        else:
            async with place.outside():
                content = await take(request, row, self._settings)
            visit.arrival.route, priority = self._admission.classifier.again(request, content)
            await place.demote(priority)
        place.bytes += len(content)
        visit.document = await parsed(content, request.headers.get("content-type"), place.pace)
        return content

    async def _take_upload(self, visit: Visit, place: Place, row: Method) -> Response:
        request = visit.request
        blobs = self._store.blobs
        # Small content that came with the head costs nobody anything: the check inside the transaction is enough.
        if request.body.arrived():
            content = await upload.receive(request, self._settings, blobs)
        else:
            content = await self._receive(visit, place, await self._check_upload(visit, row))
        place.bytes += content.length
        try:
            if content.length > LARGE and row.examine is not None:
                content.examined = await self._examine(visit, row, content)
            async with self._store.write() as transaction:
                exchange = await self._exchanges.make(visit, transaction)
                exchange.upload = content
                response = await self._exchanges.perform(row, exchange)
                request.committing = place.committing = True
        except BaseException:
            # Once the commit has begun the blob may be in use whatever is raised; the next start collects it if not.
            if not place.committing:
                self._discard(content)
            raise
        if exchange.upload is not content:
            self._discard(content)
        return response

    async def _examine(self, visit: Visit, row: Method, content: NewContent | None) -> object:
        """Have large content looked at where it holds up neither the reactor nor those who write."""
        assert row.examine is not None
        async with self._store.read() as view:
            exchange = await self._exchanges.make(visit, view)
            exchange.upload = content
            work = await row.examine(exchange)
        return None if work is None else await exchange.aside(work)

    async def _receive(self, visit: Visit, place: Place, room: int | None) -> NewContent:
        """Content that is still on its way."""
        content: NewContent | None = None
        try:
            async with place.outside():
                content = await upload.receive(visit.request, self._settings, self._store.blobs, room)
        except BaseException:
            # It may have come, and the request been given up while it waited for its place.
            if content is not None:
                self._discard(content)
            raise
        return content

    def _discard(self, content: NewContent) -> None:
        """Give up content that nothing refers to; the next start collects what cannot be removed now."""
        try:
            upload.discard(content, self._store.blobs)
        except OSError as error:
            log.error("a blob that is not needed could not be removed: {error!r}", error=error)

    async def _check_upload(self, visit: Visit, row: Method) -> int | None:
        """Refuse what is bound to be refused before its content is asked for; the room there is for the content."""
        if row.check is None:
            return None
        async with self._store.read() as view:
            exchange = await self._exchanges.make(visit, view)
            guard.require_allowed(exchange, row)
            return await row.check(exchange)

    async def _provision(self, principal: Principal) -> None:
        async with self._store.write() as transaction:
            await provision(transaction, principal.name, self._clock(), self._registry.provisions)
        self._provisioned.add(principal.name)

    def _credentials(self) -> Hashable:
        return self._authenticator.generation()
