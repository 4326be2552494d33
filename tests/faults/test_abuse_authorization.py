"""One account and another's things: it cannot reach them, and it cannot even tell whether they are there.

Verifies: RFC 3744, 1.2; RFC 9110, 11.6.2, 15.5.5; RFC 4918, 20.1; RFC 9112, 9.3
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from tests.conformance.daemon import Daemon
from tests.daemon.twistd import davctl
from tests.faults.raw import Answer, Client, basic, connect, head, statuses, until_closed

PASSWORD = "the other one's password"
CANARY = b"what belongs to somebody else"
METHODS = (
    *("GET", "HEAD", "PUT", "DELETE", "MKCOL", "PROPFIND", "PROPPATCH", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT"),
    *("POST", "ACL", "OPTIONS", "TRACE", "BREW"),
)
LOCKINFO = b"<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>"
SYNC = b"<sync-collection xmlns='DAV:'><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
EXPAND = (
    b"<expand-property xmlns='DAV:'><property name='owner'><property name='displayname'/></property>"
    b"<property name='principal-collection-set'><property name='displayname'/></property></expand-property>"
)
BODIES = {
    "PROPFIND": b"<propfind xmlns='DAV:'><allprop/></propfind>",
    "PROPPATCH": b"<propertyupdate xmlns='DAV:'><set><prop><x xmlns='urn:x'>1</x></prop></set></propertyupdate>",
    "LOCK": LOCKINFO,
    "REPORT": SYNC,
    "PUT": b"written by the wrong one",
    "MKCOL": b"",
    "POST": b"",
    "ACL": b"<acl xmlns='DAV:'/>",
}
# The number of a request and the moment of the answer tell nothing.
_PASSING = re.compile(rb"\([0-9a-f]+-[0-9a-f]+\)")


@pytest.fixture(scope="module")
def davd() -> Iterator[Daemon]:
    """A daemon with a second account, which has a file, a collection with a file, and a locked file."""
    with Daemon() as daemon:
        daemon.add_user("other", PASSWORD)
        with Client(daemon.plain_url) as client:
            fields = {"Authorization": basic("other", PASSWORD)}
            assert client.ask("MKCOL", "/files/other/folder/", fields).status == 201
            for name in ("canary", "folder/canary", "locked"):
                assert client.ask("PUT", f"/files/other/{name}", fields, CANARY).status == 201
            assert client.ask("GET", daemon.home, _login(daemon)).status == 200
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


@pytest.fixture(scope="module")
def token(davd: Daemon) -> str:
    """The token of the other account's lock."""
    with Client(davd.plain_url) as client:
        fields = {"Authorization": basic("other", PASSWORD), "Content-Type": "application/xml"}
        answer = client.ask("LOCK", "/files/other/locked", fields, LOCKINFO)
        assert answer.status == 200
        return answer.fields["lock-token"]


def _login(davd: Daemon) -> dict[str, str]:
    return {"Authorization": basic(davd.user, davd.password)}


def _told(answer: Answer, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """All of an answer that could tell something, the path that was asked for left out."""
    content = _PASSING.sub(b"()", answer.content).replace(path.encode(), b"PATH")
    fields = sorted((name, value) for name, value in answer.fields.items() if name not in ("date", "content-length"))
    return answer.status, fields, content


def _state(davd: Daemon) -> bytes:
    with Client(davd.plain_url) as client:
        fields = {"Authorization": basic("other", PASSWORD), "Depth": "infinity"}
        answer = client.ask("PROPFIND", "/files/other/", fields, BODIES["PROPFIND"])
        assert answer.status == 207
        return re.sub(rb"Second-\d+", b"", answer.content)


def _asked(davd: Daemon, method: str, path: str, more: dict[str, str]) -> Answer:
    fields = _login(davd) | {"Content-Type": "application/xml", "Depth": "0"} | more
    if method in ("COPY", "MOVE"):
        fields |= {"Destination": davd.home + "stolen", "Depth": "infinity"}
    if method in ("DELETE", "LOCK"):
        fields["Depth"] = "infinity"
    if method == "UNLOCK":
        fields.setdefault("Lock-Token", "<urn:uuid:00000000-0000-0000-0000-000000000000>")
    with Client(davd.plain_url) as client:
        return client.ask(method, path, fields, BODIES.get(method))


@pytest.mark.timeout(60)
def test_another_ones_resources_look_like_none(davd: Daemon, token: str) -> None:
    before = _state(davd)
    conditions: tuple[dict[str, str], ...] = (
        {},
        {"If-Match": "*"},
        {"If-None-Match": "*"},
        {"If": f"({token})"},
        {"If": f"</files/other/locked> ({token})"},
        {"Lock-Token": token},
        {"Overwrite": "F"},
        {"Range": "bytes=0-1"},
        {"If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT"},
    )
    # What is there, beside what could be there and is not.
    pairs = (
        ("/files/other/canary", "/files/other/absent"),
        ("/files/other/locked", "/files/other/absent"),
        ("/files/other/folder/", "/files/other/absent/"),
        ("/files/other/folder/canary", "/files/other/absent/canary"),
        ("/files/other/", "/files/nobody/"),
        ("/files/other/canary", "/files/nobody/canary"),
        ("/principals/users/other/", "/principals/users/nobody/"),
        ("/calendars/other/", "/calendars/nobody/"),
        ("/addressbooks/other/", "/addressbooks/nobody/"),
    )
    wrong = []
    cells = 0
    for there, absent in pairs:
        for method in METHODS:
            for more in conditions:
                cells += 1
                one, two = (_told(_asked(davd, method, path, more), path) for path in (there, absent))
                if one != two:
                    wrong.append(f"{method} {more}: {there} {one}, {absent} {two}")
                if CANARY in one[2] or one[0] in (201, 204):
                    wrong.append(f"{method} {more}: {there} {one}")
    sys.stdout.write(f"{cells} pairs of requests\n")
    assert wrong == []
    assert _state(davd) == before
    assert _asked(davd, "GET", davd.home + "stolen", {}).status == 404


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("overwrite", ["T", "F"])
def test_nothing_is_put_among_another_ones_things(davd: Daemon, token: str, method: str, overwrite: str) -> None:
    before = _state(davd)
    source = davd.home + "source"
    wrong = []
    with Client(davd.plain_url) as client:
        assert client.ask("PUT", source, _login(davd), b"mine").status in (201, 204)
        for path in ("canary", "absent", "folder/", "folder/canary", "absent/x", "", "locked"):
            for spelling in ("/files/{}/", "/files//{}//", "/files/{}/./"):
                for more in ({}, {"If": f"({token})"}, {"If": f"</files/other/locked> ({token})"}):
                    told = []
                    for name in ("other", "nobody"):
                        destination = spelling.format(name) + path
                        fields = _login(davd) | {"Destination": destination, "Overwrite": overwrite} | more
                        told.append(_told(client.ask(method, source, fields), destination))
                    if told[0] != told[1] or not 400 <= told[0][0] < 500:
                        wrong.append(f"{spelling}{path} {more}: {told}")
        assert client.ask("GET", source, _login(davd)).content == b"mine"
    assert wrong == []
    assert _state(davd) == before


def test_a_report_tells_nothing_of_others(davd: Daemon) -> None:
    hrefs = "".join(f"<href>/files/other/{name}</href>" for name in ("canary", "absent", "folder/"))
    bodies = (
        SYNC,
        SYNC.replace(b">1<", b">infinite<"),
        EXPAND,
        f"<principal-property-search xmlns='DAV:'>{hrefs}</principal-property-search>".encode(),
    )
    with Client(davd.plain_url) as client:
        for path in ("/", "/files/", "/principals/", "/principals/users/", davd.home):
            for method, body in [*(("REPORT", body) for body in bodies), ("PROPFIND", BODIES["PROPFIND"])]:
                for depth in ("0", "1", "infinity"):
                    fields = _login(davd) | {"Depth": depth, "Content-Type": "application/xml"}
                    answer = client.ask(method, path, fields, body)
                    assert answer.status < 500, (method, path, answer)
                    assert b"other" not in answer.content, (method, path, depth, answer.content)


def test_a_connection_has_no_identity(davd: Daemon) -> None:
    """Requests of several people on one connection, one after the other and all at once."""
    mine = head("GET", "/files/other/canary", _login(davd))
    theirs = head("GET", "/files/other/canary", {"Authorization": basic("other", PASSWORD)})
    nobodys = head("GET", "/files/other/canary", {})
    last = head("GET", "/files/other/canary", {"Connection": "close"})
    wanted = {mine: 404, theirs: 200, nobodys: 401}
    requests = [theirs, nobodys, mine, theirs, theirs, mine, nobodys, nobodys, theirs, mine] * 3
    with connect(davd.plain_url) as connection:
        connection.sendall(b"".join(requests) + last)
        assert statuses(until_closed(connection)) == [*(wanted[request] for request in requests), 401]
    with Client(davd.plain_url) as client:
        for request in requests:
            assert client.send(request).status == wanted[request]


def test_who_is_removed_or_has_a_new_password_is_out_at_once(davd: Daemon) -> None:
    davd.add_user("leaver", "before")
    with Client(davd.plain_url, "127.0.9.1") as client:
        fields = {"Authorization": basic("leaver", "before")}
        for _ in range(3):
            assert client.ask("GET", "/files/leaver/", fields).status == 200
        davctl(davd.data, "user", "passwd", "leaver", "--password-file", "-", text="after\n")
        assert client.ask("GET", "/files/leaver/", fields).status == 401
        fields = {"Authorization": basic("leaver", "after")}
        assert client.ask("GET", "/files/leaver/", fields).status == 200
        davctl(davd.data, "user", "remove", "leaver")
        assert client.ask("GET", "/files/leaver/", fields).status == 401
