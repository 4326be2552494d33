"""One request from start to end: the list of steps, in one place.

Implements: RFC 9110, 3.3, 9, 11.6; RFC 4918, 8; RFC 6764, 5
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import cast

from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from davd.application import encoding, failure
from davd.application.answers import METHODS as ANSWERED
from davd.application.answers import Answers
from davd.application.provision import provision
from davd.application.recall import Recall, Ticket
from davd.authentication.authenticator import Authenticator
from davd.dav import guard, upload
from davd.dav.access import decide
from davd.dav.content import take
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_fields
from davd.dav.methods import options
from davd.dav.registry import Method, Registry
from davd.dav.settings import DavSettings
from davd.http import security
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction, IStore, ITransaction, StoreError, StoreFull
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import Principal
from davd.tree.locate import locate

log = Logger(namespace="davd.application")

WELL_KNOWN = frozenset({"/.well-known/caldav", "/.well-known/carddav"})
_RECALLED = frozenset({"GET", "HEAD"})
_NEVER = frozenset({"TRACE", "CONNECT"})
_ELSEWHERE = frozenset({"POST", "PATCH"})
_KEPT_STATUS = frozenset({200, 206, 304, 404})


class Application:
    """Answers requests; it never raises but for cancellation.

    It takes its collaborators: where the tree is, who proves identities, what davd can do (`registry`), the settings of
    the dav floor, the answers kept by head and by content, and the clock (POSIX seconds).
    """

    def __init__(
        self,
        store: IStore,
        authenticator: Authenticator,
        registry: Registry,
        settings: DavSettings,
        kept: Recall,
        answers: Answers,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._registry = registry
        self._settings = settings
        self._kept = kept
        self._answers = answers
        self._clock = clock
        self._provisioned: set[str] = set()
        self.statuses: dict[int, int] = {}

    def source(self, address: str) -> object:
        """What is known of a client's network."""
        return None

    def recall(self, head: bytes, protection: int, source: object) -> tuple[bytes, bytes] | None:
        """The finished answer to these bytes, if it still stands."""
        return self._kept.look_up(head, protection)

    def remember(self, head: bytes, protection: int, ticket: object, before: bytes, after: bytes) -> None:
        """Keep the finished bytes of an answer that carried `ticket`."""
        if isinstance(ticket, Ticket):
            self._kept.remember(head, protection, ticket, before, after)

    async def respond(self, request: Request) -> Response:
        """The answer to `request`, whatever happens."""
        try:
            response = await self._steps(request)
        except HTTPError as error:
            if error.detail:
                log.debug("{id} {status}: {detail}", id=request.id, status=error.status, detail=error.detail)
            response = self._fail(request, error)
        except (CancelledError, GeneratorExit):
            raise
        except StoreFull as error:
            log.error("{id} {error}", id=request.id, error=error)
            response = self._fail(request, HTTPError(507, "{DAV:}sufficient-disk-space"))
        except StoreError as error:
            log.error("{id} {error}", id=request.id, error=error)
            response = self._fail(request, HTTPError(503, headers={"Retry-After": "5"}))
        except Exception:
            log.failure("{id} {method} failed", id=request.id, method=request.method)
            response = self._fail(request, HTTPError(500))
        self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
        return response

    async def _steps(self, request: Request) -> Response:
        open_answer = self._without_credentials(request)
        if open_answer is not None:
            return self._finish(request, open_answer)
        # Taken before anything is read: an answer that is kept under it is never newer than it says.
        generation = self._store.generation()
        principal, until = await self._authenticator.authenticate(request)
        row = self._select(request)
        path = self._path(request)
        if principal.name not in self._provisioned:
            await self._provision(principal)
        if row.takes == "upload":
            return self._finish(request, await self._take_upload(request, principal, path, row))
        content = b""
        if row.takes == "xml" or request.body.length != 0:
            content = await take(request, row, self._settings)
        key = self._answers.key(request, content, principal) if request.method in ANSWERED else None
        if key is not None:
            kept = self._answers.look_up(key, self._store.generation())
            if kept is not None:
                return kept
        async with self._store.write() if row.writes else self._store.read() as transaction:
            exchange = await self._exchange(request, principal, path, transaction)
            exchange.content = content
            response = await self._work(row, exchange)
            request.committing = row.writes
        self._finish(request, response)
        if exchange.fleeting:
            return response
        if key is not None:
            self._answers.keep(key, generation, response)
        # What these fields decide may change by time alone, without a commit: a lock ends, a date becomes a strong one.
        elif (
            request.method in _RECALLED
            and response.status in _KEPT_STATUS
            and "if" not in request.headers
            and "if-range" not in request.headers
        ):
            response.ticket = Ticket(generation, self._credentials(), until)
        return response

    def _fail(self, request: Request, error: HTTPError) -> Response:
        return self._finish(request, failure.response(error, request))

    def _finish(self, request: Request, response: Response) -> Response:
        encoding.encode(request, response)
        if request.method == "HEAD":
            encoding.leave_out(response)
        response.headers = security.secured(response.headers, response.status, request.tls)
        return response

    def _without_credentials(self, request: Request) -> Response | None:
        """The answers that need nobody to have logged in, if this is one."""
        if request.path in WELL_KNOWN or request.path.removeprefix(self._settings.prefix) in WELL_KNOWN:
            # RFC 6764, 5: the server redirects the client to the actual context path.
            return Response(301, {"Location": self._settings.prefix + "/", "Cache-Control": "no-cache"})
        if request.method in _NEVER:
            raise HTTPError(405, headers={"Allow": ", ".join(self._registry.methods)})
        if request.method == "OPTIONS" and "authorization" not in request.headers:
            return options.anonymous(self._registry)
        return None

    def _select(self, request: Request) -> Method:
        row = self._registry.methods.get(request.method)
        if row is None:
            # RFC 9110, 15.6.2: 501 is for a method that the server "does not recognize".
            status = 405 if request.method in _ELSEWHERE else 501
            raise HTTPError(status, headers={"Allow": ", ".join(self._registry.methods)})
        headers = request.headers
        if security.cross_site(headers, request.method, (request.authority, *self._settings.hostnames)):
            raise HTTPError(403, detail="a request from another site")
        coding = headers.get("content-encoding")
        if coding is not None and coding.strip().lower() not in ("", "identity"):
            raise HTTPError(415, headers={"Accept-Encoding": "identity"})
        if row.takes == "upload" and "content-length" not in headers and "transfer-encoding" not in headers:
            raise HTTPError(411)
        return row

    def _path(self, request: Request) -> Path:
        prefix = self._settings.prefix
        if request.path == "*":
            return Path((), True)
        if prefix:
            if request.path != prefix and not request.path.startswith(prefix + "/"):
                raise HTTPError(404)
            return Path.parse(request.path[len(prefix) :] or "/")
        return Path.parse(request.path)

    async def _provision(self, principal: Principal) -> None:
        async with self._store.write() as transaction:
            await provision(transaction, principal.name, self._clock())
        self._provisioned.add(principal.name)

    async def _exchange(
        self, request: Request, principal: Principal, path: Path, transaction: IReadTransaction
    ) -> Exchange:
        node = decide.conceal(principal, await locate(transaction, path))
        return Exchange(
            request,
            parse_fields(request.headers),
            principal,
            node,
            # It may write when the row says so, and only verbs of such rows try to.
            cast(ITransaction, transaction),
            self._store,
            self._registry,
            self._settings,
            self._clock(),
        )

    async def _work(self, row: Method, exchange: Exchange) -> Response:
        guard.require_allowed(exchange, row)
        response = await row.respond(exchange)
        node = exchange.node
        if not node.path.slash and not row.writes and node.resource is not None and node.resource.is_collection:
            # RFC 4918, 5.2: for a collection whose URL came without its slash a server "SHOULD return a
            # Content-Location header in the response, pointing to the URL ending with the '/'".
            response.headers["Content-Location"] = exchange.href(node.path.segments, True)
        return response

    async def _take_upload(self, request: Request, principal: Principal, path: Path, row: Method) -> Response:
        # Small content that came with the head costs nobody anything: the check inside the transaction is enough.
        room = None
        if row.check is not None and not request.body.arrived():
            async with self._store.read() as view:
                exchange = await self._exchange(request, principal, path, view)
                guard.require_allowed(exchange, row)
                room = await row.check(exchange)
        content = await upload.receive(request, self._settings, self._store.blobs, room)
        committing = False
        try:
            async with self._store.write() as transaction:
                exchange = await self._exchange(request, principal, path, transaction)
                exchange.upload = content
                response = await self._work(row, exchange)
                request.committing = committing = True
        except BaseException:
            # Once the commit has begun the blob may be in use whatever is raised; the next start collects it if not.
            if not committing:
                upload.discard(content, self._store.blobs)
            raise
        if exchange.upload is not content:
            upload.discard(content, self._store.blobs)
        return response

    def _credentials(self) -> Hashable:
        return self._authenticator.generation()
