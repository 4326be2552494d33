"""How urgent a request is, what it is counted under, and what it may be answered together with.

Decided from the head, and from the content where it came with it, before anybody has logged in. The classes are rows of
a table; rules of plugins have the last word.

Implements: RFC 4918, 9.1, 10.2; RFC 9218, 4.1, 10; docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

from davd.admission.arrival import Arrival
from davd.admission.rates import Report, unheard
from davd.admission.sources import Source
from davd.formats.xml.names import CALDAV, CALENDARSERVER, CARDDAV, DAV, join
from davd.formats.xml.peek import peek
from davd.http.priority import DEFAULT_URGENCY, urgency
from davd.http.request import Request
from davd.interfaces.admission import IPriorityRule
from davd.model.priority import RequestPriority
from davd.tree.statistics import OTHER, Route, Routes

LOW, NORMAL, HIGH, CRITICAL = RequestPriority

# Kinds of requests, beside the words of Depth and the names of reports.
ONE: Final = ""
COLLECTION: Final = "collection"
INFINITY: Final = "infinity"
INITIAL: Final = "sync-collection initial"
ANONYMOUS: Final = "anonymous"

# What a client may ask for by name, as rows are named after it.
REPORTS: Final = {
    join(namespace, local): local
    for namespace, locals_ in (
        (DAV, "sync-collection expand-property principal-match principal-property-search"),
        (DAV, "principal-search-property-set acl-principal-prop-set version-tree"),
        (CALDAV, "calendar-query calendar-multiget free-busy-query"),
        (CARDDAV, "addressbook-query addressbook-multiget"),
        (CALENDARSERVER, "calendarserver-principal-search"),
    )
    for local in locals_.split()
}

Kind = Callable[[Request, bytes | None], str]


def _always_one(request: Request, content: bytes | None) -> str:
    return ONE


def _by_path(request: Request, content: bytes | None) -> str:
    return COLLECTION if request.path.endswith("/") else ONE


def _by_depth(request: Request, content: bytes | None) -> str:
    # RFC 4918, 9.1: "Servers MUST treat a request without a Depth header as if a "Depth: infinity" header was
    # included." What is no Depth at all is refused before it costs anything.
    depth = request.headers.get("depth")
    return depth if depth == "1" or depth == "0" else INFINITY


def _by_report(request: Request, content: bytes | None) -> str:
    if request.headers.get("depth", "0").lower() == INFINITY:
        return INFINITY
    seen = None if content is None else peek(content)
    if seen is None:
        return ONE
    return INITIAL if seen.initial else REPORTS.get(seen.name, OTHER)


# What tells requests of one method apart.
_KINDS: Final[dict[str, Kind]] = {
    "GET": _by_path,
    "HEAD": _by_path,
    "PUT": _always_one,
    "DELETE": _by_path,
    "COPY": _by_path,
    "MOVE": _by_path,
    "LOCK": _always_one,
    "UNLOCK": _always_one,
    "PROPPATCH": _always_one,
    "MKCOL": _always_one,
    "MKCALENDAR": _always_one,
    "ACL": _always_one,
    "POST": _always_one,
    "OPTIONS": _always_one,
    "PROPFIND": _by_depth,
    "REPORT": _by_report,
}

# The class of what is not listed is NORMAL: listings, polls, reports, and whatever nobody knows.
_CLASSES: Final[dict[tuple[str, str], RequestPriority]] = {
    ("OPTIONS", ONE): CRITICAL,
    ("UNLOCK", ONE): CRITICAL,
    ("GET", ONE): HIGH,
    ("HEAD", ONE): HIGH,
    ("PUT", ONE): HIGH,
    ("DELETE", ONE): HIGH,
    ("COPY", ONE): HIGH,
    ("MOVE", ONE): HIGH,
    ("LOCK", ONE): HIGH,
    ("PROPPATCH", ONE): HIGH,
    ("MKCOL", ONE): HIGH,
    ("MKCALENDAR", ONE): HIGH,
    ("ACL", ONE): HIGH,
    ("GET", COLLECTION): LOW,
    ("HEAD", COLLECTION): LOW,
    ("DELETE", COLLECTION): LOW,
    ("COPY", COLLECTION): LOW,
    ("MOVE", COLLECTION): LOW,
    ("PROPFIND", INFINITY): LOW,
    ("REPORT", INFINITY): LOW,
    ("REPORT", INITIAL): LOW,
}

# Reads of one resource each, which one query can answer together for the members of a collection.
_BATCHES: Final = {("GET", ONE): "GET", ("HEAD", ONE): "GET", ("PROPFIND", "0"): "PROPFIND"}


class Classifier:
    """Says of each request what admission wants to know.

    `rules` are asked in their order, each with the class that those before it have left; one that fails or answers
    nonsense has no say, and `report` is told. `prefix` (`/dav`, or empty) is that of all paths. `batching` tells
    whether like reads are to share a transaction; it may be changed at any time.
    """

    def __init__(
        self,
        rules: Sequence[IPriorityRule],
        routes: Routes,
        batching: bool = True,
        prefix: str = "",
        report: Report = unheard,
    ) -> None:
        self.batching = batching
        self._rules = tuple(rules)
        self._routes = routes
        self._prefix = prefix
        self._report = report

    def arrival(self, request: Request, source: Source, now: float, body: bytes | None = None) -> Arrival:
        """What is known of a request that came at `now`; `body` is its content when that came with the head."""
        headers = request.headers
        method = request.method
        kind, priority = self._class(request, body)
        return Arrival(
            source,
            self._route(request, kind),
            priority,
            now,
            urgency(headers["priority"]) if "priority" in headers else DEFAULT_URGENCY,
            self._batch(method, kind, request.path) if self.batching and (method, kind) in _BATCHES else None,
            request.path,
        )

    def again(self, request: Request, content: bytes) -> tuple[Route, RequestPriority]:
        """What a request whose content has come is counted under, and its class."""
        kind, priority = self._class(request, content)
        return self._route(request, kind), priority

    def _route(self, request: Request, kind: str) -> Route:
        method = request.method if request.method in _KINDS else OTHER
        return self._routes.of(method, self._area(request.path), kind)

    def _class(self, request: Request, content: bytes | None) -> tuple[str, RequestPriority]:
        if "authorization" not in request.headers:
            # It costs nothing but a 401, and whoever cannot log in cannot do anything else either.
            kind, priority = ANONYMOUS, CRITICAL
        else:
            method = request.method
            find = _KINDS.get(method)
            kind = OTHER if find is None else find(request, content)
            priority = _CLASSES.get((method, kind), NORMAL)
        if self._rules:
            priority = self._ruled(request, priority)
        return kind, priority

    def _ruled(self, request: Request, priority: RequestPriority) -> RequestPriority:
        for rule in self._rules:
            try:
                said = rule.priority(request, priority)
                if said is not None:
                    priority = RequestPriority(said)
            except Exception as error:
                self._report(rule, error)
        return priority

    def _area(self, path: str) -> str:
        prefix = self._prefix
        if prefix and path.startswith(prefix):
            path = path[len(prefix) :]
        return path[1:].partition("/")[0]

    def _batch(self, method: str, kind: str, path: str) -> Hashable | None:
        parent, slash, _ = path.removesuffix("/").rpartition("/")
        return (_BATCHES[method, kind], parent) if slash else None
