"""Every method on every kind of resource by every role, against an oracle.

Verifies: RFC 3744, 3, 5.5; RFC 4918, 20.1; docs/architecture.md, One request
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from davd.http.response import Response
from davd.testing.exchange import Trial
from tests.dav.locking import lockinfo, taken

PROPPATCH = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
PROPFIND = b'<propfind xmlns="DAV:"><prop><resourcetype/><x xmlns="urn:x"/></prop></propfind>'
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
EXPAND = (
    b'<expand-property xmlns="DAV:"><property name="owner"><property name="displayname"/></property></expand-property>'
)
MKCOL = b'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/></resourcetype></prop></set></mkcol>'

# Where things are, below the user's name, and what kind they are.
BELOW_HOME = {
    "": "home",
    "/dir": "collection",
    "/dir/": "collection",
    "/dir/note.txt": "file",
    "/note.txt": "file",
    "/locked.txt": "file",
    "/absent": "absent",
    "/absent/": "absent",
    "/dir/absent": "absent",
    "/none/absent": "orphan",
    "/note.txt/absent": "orphan",
}
ABOVE = {
    "/": "shared",
    "/files": "shared",
    "/files/": "shared",
    "/principals/": "shared",
    "/principals/users/": "shared",
    "/absent": "absent above",
    "/principals/absent": "absent above",
    "/files/absent": "absent above",
    "/principals/users/absent": "absent above",
    "/absent/absent": "orphan",
}
PRINCIPAL = {"": "principal", "/": "principal", "/absent": "absent in principal"}


def requests(place: str, target: str) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """Each method in its variants; `place` is what it is done to, `target` where copies go."""
    token = "<urn:uuid:00000000-0000-4000-8000-000000000000>"
    yield "OPTIONS", {}, b""
    for headers in ({}, {"If-None-Match": "*"}, {"If-Match": "*"}, {"Range": "bytes=0-1"}, {"If": f"({token})"}):
        yield "GET", headers, b""
        yield "HEAD", headers, b""
    for depth in ("0", "1", "infinity"):
        yield "PROPFIND", {"Depth": depth}, PROPFIND
        yield "LOCK", {"Depth": depth}, lockinfo()
        yield "LOCK", {"Depth": depth}, lockinfo("shared")
    for content in (SYNC, EXPAND, PROPFIND):
        yield "REPORT", {"Depth": "0"}, content
    for headers in ({}, {"If-None-Match": "*"}, {"If-Match": "*"}, {"If": "(Not <DAV:no-lock>)"}, {"If": f"({token})"}):
        yield "PUT", headers, b"new"
        yield "DELETE", headers, b""
        yield "MKCOL", headers, b""
        yield "PROPPATCH", headers, PROPPATCH
        yield "LOCK", headers, lockinfo()
    yield "PUT", {"Content-Range": "bytes 0-1/2"}, b"ne"
    yield "DELETE", {"Depth": "0"}, b""
    yield "MKCOL", {"Content-Type": "text/xml"}, MKCOL
    yield "MKCOL", {"Content-Type": "text/plain"}, b"rubbish"
    yield "LOCK", {"If": f"({token})"}, b""
    yield "UNLOCK", {}, b""
    yield "UNLOCK", {"Lock-Token": token}, b""
    for method in ("COPY", "MOVE"):
        for headers in ({}, {"Overwrite": "F"}, {"Depth": "0"}, {"Depth": "1"}):
            yield method, {"Destination": target, **headers}, b""
        yield method, {"Destination": target, "If": f"<{place}> ({token}) (Not {token})"}, b""
        yield method, {"Destination": target, "If": f'<{place}> (["x"])'}, b""
        yield method, {"Destination": "https://elsewhere.example/"}, b""
        yield method, {}, b""


def filled(owner: str) -> Trial:
    """A store in which `owner` has something in every place, and bob a file of his own."""
    trial = Trial()
    trial.request("MKCOL", f"/files/{owner}/dir", user=owner)
    for path in ("dir/note.txt", "note.txt", "locked.txt"):
        trial.request("PUT", f"/files/{owner}/{path}", body=b"content", user=owner)
    trial.request("PROPPATCH", f"/files/{owner}/note.txt", {}, PROPPATCH, owner)
    trial.request("LOCK", f"/files/{owner}/locked.txt", {}, lockinfo(), owner)
    trial.request("PUT", "/files/bob/own.txt", body=b"bobs", user="bob")
    return trial


def seen(trial: Trial, response: Response) -> tuple[int, dict[str, str], bytes]:
    return response.status, response.headers, trial.read(response)


def renamed(told: tuple[int, dict[str, str], bytes]) -> tuple[int, dict[str, str], bytes]:
    """What was told about carol, who is nobody, as if it had been about alice."""
    status, headers, body = told
    headers = {name: value.replace("carol", "alice") for name, value in headers.items()}
    return status, headers, body.replace(b"carol", b"alice")


OTHERS = [("/files/{}" + path) for path in BELOW_HOME] + [("/principals/users/{}" + path) for path in PRINCIPAL]


class TestStrangers:
    """Another user's resources cannot be told from absent ones, and cannot be changed.

    Verifies: RFC 4918, 20.1; RFC 3744, 3
    """

    @pytest.mark.parametrize("place", OTHERS)
    def test_as_the_request_uri(self, place):
        trial = filled("alice")
        before = trial.tree()
        there, absent = place.format("alice"), place.format("carol")
        for (method, headers, body), (_, other, _) in zip(
            requests(there, "/files/bob/copy"), requests(absent, "/files/bob/copy"), strict=True
        ):
            about_alice = seen(trial, trial.request(method, there, headers, body, "bob"))
            about_nobody = seen(trial, trial.request(method, absent, other, body, "bob"))
            assert about_alice == renamed(about_nobody), (method, headers)
            assert trial.tree() == before, (method, headers)

    @pytest.mark.parametrize("place", OTHERS)
    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_as_the_destination(self, place, method):
        trial = filled("alice")
        before = trial.tree()
        for headers in ({}, {"Overwrite": "F"}, {"Overwrite": "T", "Depth": "0"}):
            for source in ("/files/bob/own.txt", "/files/bob/", "/files/", "/files/bob/none"):
                told = []
                for name in ("alice", "carol"):
                    fields = {"Destination": place.format(name), **headers}
                    told.append(seen(trial, trial.request(method, source, fields, b"", "bob")))
                about_alice, about_nobody = told
                assert about_alice == renamed(about_nobody), (source, headers)
                assert about_alice[0] >= 400
        assert trial.tree() == before

    @pytest.mark.parametrize("place", OTHERS)
    def test_as_a_tag_in_if(self, place):
        trial = filled("alice")
        tag = trial.request("HEAD", "/files/alice/note.txt").headers["ETag"]
        token = taken(trial, "/files/alice/dir/", "shared", "infinity")
        for condition in ('["x"]', f"[{tag}]", f"<{token}>", "Not <DAV:no-lock>", f"Not <{token}>"):
            told = []
            for name in ("alice", "carol"):
                headers = {"If": f"<{place.format(name)}> ({condition})"}
                told.append(seen(trial, trial.request("GET", "/files/bob/own.txt", headers, b"", "bob")))
            assert told[0] == told[1], condition

    @pytest.mark.parametrize("path", ["/", "/files/", "/principals/", "/principals/users/"])
    @pytest.mark.parametrize("depth", ["0", "1", "infinity"])
    def test_in_what_lies_above(self, path, depth):
        trial = filled("alice")
        assert b"alice" not in trial.read(trial.request("GET", path, user="bob"))
        assert b"alice" not in trial.read(trial.request("PROPFIND", path, {"Depth": depth}, user="bob"))
        for content in (SYNC, EXPAND):
            assert b"alice" not in trial.read(trial.request("REPORT", path, {"Depth": depth}, content, "bob"))


def expected(method: str, kind: str) -> int:
    """What the owner is answered when nothing else stands in the way."""
    mapped = kind in ("home", "collection", "file", "shared", "principal")
    above = kind in ("shared", "absent above", "absent in principal")
    if method == "OPTIONS":
        return 200
    if method in ("PUT", "MKCOL", "LOCK") and kind == "orphan":
        return 409
    if not mapped:
        if method not in ("PUT", "MKCOL", "LOCK"):
            return 404
        return 403 if above else 201
    if method == "MKCOL" or (method == "PUT" and kind != "file"):
        return 405
    if method in ("GET", "HEAD"):
        return 200
    if method == "PROPFIND":
        return 207
    if method == "PROPPATCH":
        return 403 if above else 207
    if method in ("LOCK", "DELETE", "MOVE"):
        if above or kind == "principal" or (kind == "home" and method != "LOCK"):
            return 403
        return {"LOCK": 200, "DELETE": 204, "MOVE": 201}[method]
    if method == "COPY":
        # A home has its own members within, and what is above belongs to nobody.
        return 201 if kind in ("collection", "file") else 403
    assert method == "PUT"
    return 204


PLACES = (
    [(f"/files/alice{path}", kind) for path, kind in BELOW_HOME.items() if path != "/locked.txt"]
    + list(ABOVE.items())
    + [(f"/principals/users/alice{path}", kind) for path, kind in PRINCIPAL.items()]
)
PLAIN = {
    "OPTIONS": ({}, b""),
    "GET": ({}, b""),
    "HEAD": ({}, b""),
    "PROPFIND": ({"Depth": "1"}, PROPFIND),
    "PUT": ({}, b"new"),
    "MKCOL": ({}, b""),
    "PROPPATCH": ({}, PROPPATCH),
    "LOCK": ({"Depth": "0"}, lockinfo()),
    "DELETE": ({}, b""),
    "COPY": ({"Destination": "/files/alice/copy"}, b""),
    "MOVE": ({"Destination": "/files/alice/copy"}, b""),
}


class TestOwners:
    """Verifies: RFC 3744, 3.1, 3.2, 3.3, 3.4, 3.9, 3.10"""

    @pytest.mark.parametrize(("path", "kind"), PLACES)
    @pytest.mark.parametrize("method", PLAIN)
    def test_matrix(self, method, path, kind):
        trial = filled("alice")
        before = trial.tree()
        headers, body = PLAIN[method]
        response = trial.request(method, path, headers, body)
        wanted = expected(method, kind)
        if method in ("PUT", "LOCK") and kind == "absent" and path.endswith("/"):
            wanted = 409
        assert response.status == wanted
        changes = method in ("PUT", "MKCOL", "DELETE", "COPY", "MOVE") or (method == "LOCK" and wanted == 201)
        assert (trial.tree() != before) == (changes and wanted < 300)

    def test_the_missing_privilege_is_named(self):
        response = filled("alice").request("PUT", "/files/note.txt", body=b"x")
        assert response.status == 403
        assert b"<D:need-privileges" in response.body
