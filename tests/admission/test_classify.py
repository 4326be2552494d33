"""Classes of requests.

Verifies: RFC 4918, 9.1, 10.2; RFC 9218, 4.1; RFC 6578, 3.4; docs/architecture.md, Admission
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.interface import implementer

from davd.admission.classify import REPORTS, Classifier
from davd.admission.sources import Source
from davd.http.body import Body
from davd.http.request import Request
from davd.interfaces.admission import IPriorityRule
from davd.model.priority import RequestPriority
from davd.tree.statistics import OTHER, Routes

LOW, NORMAL, HIGH, CRITICAL = RequestPriority
SOURCE = Source("192.0.2.1", False)

INITIAL = b'<D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:sync-level>1</D:sync-level></D:sync-collection>'
AGAIN = INITIAL.replace(b"<D:sync-token/>", b"<D:sync-token>data:1</D:sync-token>")
MULTIGET = b'<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav"/>'


def request(method: str, path: str = "/files/amy/a.txt", **headers: str) -> Request:
    return Request(method, path, "", {"authorization": "Basic eA==", **headers}, Body())


def classifier(*rules: IPriorityRule, **options: object) -> Classifier:
    return Classifier(rules, Routes(), **options)  # type: ignore[arg-type]


TABLE = [
    ("OPTIONS", "/files/amy/a.txt", {}, None, CRITICAL, ""),
    ("OPTIONS", "*", {}, None, CRITICAL, ""),
    ("UNLOCK", "/files/amy/a.txt", {}, None, CRITICAL, ""),
    ("GET", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("HEAD", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("PUT", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("DELETE", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("LOCK", "/files/amy/", {}, None, HIGH, ""),
    ("PROPPATCH", "/files/amy/", {}, None, HIGH, ""),
    ("MKCOL", "/files/amy/new/", {}, None, HIGH, ""),
    ("COPY", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("MOVE", "/files/amy/a.txt", {}, None, HIGH, ""),
    ("GET", "/calendars/amy/work/", {}, None, LOW, "collection"),
    ("HEAD", "/calendars/amy/work/", {}, None, LOW, "collection"),
    ("DELETE", "/files/amy/old/", {}, None, LOW, "collection"),
    ("COPY", "/files/amy/old/", {"depth": "infinity"}, None, LOW, "collection"),
    ("MOVE", "/files/amy/old/", {}, None, LOW, "collection"),
    ("PROPFIND", "/files/amy/", {"depth": "0"}, None, NORMAL, "0"),
    ("PROPFIND", "/files/amy/", {"depth": "1"}, None, NORMAL, "1"),
    ("PROPFIND", "/files/amy/", {"depth": "infinity"}, None, LOW, "infinity"),
    ("PROPFIND", "/files/amy/", {"depth": "Infinity"}, None, LOW, "infinity"),
    ("PROPFIND", "/files/amy/", {}, None, LOW, "infinity"),
    ("REPORT", "/calendars/amy/work/", {}, None, NORMAL, ""),
    ("REPORT", "/calendars/amy/work/", {}, b"nonsense", NORMAL, ""),
    ("REPORT", "/calendars/amy/work/", {"depth": "1"}, MULTIGET, NORMAL, "calendar-multiget"),
    ("REPORT", "/calendars/amy/work/", {}, AGAIN, NORMAL, "sync-collection"),
    ("REPORT", "/calendars/amy/work/", {}, INITIAL, LOW, "sync-collection initial"),
    ("REPORT", "/calendars/amy/work/", {}, b"<own/>", NORMAL, OTHER),
    ("REPORT", "/calendars/amy/work/", {"depth": "infinity"}, MULTIGET, LOW, "infinity"),
    ("REPORT", "/calendars/amy/work/", {"depth": "Infinity"}, None, LOW, "infinity"),
    ("POST", "/calendars/amy/outbox/", {}, None, NORMAL, ""),
    ("BREW", "/files/amy/a.txt", {}, None, NORMAL, OTHER),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "priority", "kind"), TABLE)
def test_table(
    method: str, path: str, headers: dict[str, str], body: bytes | None, priority: RequestPriority, kind: str
) -> None:
    arrival = classifier().arrival(request(method, path, **headers), SOURCE, 12.5, body)
    assert (arrival.priority, arrival.route.kind) == (priority, kind)
    assert arrival.route.method == ("other" if method == "BREW" else method)
    assert (arrival.source, arrival.arrived, arrival.urgency, arrival.path) == (SOURCE, 12.5, 3, path)


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "REPORT", "BREW"])
def test_without_credentials(method: str) -> None:
    arrival = classifier().arrival(Request(method, "/", "", {}, Body()), SOURCE, 0.0, INITIAL)
    assert (arrival.priority, arrival.route.kind, arrival.batch) == (CRITICAL, "anonymous", None)


def test_content_that_comes_later() -> None:
    asked = request("REPORT", "/calendars/amy/work/")
    classes = classifier()
    arrival = classes.arrival(asked, SOURCE, 0.0)
    assert arrival.priority == NORMAL
    assert classes.again(asked, INITIAL)[1] == LOW
    assert classes.again(asked, AGAIN)[1] == NORMAL
    route = classes.again(asked, INITIAL)[0]
    assert (route.method, route.area, route.kind) == ("REPORT", "calendars", "sync-collection initial")
    assert route is classes.arrival(asked, SOURCE, 0.0, INITIAL).route
    assert classes.again(request("BREW"), b"")[0].method == OTHER


@pytest.mark.parametrize(
    ("path", "prefix", "area"),
    [
        ("/files/amy/a", "", "files"),
        ("/files", "", "files"),
        ("/", "", ""),
        ("*", "", ""),
        ("", "", ""),
        ("/etc/passwd", "", OTHER),
        ("/dav/calendars/amy/", "/dav", "calendars"),
        ("/dav", "/dav", ""),
        ("/dav/", "/dav", ""),
        ("/files/amy/", "/dav", "files"),
    ],
)
def test_areas(path: str, prefix: str, area: str) -> None:
    assert classifier(prefix=prefix).arrival(request("PUT", path), SOURCE, 0.0).route.area == area


@pytest.mark.parametrize(("field", "urgency"), [("u=0", 0), ("u=5, i", 5), ("nonsense=", 3), ("u=9", 3)])
def test_urgency(field: str, urgency: int) -> None:
    assert classifier().arrival(request("GET", priority=field), SOURCE, 0.0).urgency == urgency


class TestBatch:
    """Verifies: docs/architecture.md, Admission."""

    @pytest.mark.parametrize(
        ("method", "path", "depth", "batch"),
        [
            ("GET", "/files/amy/a.txt", None, ("GET", "/files/amy")),
            ("HEAD", "/files/amy/b.txt", None, ("GET", "/files/amy")),
            ("GET", "/top", None, ("GET", "")),
            ("PROPFIND", "/files/amy/a.txt", "0", ("PROPFIND", "/files/amy")),
            ("PROPFIND", "/files/amy/folder/", "0", ("PROPFIND", "/files/amy")),
            ("PROPFIND", "/files/amy/a.txt", "1", None),
            ("PROPFIND", "/files/amy/a.txt", None, None),
            ("PROPFIND", "/", "0", None),
            ("PROPFIND", "*", "0", None),
            ("GET", "/files/amy/", None, None),
            ("PUT", "/files/amy/a.txt", None, None),
            ("OPTIONS", "*", None, None),
        ],
    )
    def test_reads_of_members_of_one_collection(self, method: str, path: str, depth: str | None, batch: object) -> None:
        asked = request(method, path, **({} if depth is None else {"depth": depth}))
        classes = classifier()
        assert classes.arrival(asked, SOURCE, 0.0).batch == batch
        classes.batching = False
        assert classes.arrival(asked, SOURCE, 0.0).batch is None
        assert classifier(batching=False).arrival(asked, SOURCE, 0.0).batch is None


@implementer(IPriorityRule)
class Rule:
    """Answers as it is told, and notes what was proposed to it."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.proposed: list[RequestPriority] = []

    def priority(self, request: Request, proposed: RequestPriority) -> RequestPriority | None:
        self.proposed.append(proposed)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]


class TestRules:
    """Verifies: docs/architecture.md, Admission."""

    def test_each_is_told_what_those_before_it_have_left(self) -> None:
        rules = Rule(None), Rule(LOW), Rule(None), Rule(CRITICAL), Rule(None)
        classes = classifier(*rules)
        assert classes.arrival(request("GET"), SOURCE, 0.0).priority == CRITICAL
        assert [rule.proposed for rule in rules] == [[HIGH], [HIGH], [LOW], [LOW], [CRITICAL]]
        assert classes.again(request("GET"), b"")[1] == CRITICAL
        assert classes.arrival(Request("GET", "/", "", {}, Body()), SOURCE, 0.0).priority == CRITICAL

    @pytest.mark.parametrize("answer", [ZeroDivisionError("no"), 7, "HIGH"])
    def test_one_that_fails_has_no_say(self, answer: object) -> None:
        reported: list[tuple[object, Exception]] = []
        broken = Rule(answer)
        classes = classifier(broken, Rule(LOW), report=lambda rule, error: reported.append((rule, error)))
        assert classes.arrival(request("GET"), SOURCE, 0.0).priority == LOW
        assert [rule for rule, _ in reported] == [broken]
        # Without anybody to tell, the request goes on all the same.
        assert classifier(broken).arrival(request("GET"), SOURCE, 0.0).priority == HIGH


METHODS = sorted({row[0] for row in TABLE} | {"MKCALENDAR", "ACL", "SEARCH", "TRACE", "CONNECT", "get", ""})
DEPTHS = (None, "0", "1", "infinity", "INFINITY", "2", "", "0, 1")
PATHS = ("/", "", "*", "/a", "/a/", "/a/b/c", "//", "/%zz/")
BODIES = (None, b"", INITIAL, AGAIN, MULTIGET, b"<a", b"\xff\xfe<")


def test_every_request_has_a_class() -> None:
    """Verifies: docs/architecture.md, Admission."""
    routes = Routes()
    classes = Classifier([], routes)
    for method, depth, path, body, credentials in product(METHODS, DEPTHS, PATHS, BODIES, (True, False)):
        headers = {} if depth is None else {"depth": depth}
        if credentials:
            headers["authorization"] = "x"
        arrival = classes.arrival(Request(method, path, "", headers, Body()), SOURCE, 0.0, body)
        arrival.route.record(200, 0, 0, 0)
        assert arrival.priority in RequestPriority
        if not credentials or method in ("OPTIONS", "UNLOCK"):
            assert arrival.priority == CRITICAL
        elif depth is not None and depth.lower() == "infinity" and method in ("PROPFIND", "REPORT"):
            assert arrival.priority == LOW
        if method in ("get", "", "SEARCH", "TRACE", "CONNECT"):
            assert arrival.route.method == OTHER
    # Whatever clients think of, the rows come from davd's own words.
    assert len(routes.rows()) < 100


@given(
    st.text(max_size=10),
    st.text(max_size=30),
    st.dictionaries(st.sampled_from(["authorization", "depth", "priority"]), st.text(max_size=20)),
    st.none() | st.binary(max_size=100),
)
def test_any_request(method: str, path: str, headers: dict[str, str], body: bytes | None) -> None:
    arrival = classifier().arrival(Request(method, path, "", headers, Body()), SOURCE, 0.0, body)
    assert arrival.priority in RequestPriority and 0 <= arrival.urgency <= 7


def test_reports_have_names_of_their_own() -> None:
    assert len(set(REPORTS.values())) == len(REPORTS)
    assert REPORTS["{urn:ietf:params:xml:ns:carddav}addressbook-query"] == "addressbook-query"
