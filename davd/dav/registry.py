"""Rows: what davd can do, as data.

Implements: RFC 4918, 9, 15, 18
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from davd.dav.access.privileges import READ
from davd.http.response import Response
from davd.model.principal import Account
from davd.model.resource import COLLECTION, FILE, PRINCIPAL, NewContent, Resource

if TYPE_CHECKING:
    from davd.dav.exchange import Exchange
    from davd.dav.properties.view import View
    from davd.interfaces.store import IBlobStore, ITransaction

Row = TypeVar("Row")
Taken = Literal["nothing", "xml", "upload"]


@dataclass(frozen=True, slots=True)
class Method:
    """A verb.

    `respond` does the work inside the transaction of the exchange; it raises HTTPError to refuse. `writes` asks for a
    transaction that may write. `takes` tells what becomes of the content: `"nothing"` (a content is 415), `"xml"`
    (read whole, for `exchange.source`), `"upload"` (streamed to `exchange.upload`). `check` is run first in a reading
    transaction when `takes` is `"upload"`, so that what is bound to be refused is refused before the content is read;
    it gives the bytes beyond which content would exceed the owner's quota, None without a limit. `examine` is called in
    a reading transaction when an upload is large, and may give a call that is made in a thread before the transaction
    that writes begins; what that gives is `examined` of the upload. For a verb that writes and takes no upload it is
    always called, and `examined` is of the exchange.
    `on_collection`, `on_file` and `on_unmapped` tell where the method is allowed (405 and `Allow` otherwise).
    `reveals` is the privilege without which what is at the request URI looks absent to the verb. `query` is the query
    of the URLs that the method is for, None for all.
    """

    name: str
    respond: Callable[[Exchange], Awaitable[Response]]
    writes: bool = False
    takes: Taken = "nothing"
    check: Callable[[Exchange], Awaitable[int | None]] | None = None
    examine: Callable[[Exchange], Awaitable[Callable[[], object] | None]] | None = None
    on_collection: bool = True
    on_file: bool = True
    on_unmapped: bool = False
    reveals: str = READ
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A REPORT: `name` is its root element in Clark notation, `applies` the resources it is supported on.

    It is answered to whoever holds `privilege` on the resource.
    """

    name: str
    respond: Callable[[Exchange], Awaitable[Response]]
    applies: Callable[[Resource], bool] = lambda resource: True
    privilege: str = READ


@dataclass(frozen=True, slots=True)
class Search:
    """How principals are found by a property: `description` says in English what it tells of one.

    `texts` gives the texts that are compared, from the account and nothing else; none for an account without them.
    """

    description: str
    texts: Callable[[Exchange, Account], Sequence[str]]


@dataclass(frozen=True, slots=True)
class LiveProperty:
    """A property whose value davd knows.

    `name` is in Clark notation. `get` gives the property's content: text (escaped by the writer), or bytes (already
    serialised children), or None when the resource has no such property. `in_allprop` puts it into allprop answers
    (RFC 4918, 9.1: of the RFCs after 2518 none belongs there). `needs` names what `View` must have loaded before `get`
    is called: `"locks"`, `"quota"`, `"room"`, `"account"`. `set` makes the property writable; it is called inside the
    PROPPATCH transaction with the new text and raises HTTPError(409) for values it cannot take; properties without
    `set` are protected.
    A `get` whose value depends on more than the resource, its members' rows and who asks sets `rests_on_store` of the
    exchange when it comes from elsewhere in the store, and `fleeting` when it comes from outside of it.
    `shared` tells that the value depends on nothing but the resource row, so that rows can be rendered without a view.
    `check` raises HTTPError(409) for texts that `set` could not take; it is called for every instruction before any is
    carried out. `stored` tells that clients may store an element of their own under the name, which then counts instead
    of what `get` gives; `check_element` raises HTTPError for elements (serialised) that cannot be stored, and `set` is
    called after the element has been stored or removed. `initial` is for stored properties that are set when a
    collection is made or never; afterwards they are protected. `search` lets clients find principals by it. `column` is
    the fast form of `get` for many resources of one type: one text, already escaped, for each of them, or one `str`
    that all of them have, or None when none of them has the property, or `()` when only some do.
    """

    name: str
    get: Callable[[View, Resource], str | bytes | None]
    in_allprop: bool = True
    needs: frozenset[str] = frozenset()
    set: Callable[[Exchange, Resource, str | None], Awaitable[Resource]] | None = None
    shared: bool = False
    check: Callable[[str | None], None] | None = None
    stored: bool = False
    initial: bool = False
    check_element: Callable[[bytes], None] | None = None
    column: Callable[[View, Sequence[Resource]], Iterable[str] | None] | None = None
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """What is about to become a member of a collection under `name`.

    `type` is its resource type, `content` what a file is to hold (None for collections) and `content_type` its media
    type as stated. `replaced` is the member that it takes the place of, `source` the resource that is copied or moved;
    both None when there is none.
    """

    name: str
    type: str
    content: NewContent | None = None
    content_type: str = ""
    replaced: Resource | None = None
    source: Resource | None = None


@dataclass(frozen=True, slots=True)
class CollectionType:
    """What makes a collection special: `name` is its resource type, `elements` the children of DAV:resourcetype.

    `members_type` is the media type of what it holds when its client named none, empty to go by the name's ending.

    `allowed_parents` are the types of collections in which clients may put one, by MKCOL, COPY or MOVE; None allows
    all. `within` is the collection at the top in whose homes, at whatever depth, clients may have one; empty for
    anywhere. `location_condition` is the precondition that COPY and MOVE fail with elsewhere. `max_bytes` is how long
    the content of a member may be, None for as long as that of a file, and `size_condition` the precondition that
    longer ones fail with; they are refused before their content is received where its length is known.

    `check_member` is asked, inside the transaction and with the collection, about each member that PUT, LOCK of an
    unmapped URL, MKCOL, COPY or MOVE is about to give it; what lies within a copied or moved collection is not asked
    about. It raises HTTPError for what the collection does not take, and gives the content to be stored in the place of
    the client's, None to store that; it may set the `index` and the `content_type` of what will be stored. `examine` is
    called in a thread with large content, the blobs, the media type as stated and the time, and gives what
    `check_member` will find as `examined` of the content; it raises nothing.

    `represent` answers GET on such a collection, and `represent_member` GET on a file in it; either gives None where
    the ordinary answer will do; `varies` is the Vary of the ordinary answer where there is a `represent_member`. With
    `oldest_first` the collections of the type that are in one collection are told of
    in the order in which they were made, for clients that take the first one for the only one.
    """

    name: str
    elements: tuple[str, ...]
    allowed_parents: frozenset[str] | None = None
    check_member: Callable[[Exchange, Resource, Member], Awaitable[NewContent | None]] | None = None
    examine: Callable[[NewContent, IBlobStore, str, float], object] | None = None
    represent: Callable[[Exchange, Resource], Awaitable[Response | None]] | None = None
    represent_member: Callable[[Exchange, Resource], Awaitable[Response | None]] | None = None
    members_type: str = ""
    location_condition: str = "{DAV:}valid-resourcetype"
    max_bytes: int | None = None
    size_condition: str | None = None
    oldest_first: bool = False
    within: str = ""
    varies: str = "Accept"


@dataclass(slots=True)
class Extension:
    """Rows that come together, by the name under which the extension is configured.

    `provision` is called inside a writing transaction, with the name of a user and the time, when the user comes for
    the first time since the start: it makes what is missing of the homes that the extension gives to everybody.
    """

    name: str
    methods: Sequence[Method] = ()
    reports: Sequence[Report] = ()
    properties: Sequence[LiveProperty] = ()
    collection_types: Sequence[CollectionType] = ()
    compliance: Sequence[str] = ()
    provision: Callable[[ITransaction, str, float], Awaitable[None]] | None = None


FILE_TYPE = CollectionType(FILE, ())
COLLECTION_TYPE = CollectionType(COLLECTION, ("{DAV:}collection",))
PRINCIPAL_TYPE = CollectionType(PRINCIPAL, ("{DAV:}collection", "{DAV:}principal"), frozenset())


@dataclass(slots=True)
class Registry:
    """All rows in force. `compliance` is the value of the DAV header field."""

    methods: dict[str, Method] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    properties: dict[str, LiveProperty] = field(default_factory=dict)
    collection_types: dict[str, CollectionType] = field(default_factory=dict)
    compliance: str = ""
    provisions: list[Callable[[ITransaction, str, float], Awaitable[None]]] = field(default_factory=list)

    @classmethod
    def of(cls, extensions: Iterable[Extension]) -> Registry:
        """The rows of all extensions; ValueError when two bring a row of the same name."""
        registry = cls()
        tokens: list[str] = []
        for extension in extensions:
            for method in extension.methods:
                _add(registry.methods, method.name, method)
            for report in extension.reports:
                _add(registry.reports, report.name, report)
            for live in extension.properties:
                _add(registry.properties, live.name, live)
            for kind in extension.collection_types:
                _add(registry.collection_types, kind.name, kind)
            if extension.provision is not None:
                registry.provisions.append(extension.provision)
            tokens += [token for token in extension.compliance if token not in tokens]
        registry.compliance = ", ".join(tokens)
        return registry

    def allowed(self, resource: Resource | None, query: str = "") -> list[str]:
        """The names of the methods that `resource`, or an unmapped URL, allows at a URL with that query."""
        methods = [method for method in self.methods.values() if method.query is None or method.query == query]
        if resource is None:
            return [method.name for method in methods if method.on_unmapped]
        if resource.is_collection:
            return [method.name for method in methods if method.on_collection]
        return [method.name for method in methods if method.on_file]


def _add(rows: dict[str, Row], name: str, row: Row) -> None:
    if name in rows:
        raise ValueError(f"two extensions bring a row called {name}")
    rows[name] = row
