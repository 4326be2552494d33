"""Drive verbs without a server: a memory store, two accounts, and requests that go from the path to the response.

Everything here is real: the store, the tree, the rows. Only authentication, the wire and the clock are left out; the
caller says who asks, and `Trial.now` is the time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Mapping
from os import pread
from typing import Any, TypeVar, cast

from davd.application import failure
from davd.application.encoding import leave_out
from davd.application.provision import provision
from davd.dav import guard, upload
from davd.dav.content import take
from davd.dav.core import EXTENSION
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_fields
from davd.dav.registry import Extension, Registry
from davd.dav.settings import DavSettings
from davd.http.body import Body, BytesBody
from davd.http.request import Request
from davd.http.response import FileRange, Response
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import Principal
from davd.stores.memory.store import MemoryStore
from davd.tree.locate import locate

Value = TypeVar("Value")

USERS = ("alice", "bob")
START = 1_700_000_000.0


def run(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """The result of a coroutine that never waits, as those over a memory store do; RuntimeError when it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Value = stop.value
        return result
    coroutine.close()
    raise RuntimeError("the coroutine waits for something")


class ChunkedBody(Body):
    """Content of undeclared length that comes in the given pieces."""

    __slots__ = ("_pieces",)

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(None)
        self._pieces = [piece for piece in pieces if piece]

    async def receive(self) -> bytes:
        """The next piece, then `b""`."""
        return self._pieces.pop(0) if self._pieces else b""


class Trial:
    """A store with the accounts of `USERS` and their homes, and the rows of `extensions` beside those of WebDAV.

    `now` is the POSIX time of the next request and may be set.
    """

    def __init__(
        self, *extensions: Extension, settings: DavSettings | None = None, store: IStore | None = None
    ) -> None:
        self.store: IStore = MemoryStore() if store is None else store
        self.registry = Registry.of([EXTENSION, *extensions])
        self.settings = DavSettings() if settings is None else settings
        self.now = START
        run(self._provision())

    async def _provision(self) -> None:
        for name in USERS:
            async with self.store.write() as transaction:
                await provision(transaction, name, self.now, self.registry.provisions)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Body = b"",
        user: str = "alice",
    ) -> Response:
        """The response to one request; failures are responses too. Blob contents stay open until they are read.

        `path` may have a query.
        """
        content = BytesBody(body) if isinstance(body, bytes) else body
        fields = {name.lower(): value for name, value in (headers or {}).items()}
        path, _, query = path.partition("?")
        request = Request(method, path, query, fields, content, authority="dav.example", id="trial")
        return run(self.respond(request, Principal(user)))

    async def respond(self, request: Request, principal: Principal) -> Response:
        """The steps between authentication and the wire, without content coding."""
        try:
            response = await self._steps(request, principal)
        except HTTPError as error:
            response = failure.response(error, request)
        if request.method == "HEAD":
            leave_out(response)
        return response

    async def _steps(self, request: Request, principal: Principal) -> Response:
        row = self.registry.methods.get(request.method)
        if row is None:
            raise HTTPError(501)
        stored = None
        content = b""
        if row.takes == "upload":
            room = None
            if row.check is not None:
                async with self.store.read() as view:
                    room = await row.check(await self._exchange(request, principal, view))
            stored = await upload.receive(request, self.settings, self.store.blobs, room)
        else:
            content = await take(request, row, self.settings)
        try:
            async with self.store.write() if row.writes else self.store.read() as transaction:
                exchange = await self._exchange(request, principal, transaction)
                exchange.content = content
                exchange.upload = stored
                response = await row.respond(exchange)
        except BaseException:
            if stored is not None:
                upload.discard(stored, self.store.blobs)
            raise
        if stored is not None and exchange.upload is not stored:
            upload.discard(stored, self.store.blobs)
        return response if exchange.later is None else await exchange.later()

    async def _exchange(self, request: Request, principal: Principal, transaction: IReadTransaction) -> Exchange:
        path = request.path.removeprefix(self.settings.prefix) or "/"
        node = await locate(transaction, Path((), True) if path == "*" else Path.parse(path))
        exchange = Exchange(
            request,
            parse_fields(request.headers),
            principal,
            node,
            # A verb writes only when its row has said so, and then it has been given a transaction that can.
            cast(ITransaction, transaction),
            self.store,
            self.registry,
            self.settings,
            self.now,
        )
        await guard.arrive(exchange)
        guard.require_allowed(exchange, self.registry.methods[request.method])
        return exchange

    def read(self, response: Response) -> bytes:
        """All of a response's content; files are closed."""
        return run(_read(response.body))

    def tree(self) -> dict[str, bytes | None]:
        """Everything in the store by its href: the content of files, None for collections."""
        return run(self._tree())

    async def _tree(self) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        async with self.store.read() as view:
            root = (await view.resolve(()))[0]
            for segments, resource in await view.descendants(root.id, 100_000):
                href = Path(segments, resource.is_collection).href
                if resource.is_collection:
                    found[href] = None
                elif resource.blob is None:
                    found[href] = await view.content(resource)
                else:
                    descriptor, length = self.store.blobs.open(resource.blob)
                    with open(descriptor, "rb") as file:
                        found[href] = file.read(length)
        return found


async def _read(body: bytes | FileRange | Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, FileRange):
        try:
            return pread(body.descriptor, body.length, body.offset)
        finally:
            body.close()
    if isinstance(body, AsyncIterator):
        return b"".join([piece async for piece in body])
    return b"".join([await _read(part) for part in body])
