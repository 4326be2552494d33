"""The longest time for which each kind of request holds the reactor's thread, with the largest of everything it takes.

As a program: `python -m tests.dav.longest_steps [memory|sqlite] [WORD...]` prints, for the cases whose names have one
of the words, the steps and the CPU milliseconds of the longest one. A step ends where the coroutine waits; at each pace
it does. The figures are of this thread alone, the least of several runs: what others on the machine do is left out.
"""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from davd.application import encoding
from davd.application.provision import provision
from davd.caldav.extension import make as calendars
from davd.caldav.settings import CalDavSettings
from davd.carddav.extension import make as books
from davd.carddav.settings import CardDavSettings
from davd.dav import content, guard, upload
from davd.dav.access import decide
from davd.dav.core import EXTENSION
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_fields
from davd.dav.membership import LARGE
from davd.dav.registry import Registry
from davd.dav.settings import DavSettings
from davd.http.body import BytesBody
from davd.http.request import Request
from davd.http.response import FileRange, Response
from davd.interfaces.store import IStore
from davd.model.errors import HTTPError
from davd.model.lock import EXCLUSIVE, Lock
from davd.model.path import Path
from davd.model.principal import Principal
from davd.model.resource import COLLECTION, FILE, NewContent, Resource
from davd.stores.memory.store import MemoryStore
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import new_content
from davd.tree.locate import locate
from tests.dav import longest_objects

COUNT = 9_990
USER = "ann"
ROUNDS = 3
_NOW = 1_700_000_000.0


@dataclass
class Steps:
    """The CPU seconds of the steps of one request."""

    seconds: list[float] = field(default_factory=list)

    async def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """What the coroutine returns; its steps are measured."""
        return await _Stepped(coroutine, self.seconds)


class _Stepped:
    """A coroutine that is timed from each start to the next wait."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], seconds: list[float]) -> None:
        self._coroutine = coroutine
        self._seconds = seconds

    def __await__(self) -> Generator[Any, Any, Any]:
        given: Any = None
        raised: BaseException | None = None
        while True:
            began = time.thread_time()
            try:
                waiting = self._coroutine.throw(raised) if raised is not None else self._coroutine.send(given)
            except StopIteration as stop:
                return stop.value
            finally:
                self._seconds.append(time.thread_time() - began)
            try:
                given, raised = (yield waiting), None
            except BaseException as error:
                given, raised = None, error


async def pace() -> None:
    """Let the reactor turn, always: what is measured is the work between two paces."""
    await deferLater(reactor, 0)  # type: ignore[arg-type]


class Server:
    """A store, and the steps of a request from the path to the response with its content."""

    def __init__(self, store: IStore) -> None:
        self.store = store
        self.registry = Registry.of([EXTENSION, calendars(CalDavSettings()), books(CardDavSettings())])
        self.settings = DavSettings(hostnames=["dav.example"], principal_search="all")

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, int]:
        """Status, and the length of the content."""
        fields = {"host": "dav.example", **(headers or {})}
        request = Request(method, path, "", fields, BytesBody(body), authority="dav.example", id="x")
        try:
            response = await self._steps(request)
        except HTTPError as error:
            response = Response(error.status)
        encoding.encode(request, response)
        return response.status, await _read(response.body)

    async def _steps(self, request: Request) -> Response:
        row = self.registry.methods[request.method]
        stored = None
        source: Any = b"", None
        if row.takes == "upload":
            stored = await upload.receive(request, self.settings, self.store.blobs)
            if stored.length > LARGE and row.examine is not None:
                async with self.store.read() as view:
                    look = await row.examine(await self._exchange(request, view, stored))
                if look is not None:
                    stored.examined = await deferToThread(look)
        else:
            body = await content.take(request, row, self.settings)
            source = body, await content.parsed(body, request.headers.get("content-type"), pace)
        async with self.store.write() if row.writes else self.store.read() as transaction:
            exchange = await self._exchange(request, transaction, stored)
            exchange.content, exchange.document = source
            guard.require_allowed(exchange, row)
            response = await row.respond(exchange)
        return response if exchange.later is None else await exchange.later()

    async def _exchange(self, request: Request, transaction: Any, stored: NewContent | None) -> Exchange:
        principal = Principal(USER)
        node = decide.conceal(principal, await locate(transaction, Path.parse(request.path)))
        exchange = Exchange(
            request,
            parse_fields(request.headers),
            principal,
            node,
            transaction,
            self.store,
            self.registry,
            self.settings,
            _NOW,
        )
        exchange.upload = stored
        exchange.pace = pace
        exchange.aside = _aside
        return exchange


async def _aside(call: Callable[[], object]) -> object:
    return await deferToThread(call)


async def _read(body: Any) -> int:
    if isinstance(body, FileRange):
        body.close()
        return body.length
    if isinstance(body, AsyncIterator):
        return sum([len(piece) async for piece in body])
    return len(body) if isinstance(body, bytes) else sum(map(len, body))


async def fill(store: IStore) -> None:
    """The account's home for files with the collections that the cases ask for."""
    async with store.write() as transaction:
        home = (await transaction.resolve(("files", USER)))[-1]
        sub = await transaction.create(home, "sub", COLLECTION, USER, _NOW)
        for number in range(999):
            await transaction.create(sub, f"member {number}.txt", FILE, USER, _NOW, new_content(b"x"), "text/plain")
    for name in ("plain", "dead", "gone", "moved", "removed", "locked"):
        async with store.write() as transaction:
            home = (await transaction.resolve(("files", USER)))[-1]
            folder = await transaction.create(home, name, COLLECTION, USER, _NOW)
            await _members(transaction, folder, name)
    async with store.write() as transaction:
        home = (await transaction.resolve(("files", USER)))[-1]
        await transaction.create(home, "file", FILE, USER, _NOW, new_content(b"content"))
    await _tree(store)
    await _remove(store, "gone")
    await _lock(store)


async def _members(transaction: Any, folder: Resource, kind: str) -> None:
    text = new_content(b"x" * 100)
    for number in range(COUNT):
        member = await transaction.create(
            folder, f"member {number:05}.txt", FILE, USER, _NOW + number, text, "text/plain"
        )
        if kind == "dead":
            element = b'<x:note xmlns:x="urn:x">' + b"note" * 10 + b"</x:note>"
            await transaction.set_properties(member, [("{urn:x}note", element), ("{urn:x}more", element)], _NOW)


async def _tree(store: IStore) -> None:
    text = new_content(b"x" * 100)
    async with store.write() as transaction:
        home = (await transaction.resolve(("files", USER)))[-1]
        tree = await transaction.create(home, "tree", COLLECTION, USER, _NOW)
        for folder in range(100):
            inner = await transaction.create(tree, f"folder {folder}", COLLECTION, USER, _NOW)
            for number in range(98):
                await transaction.create(inner, f"member {number}.txt", FILE, USER, _NOW, text, "text/plain")


async def _remove(store: IStore, name: str) -> None:
    async with store.write() as transaction:
        folder = (await transaction.resolve(("files", USER, name)))[-1]
        for member in await transaction.members(folder.id, "", COUNT):
            await transaction.delete(member, _NOW)


async def _lock(store: IStore) -> None:
    async with store.write() as transaction:
        folder = (await transaction.resolve(("files", USER, "locked")))[-1]
        for number, member in enumerate(await transaction.members(folder.id, "", 90)):
            path = ("files", USER, "locked", member.name)
            owner = b"<D:owner>" + b"o" * 2000 + b"</D:owner>"
            token = f"urn:uuid:00000000-0000-0000-0000-{number:012}"
            await transaction.add_lock(Lock(token, member.id, EXCLUSIVE, False, USER, owner, 3600, _NOW + 3600, path))


HOME = f"/files/{USER}/"
_ALL = b""
_NAMED = (
    b'<propfind xmlns="DAV:"><prop><getetag/><getcontentlength/><getlastmodified/><resourcetype/><displayname/>'
    b"<lockdiscovery/><current-user-privilege-set/><owner/></prop></propfind>"
)
_ACL = (
    b'<propfind xmlns="DAV:"><prop><acl/><supported-privilege-set/><supported-report-set/><supported-method-set/>'
    b"<acl-restrictions/><principal-collection-set/></prop></propfind>"
)
_DEAD = b'<propfind xmlns="DAV:"><prop><note xmlns="urn:x"/><more xmlns="urn:x"/><getetag/></prop></propfind>'
_PROPNAME = b'<propfind xmlns="DAV:"><propname/></propfind>'
_MANY = b'<propfind xmlns="DAV:"><prop>%b</prop></propfind>' % b"".join(b"<p%d/>" % n for n in range(1000))
_SYNC = (
    b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
)
_EXPAND = (
    b'<expand-property xmlns="DAV:"><property name="owner"><property name="displayname"/></property>'
    b'<property name="principal-collection-set"/></expand-property>'
)
_LOCK = b'<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>'


def _update(count: int, size: int) -> bytes:
    props = b"".join(b'<p%d xmlns="urn:x">%b</p%d>' % (n, b"v" * size, n) for n in range(count))
    return b'<propertyupdate xmlns="DAV:"><set><prop>%b</prop></set></propertyupdate>' % props


def _megabyte(piece: bytes, root: bytes = b"propfind") -> bytes:
    count = (1024 * 1024 - 100) // len(piece)
    return b'<%b xmlns="DAV:">%b</%b>' % (root, piece * count, root)


Case = tuple[str, str, str, dict[str, str], bytes]
_DEEP = {"depth": "infinity"}
_ONE = {"depth": "1"}
_IF = "(" + " ".join(f"<urn:uuid:00000000-0000-0000-0000-{n:012}>" for n in range(100)) + ")"
_TAGGED = " ".join(f'<{HOME}plain/member%20{n:05}.txt> (["{n}"])' for n in range(100))


def cases() -> list[Case]:
    """Name, method, path, fields and content of each request; those that change something come last."""
    return [
        ("PROPFIND 1 allprop", "PROPFIND", "plain/", _ONE, _ALL),
        ("PROPFIND 1 named", "PROPFIND", "plain/", _ONE, _NAMED),
        ("PROPFIND 1 acl", "PROPFIND", "plain/", _ONE, _ACL),
        ("PROPFIND 1 propname", "PROPFIND", "plain/", _ONE, _PROPNAME),
        ("PROPFIND 1 of 1000 unknown names", "PROPFIND", "plain/", _ONE, _MANY),
        ("PROPFIND 1 gzip", "PROPFIND", "plain/", {**_ONE, "accept-encoding": "gzip"}, _ALL),
        ("PROPFIND 1 dead allprop", "PROPFIND", "dead/", _ONE, _ALL),
        ("PROPFIND 1 dead named", "PROPFIND", "dead/", _ONE, _DEAD),
        ("PROPFIND 1 dead propname", "PROPFIND", "dead/", _ONE, _PROPNAME),
        ("PROPFIND 1 locked", "PROPFIND", "locked/", _ONE, _NAMED),
        ("PROPFIND infinity allprop", "PROPFIND", "tree/", _DEEP, _ALL),
        ("PROPFIND infinity named", "PROPFIND", "tree/", _DEEP, _NAMED),
        ("PROPFIND infinity locked", "PROPFIND", "locked/", _DEEP, _NAMED),
        ("PROPFIND infinity root", "PROPFIND", "/", _DEEP, _NAMED),
        ("sync initial", "REPORT", "plain/", {}, _SYNC),
        ("sync initial gzip", "REPORT", "plain/", {"accept-encoding": "gzip"}, _SYNC),
        ("sync tombstones", "REPORT", "gone/", {}, b"tombstones"),
        ("sync all changed", "REPORT", "plain/", {}, b"changed"),
        ("expand-property 1", "REPORT", "sub/", _ONE, _EXPAND),
        ("GET listing", "GET", "plain/", {}, b""),
        ("GET listing gzip", "GET", "plain/", {"accept-encoding": "gzip"}, b""),
        ("XML 1 MiB of short elements", "PROPFIND", "file", {"depth": "0"}, _megabyte(b"<ab>" + b"x" * 50 + b"</ab>")),
        ("XML 1 MiB of attributes", "PROPFIND", "file", {"depth": "0"}, _megabyte(b"<ab " + b'c="" ' * 100 + b"/>")),
        ("XML 1 MiB guarded", "PROPFIND", "file", {"depth": "0"}, _megabyte(b"<ab>" + b"=" * 50 + b"</ab>")),
        ("XML 1 MiB of empty elements", "PROPFIND", "file", {"depth": "0"}, _megabyte(b"<a/>")),
        ("XML 1 MiB UTF-16", "PROPFIND", "file", {"depth": "0"}, _utf16()),
        ("If of 100 tokens", "GET", "file", {"if": _IF}, b""),
        ("If of 100 resources", "GET", "file", {"if": _TAGGED}, b""),
        ("PUT inline with digests", "PUT", "put", _digests(b"x" * 16 * 1024), b"x" * 16 * 1024),
        ("PUT 8 MiB in one piece", "PUT", "blob", _digests(b"x" * 8 * 1024 * 1024), b"x" * 8 * 1024 * 1024),
        ("PROPPATCH 200 properties", "PROPPATCH", "file", {}, _update(200, 500)),
        ("PROPPATCH 1 MiB", "PROPPATCH", "file", {}, _update(999, 1000)),
        ("LOCK infinity over locks", "LOCK", "locked/", _DEEP, _LOCK),
        ("LOCK infinity over a tree", "LOCK", "tree/", _DEEP, _LOCK),
        ("PROPFIND infinity under a lock", "PROPFIND", "tree/", _DEEP, _NAMED),
        ("COPY of a tree", "COPY", "plain/", {"destination": HOME + "copy/"}, b""),
        ("COPY of dead properties", "COPY", "dead/", {"destination": HOME + "copy2/"}, b""),
        ("MOVE of a tree", "MOVE", "moved/", {"destination": HOME + "moved2/"}, b""),
        ("DELETE of a tree", "DELETE", "removed/", {}, b""),
    ]


def _utf16() -> bytes:
    return _megabyte(b"<ab>" + b"x" * 50 + b"</ab>")[:520_000].rpartition(b"<ab>")[0].decode().encode("utf-16")


def _digests(data: bytes) -> dict[str, str]:
    import base64
    import hashlib

    digest = base64.b64encode(hashlib.sha512(data).digest()).decode()
    return {"repr-digest": f"sha-512=:{digest}:", "content-length": str(len(data))}


async def measure(server: Server, case: Case) -> tuple[int, int, float, float]:
    """Status, the number of steps, and the CPU seconds of the longest and of all."""
    _, method, path, fields, body = case
    if body in (b"tombstones", b"changed"):
        body = _SYNC.replace(b"<sync-token/>", b"<sync-token>%b</sync-token>" % await _first_token(server, path))
    steps = Steps()
    path = path if path.startswith("/") else HOME + path
    status, _ = await steps.run(server.ask(method, path, fields, body))
    return status, len(steps.seconds), max(steps.seconds), sum(steps.seconds)


async def _first_token(server: Server, path: str) -> bytes:
    """The token of the collection as it was when it was empty."""
    async with server.store.read() as view:
        collection = (await view.resolve(("files", USER, path.strip("/"))))[-1]
    return b"urn:davd:sync:" + f"{server.store.epoch}:{collection.id}:1:1".encode()


async def table(server: Server, chosen: Iterable[Case]) -> None:
    """Print the figures of these cases."""
    for case in chosen:
        rounds = 1 if case[1] in ("COPY", "MOVE", "DELETE", "LOCK") else ROUNDS
        found = [await measure(server, case) for _ in range(rounds)]
        status, count, _, _ = found[0]
        longest = min(row[2] for row in found)
        total = min(row[3] for row in found)
        sys.stdout.write(f"{case[0]:40} {status} {count:5} steps {longest * 1000:8.1f} ms of {total * 1000:8.1f}\n")
        sys.stdout.flush()


async def main(kind: str, words: list[str]) -> None:
    """Make the store, fill it, measure."""
    folder = tempfile.mkdtemp(prefix="davd-steps-")
    store: Any = MemoryStore()
    if kind == "sqlite":
        store = SQLiteStore(folder, StoreSettings(), deferToThread, reactor)  # type: ignore[arg-type]
        await store.start()
    try:
        server = Server(store)
        chosen = [
            case
            for case in [*cases(), *longest_objects.cases(USER)]
            if not words or any(word in case[0] for word in words)
        ]
        async with store.write() as transaction:
            await provision(transaction, USER, _NOW, server.registry.provisions)
        if any(case in chosen for case in cases()):
            await fill(store)
        await longest_objects.fill(store, USER, [case[2] for case in chosen])
        # What has been made for the measurement is not gone through again and again while it lasts.
        gc.collect()
        gc.freeze()
        await table(server, chosen)
    finally:
        if kind == "sqlite":
            await store.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    asked = sys.argv[1:] or ["sqlite"]
    ending = deferLater(reactor, 0, lambda: Deferred.fromCoroutine(main(asked[0], asked[1:])))  # type: ignore[arg-type]
    ending.addErrback(lambda failure: failure.printTraceback(sys.stderr))
    ending.addBoth(lambda _: reactor.stop())  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
