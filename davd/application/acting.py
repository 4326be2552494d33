"""What is done in a user's name without a client and a connection: the verbs, with all that they look at.

Implements: RFC 4918, 9; RFC 5689, 3
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from davd.dav import guard, upload
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_fields
from davd.dav.membership import VALID_RESOURCETYPE
from davd.dav.methods.mkcol import RESOURCE_TYPE
from davd.dav.registry import Registry
from davd.dav.settings import DavSettings
from davd.formats.xml.reader import parse
from davd.formats.xml.writer import document, element
from davd.http.body import BytesBody
from davd.http.request import Request
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import Principal
from davd.tree.locate import locate


class Acting:
    """Does what requests of `user` would do, in transactions of whoever calls it; `now` is the time of all of them.

    Everything is checked as it is for a client: privileges, locks, quotas, what collections take in.
    """

    def __init__(self, store: IStore, registry: Registry, settings: DavSettings, user: str, now: float) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings
        self.user = user
        self.now = now

    async def exchange(
        self,
        transaction: IReadTransaction,
        method: str,
        segments: Sequence[str],
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Exchange:
        """What the verb would be given for a request to that place, of which nothing has been looked at yet."""
        path = Path(tuple(segments))
        request = Request(
            method, path.href, "", dict(headers or {}), BytesBody(content), authority="localhost", id="davctl"
        )
        return Exchange(
            request,
            parse_fields(request.headers),
            Principal(self.user),
            await locate(transaction, path),
            cast(ITransaction, transaction),
            self.store,
            self.registry,
            self.settings,
            self.now,
        )

    async def perform(
        self,
        transaction: IReadTransaction,
        method: str,
        segments: Sequence[str],
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Response:
        """The response of the verb; HTTPError where it is refused.

        `headers` are by lower-case name. Content that is not stored in the end is given up.
        """
        row = self.registry.methods[method]
        exchange = await self.exchange(transaction, method, segments, headers, content)
        await guard.arrive(exchange)
        guard.require_allowed(exchange, row)
        if row.takes != "upload":
            exchange.content = content
            return await row.respond(exchange)
        received = exchange.upload = await upload.receive(exchange.request, self.settings, self.store.blobs)
        try:
            response = await row.respond(exchange)
        except BaseException:
            upload.discard(received, self.store.blobs)
            raise
        if exchange.upload is not received:
            upload.discard(received, self.store.blobs)
        return response

    async def make_collection(
        self, transaction: ITransaction, kind: str, segments: Sequence[str], properties: Sequence[bytes]
    ) -> list[str]:
        """Make a collection of the type `kind` with these properties, serialised elements that stand for themselves.

        The names of the properties that it cannot have; if there are any, nothing was made. HTTPError where it is
        refused for another reason: 405 where something is already, 409 where nothing is to hold it, 403 where what is
        there cannot hold it.
        """
        types = [element(name) for name in self.registry.collection_types[kind].elements]
        content = [element(RESOURCE_TYPE, types), *properties]
        body = document("{DAV:}mkcol", element("{DAV:}set", element("{DAV:}prop", content)))
        headers = {"content-type": "application/xml; charset=utf-8"}
        response = await self.perform(transaction, "MKCOL", segments, headers, body)
        if response.status == 201:
            return []
        assert isinstance(response.body, bytes)
        refused = []
        for propstat in parse(response.body).iter("{DAV:}propstat"):
            # 424 (Failed Dependency) is what the others are, because of these.
            if " 424 " not in str(propstat.findtext("{DAV:}status")):
                refused += [str(child.tag) for prop in propstat.iter("{DAV:}prop") for child in prop]
        if RESOURCE_TYPE in refused:
            raise HTTPError(403, VALID_RESOURCETYPE)
        return refused
