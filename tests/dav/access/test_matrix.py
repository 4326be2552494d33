"""Every way to a resource, for every kind of resource and every kind of person, against the oracle.

Verifies: RFC 3744, 3, 5.5, 6, 7.1.1, B; RFC 4791, 6.1.1; RFC 4918, 20.1
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.dav.access.world import (
    ABSENT,
    BUSY,
    COLLECTIONS,
    DONE,
    FILES,
    HOMES,
    NOT_ALLOWED,
    ROLES,
    TARGETS,
    THERE,
    Expected,
    held,
    make_world,
    making,
    needing,
    owner,
    parent,
    readable,
    shown_below,
)
from tests.dav.locking import lockinfo

D = "{DAV:}"
PROPFIND = b'<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>'
PROPPATCH = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
EXPAND = b'<expand-property xmlns="DAV:"><property name="owner"/></expand-property>'
PRINCIPALS = b'<acl-principal-prop-set xmlns="DAV:"><prop><displayname/></prop></acl-principal-prop-set>'
ACL = b'<acl xmlns="DAV:"><ace><principal><self/></principal><grant><privilege><read/></privilege></grant></ace></acl>'
NO_LOCK = "Not <DAV:no-lock>"

Ask = Callable[[Trial, str, str], Response]
Oracle = Callable[[str, str], Expected]


def is_collection(path: str) -> bool:
    return path in THERE and path not in FILES


# -- how each way is gone, and what comes of it -----------------------------------------------------------------------


def on(method: str, body: bytes = b"", query: str = "", **headers: str) -> Ask:
    """The target is the request URI."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda trial, role, path: trial.request(method, path + query, fields, body, role)


def to(method: str) -> Ask:
    """The target is the Destination of what the user owns."""
    return lambda trial, role, path: trial.request(method, f"/files/{role}/own.txt", {"Destination": path}, b"", role)


def tagged(trial: Trial, role: str, path: str) -> Response:
    """The target is a tag of an If field; the condition is its true state."""
    state = trial.request("HEAD", path, user=owner(path)).headers.get("ETag") if path in FILES else None
    if path in THERE and state is None:
        body = b'<propfind xmlns="DAV:"><prop><sync-token/></prop></propfind>'
        told = trial.read(trial.request("PROPFIND", path, {"Depth": "0"}, body, owner(path) or role))
        found = re.search(rb"<D:sync-token>([^<]+)<", told)
        condition = f"<{found[1].decode()}>" if found else "<urn:none>"
    else:
        condition = f"[{state}]" if state else '["none"]'
    return trial.request("GET", f"/files/{role}/own.txt", {"If": f"<{path}> ({condition})"}, b"", role)


def sought(trial: Trial, role: str, path: str) -> Response:
    body = f'<x:find xmlns:x="urn:x" xmlns:D="DAV:"><D:href>{path}</D:href></x:find>'
    return trial.request("REPORT", f"/files/{role}/own.txt", {}, body.encode(), role)


def expanded(trial: Trial, role: str, path: str) -> Response:
    link = f"/files/{role}/{path.encode().hex()}"
    trial.request("PUT", link, body=b"", user=role)
    body = (
        b'<expand-property xmlns="DAV:"><property name="link" namespace="urn:x"><property name="resourcetype"/>'
        b"</property></expand-property>"
    )
    return trial.request("REPORT", link, {}, body, role)


def reading(*more: str) -> Oracle:
    def oracle(role: str, path: str) -> Expected:
        return needing(role, *[(name, path) for name in more]) if readable(role, path) else ABSENT

    return oracle


def only_collections(oracle: Oracle, otherwise: Expected) -> Oracle:
    return lambda role, path: otherwise if readable(role, path) and path in FILES else oracle(role, path)


def put(role: str, path: str) -> Expected:
    if not readable(role, path):
        made = making(role, path)
        return Expected("409") if made == DONE and path.endswith("/") else made
    return NOT_ALLOWED if is_collection(path) else needing(role, ("write-content", path))


def mkcol(role: str, path: str) -> Expected:
    return NOT_ALLOWED if readable(role, path) else making(role, path)


def lock(role: str, path: str) -> Expected:
    if not readable(role, path):
        made = making(role, path)
        return Expected("409") if made == DONE and path.endswith("/") else made
    return needing(role, ("write-content", path))


def delete(role: str, path: str) -> Expected:
    return needing(role, ("unbind", parent(path))) if readable(role, path) else ABSENT


def copy(role: str, path: str) -> Expected:
    return Expected("403") if path.startswith("/principals/") and readable(role, path) else reading()(role, path)


def post(role: str, path: str) -> Expected:
    if not readable(role, path):
        return ABSENT
    return NOT_ALLOWED if path in FILES else needing(role, ("bind", path))


def copied_to(role: str, path: str) -> Expected:
    if f"/files/{role}/own.txt".startswith(path):
        return Expected("403")
    if not readable(role, path):
        return making(role, path)
    if not owner(parent(path)):
        return needing(role, ("bind", parent(path)))
    removed = [("bind", parent(path)), ("unbind", parent(path))] if is_collection(path) else []
    return needing(role, ("write-content", path), ("write-properties", path), *removed)


def moved_to(role: str, path: str) -> Expected:
    if f"/files/{role}/own.txt".startswith(path):
        return Expected("403")
    if not readable(role, path):
        return making(role, path)
    return needing(role, ("bind", parent(path)), ("unbind", parent(path)))


def free_busy(role: str, path: str) -> Expected:
    if path in FILES:
        return Expected("403") if readable(role, path) else ABSENT
    return DONE if BUSY in held(role, path) else ABSENT


def in_tag(role: str, path: str) -> Expected:
    return DONE if readable(role, path) else Expected("412")


def found(role: str, path: str) -> Expected:
    return Expected("told 200" if readable(role, path) else "told 404")


WAYS: dict[str, tuple[Ask, Oracle]] = {
    "GET": (on("GET"), reading()),
    "HEAD": (on("HEAD"), reading()),
    "GET If-None-Match": (on("GET", If_None_Match='"x"'), reading()),
    "PROPFIND 0": (on("PROPFIND", PROPFIND, Depth="0"), reading()),
    "PROPFIND 1": (on("PROPFIND", PROPFIND, Depth="1"), reading()),
    "PROPFIND infinity": (on("PROPFIND", PROPFIND, Depth="infinity"), reading()),
    "PROPFIND If": (on("PROPFIND", PROPFIND, Depth="0", If=f"({NO_LOCK})"), reading()),
    "PROPPATCH": (on("PROPPATCH", PROPPATCH), reading("write-properties")),
    "PUT": (on("PUT", b"new"), put),
    "PUT If-Match": (on("PUT", b"new", If_Match="*"), lambda role, path: (
        Expected("412") if put(role, path) == DONE and path not in THERE else put(role, path)
    )),
    "POST": (on("POST", b"new", "?add-member"), post),
    "MKCOL": (on("MKCOL"), mkcol),
    "DELETE": (on("DELETE"), delete),
    "LOCK": (on("LOCK", lockinfo(), Depth="0"), lock),
    "LOCK shared infinity": (on("LOCK", lockinfo("shared"), Depth="infinity"), lock),
    "UNLOCK": (on("UNLOCK", Lock_Token="<urn:none>"), lambda role, path: (
        Expected("409") if readable(role, path) else ABSENT
    )),
    "ACL": (on("ACL", ACL), reading("write-acl")),
    "COPY": (lambda trial, role, path: trial.request(
        "COPY", path, {"Destination": f"/files/{role}/copy", "Depth": "0"}, b"", role
    ), copy),
    "MOVE": (lambda trial, role, path: trial.request("MOVE", path, {"Destination": f"/files/{role}/moved"}, b"", role),
             delete),
    "COPY to": (to("COPY"), copied_to),
    "MOVE to": (to("MOVE"), moved_to),
    "REPORT sync-collection": (on("REPORT", SYNC), only_collections(reading(), Expected("403"))),
    "REPORT expand-property": (on("REPORT", EXPAND), reading()),
    "REPORT acl-principal-prop-set": (on("REPORT", PRINCIPALS), reading("read-acl")),
    "REPORT free-busy": (on("REPORT", b'<x:busy xmlns:x="urn:x"/>'), free_busy),
    "REPORT of what is unknown": (on("REPORT", b'<x:other xmlns:x="urn:x"/>'), lambda role, path: (
        Expected("403") if readable(role, path) else ABSENT
    )),
    "REPORT of rubbish": (on("REPORT", b"<rubbish"), lambda role, path: (
        Expected("400") if readable(role, path) else ABSENT
    )),
    "in If": (tagged, in_tag),
    "multiget": (sought, found),
    "expanded": (expanded, found),
}  # fmt: skip

CELLS = len(WAYS) * len(TARGETS) * len(ROLES)


def seen(trial: Trial, response: Response) -> tuple[int, dict[str, str], bytes]:
    return response.status, response.headers, trial.read(response)


def twin(path: str) -> str:
    """The same place of somebody who does not exist."""
    return re.sub("/(files|principals/users|principals/groups)/[^/]+", r"/\1/nobody", path)


class TestMatrix:
    """Verifies: RFC 3744, B; RFC 4918, 20.1"""

    def test_it_is_large_enough(self) -> None:
        assert CELLS >= 5000

    @pytest.mark.parametrize("role", ROLES)
    def test_by_role(self, role: str) -> None:
        trial: Any = make_world()
        state = trial.store.state
        mismatches = []
        for way, (ask, oracle) in WAYS.items():
            for path in TARGETS:
                trial.store.state = state
                response = seen(trial, ask(trial, role, path))
                changed = trial.store.state is not state
                expected = oracle(role, path)
                wrong = self.compare(trial, state, ask, role, path, response, expected)
                if wrong or (changed and response[0] >= 400):
                    mismatches.append((way, path, expected, wrong, response[0], response[2][:200]))
        assert mismatches == []

    def compare(
        self,
        trial: Any,
        state: Any,
        ask: Ask,
        role: str,
        path: str,
        response: tuple[int, dict[str, str], bytes],
        expected: Expected,
    ) -> str:
        """What is wrong with a response; empty when it is as expected."""
        status, _, body = response
        if expected.kind == "absent":
            trial.store.state = state
            other = seen(trial, ask(trial, role, twin(path)))
            same = (other[0], other[1], other[2].replace(twin(path).encode(), path.encode()))
            return "" if same == response and status >= 400 else f"not as if it were absent: {other}"
        if expected.kind == "done":
            return "" if status < 300 else "refused"
        if expected.kind == "refused":
            if status != 403:
                return "not refused"
            resource = etree.fromstring(body).find(f"{D}need-privileges/{D}resource")
            if resource is None:
                return "no privilege is named"
            told = (resource.findtext(D + "href"), str(resource.find(D + "privilege")[0].tag).removeprefix(D))
            return "" if told == (expected.href, expected.privilege) else f"names {told}"
        if expected.kind.startswith("told"):
            told_there = b"404 Not Found" not in body
            return "" if status == 207 and told_there == expected.kind.endswith("200") else "not told so"
        return "" if str(status) == expected.kind else "another status"


class TestListings:
    """Verifies: RFC 3744, 3.1; RFC 6578, 3.5"""

    @pytest.mark.parametrize("role", ROLES)
    def test_what_is_told_of_collections(self, role: str) -> None:
        trial = make_world()
        for path in ["/", "/files/", "/principals/", "/principals/users/", "/principals/groups/", *HOMES, *COLLECTIONS]:
            if not readable(role, path):
                continue
            for depth in ("0", "1", "infinity"):
                told = self.hrefs(trial, trial.request("PROPFIND", path, {"Depth": depth}, PROPFIND, role))
                below = set() if depth == "0" else shown_below(role, path, depth == "infinity")
                assert told == {path} | below, (path, depth)
            told = self.hrefs(trial, trial.request("REPORT", path, {}, SYNC, role))
            assert told == shown_below(role, path, False), path
            page = trial.read(trial.request("GET", path, user=role)).decode()
            assert set(re.findall('<th scope="row"><a href="([^"]+)"', page)) == shown_below(role, path, False)

    def hrefs(self, trial: Trial, response: Response) -> set[str]:
        assert response.status == 207
        root = etree.fromstring(trial.read(response))
        return {element.findtext(D + "href") or "" for element in root.findall(D + "response")}

    @pytest.mark.parametrize("role", ROLES)
    def test_the_own_privileges_are_told_truthfully(self, role: str) -> None:
        """Verifies: RFC 3744, 5.4"""
        trial = make_world()
        name = D + "current-user-privilege-set"
        body = b'<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>'
        for path in THERE:
            if not readable(role, path):
                continue
            root = etree.fromstring(trial.read(trial.request("PROPFIND", path, {"Depth": "0"}, body, role)))
            told = {str(element[0].tag).removeprefix(D) for element in root.iter(D + "privilege")}
            assert told == held(role, path), path
            assert root.find(f".//{name}") is not None
