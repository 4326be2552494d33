"""XML that is meant to hurt: it is refused, it costs next to nothing, and nothing outside of it is read.

Verifies: RFC 4918, 8.2, 17, 20.6; docs/architecture.md, Overload
"""

from __future__ import annotations

import codecs
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.faults.raw import Client, basic, cost

MIB = 1024**2
MOST_CPU = 1.0
MOST_MEMORY = 50 * MIB
SECRET = "what stands in a file of the server's machine"

# What a well-formed, harmless body of each method begins and ends with.
LOCK = "<D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
ENVELOPES = {
    "PROPFIND": ("<D:propfind xmlns:D='DAV:'{more}><D:prop>", "</D:prop></D:propfind>"),
    "PROPPATCH": (
        "<D:propertyupdate xmlns:D='DAV:'{more}><D:set><D:prop>",
        "</D:prop></D:set></D:propertyupdate>",
    ),
    "REPORT": (
        "<D:sync-collection xmlns:D='DAV:'{more}><D:sync-token/><D:sync-level>1</D:sync-level><D:prop>",
        "</D:prop></D:sync-collection>",
    ),
    "LOCK": (
        "<D:lockinfo xmlns:D='DAV:'{more}>" + LOCK + "<D:owner>",
        "</D:owner></D:lockinfo>",
    ),
    "MKCOL": ("<D:mkcol xmlns:D='DAV:'{more}><D:set><D:prop>", "</D:prop></D:set></D:mkcol>"),
}
_LAUGHS = "".join(f"<!ENTITY l{number} '{f'&l{number - 1};' * 10}'>" for number in range(1, 10))


def _body(method: str, inside: str, before: str = "", more: str = "") -> bytes:
    start, end = ENVELOPES[method]
    return ("<?xml version='1.0'?>" + before + start.format(more=more) + inside + end).encode()


def _bodies(method: str, outside: Path, port: int) -> dict[str, bytes]:
    """Bodies for one method that it has to refuse; `outside` is a file and `port` one of this machine to reach for."""
    file, web = outside.as_uri(), f"http://127.0.0.1:{port}/x"
    plain = _body(method, "<D:getetag/>").decode()

    def typed(subset: str, inside: str = "<x>&e;</x>") -> bytes:
        return _body(method, inside, f"<!DOCTYPE x [{subset}]>")

    return {
        "laughs": typed("<!ENTITY l0 'ha'>" + _LAUGHS, "<x>&l9;</x>"),
        "quadratic": typed(f"<!ENTITY e '{'a' * 50_000}'>", "<x>" + "&e;" * 10_000 + "</x>"),
        "entity of a file": typed(f"<!ENTITY e SYSTEM '{file}'>"),
        "entity of the web": typed(f"<!ENTITY e SYSTEM '{web}'>"),
        "entity in an attribute": typed("<!ENTITY e 'x'>", "<x a='&e;'/>"),
        "parameter entity": typed(f"<!ENTITY % p SYSTEM '{web}'> %p;", "<x/>"),
        "parameter entity of a file": typed(f"<!ENTITY % p SYSTEM '{file}'> %p;", "<x/>"),
        "external subset": _body(method, "<x/>", f"<!DOCTYPE x SYSTEM '{web}'>"),
        "public subset": _body(method, "<x/>", f"<!DOCTYPE x PUBLIC '-//X//Y' '{file}'>"),
        "a document type alone": _body(method, "<x/>", "<!DOCTYPE x>"),
        "a document type in UTF-16": codecs.BOM_UTF16_LE
        + typed(f"<!ENTITY e SYSTEM '{file}'>").decode().encode("utf-16-le"),
        "default attributes": typed("<!ATTLIST x a CDATA 'b'>", "<x/>"),
        "an unknown entity": _body(method, "<x>&e;</x>"),
        "siblings": _body(method, "<a/>" * 240_000),
        "siblings in a namespace": _body(method, "<D:a/>" * 100_000),
        "nesting": _body(method, "<a>" * 100_000 + "</a>" * 100_000),
        "nesting below the parser's own limit": _body(method, "<a>" * 200 + "</a>" * 200),
        "nesting without an end": _body(method, "<a>" * 300_000),
        "attributes": _body(method, "<x " + " ".join(f"a{n}=''" for n in range(90_000)) + "/>"),
        "namespaces": _body(method, "<x/>", more="".join(f" xmlns:n{n}='u{n}'" for n in range(40_000))),
        "namespaces one by one": _body(method, "".join(f"<x xmlns='u{n}'/>" for n in range(40_000))),
        "a name without an end": _body(method, "<" + "a" * 900_000),
        "UTF-7": plain.replace("version='1.0'", "version='1.0' encoding='UTF-7'")
        .replace("<D:getetag/>", "+ADw-x/>")
        .encode(),
        "EBCDIC": plain.replace("version='1.0'", "version='1.0' encoding='cp037'").encode("cp037"),
        "UTF-16 without its mark": plain.encode("utf-16-le"),
        "UTF-32": codecs.BOM_UTF32_LE + plain.encode("utf-32-le"),
        "half a character of UTF-16": codecs.BOM_UTF16_LE + plain.encode("utf-16-le")[:-1],
        "no UTF-8": plain.replace("<D:getetag/>", "<x>\xff</x>").encode("latin-1"),
        "NUL": _body(method, "<x>\0</x>"),
        "XInclude alone": b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='" + file.encode() + b"'/>",
        "no XML": b"\x00\x01\x02\x03" * 1000,
        "two roots": plain.encode() + b"<x/>",
    }


@pytest.fixture(scope="module")
def davd() -> Iterator[Daemon]:
    """A daemon, watched for tracebacks."""
    with Daemon() as daemon:
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that no request may read."""
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


@pytest.mark.timeout(90)
@pytest.mark.parametrize("method", ENVELOPES)
def test_hostile_documents_are_refused_at_little_cost(davd: Daemon, method: str, outside: Path) -> None:
    fields = {"Authorization": basic(davd.user, davd.password), "Content-Type": "application/xml", "Depth": "0"}
    target = davd.home + ("new/" if method == "MKCOL" else "new" if method == "LOCK" else "")
    wrong = []
    dearest = (0.0, "")
    with Client(davd.plain_url) as client, socket.create_server(("127.0.0.1", 0)) as listener:
        assert client.ask("PROPFIND", davd.home, fields).status == 207
        first = cost(davd.pid)
        listener.setblocking(False)
        for name, body in _bodies(method, outside, listener.getsockname()[1]).items():
            assert len(body) <= MIB, name
            before = cost(davd.pid)
            answer = client.ask(method, target, fields, body)
            after = cost(davd.pid)
            dearest = max(dearest, (after.cpu - before.cpu, name))
            if not 400 <= answer.status < 500:
                wrong.append(f"{name}: {answer.status}")
            if SECRET.encode() in answer.content or b"haha" in answer.content:
                wrong.append(f"{name}: an entity was resolved")
            if after.cpu - before.cpu > MOST_CPU:
                wrong.append(f"{name}: {after.cpu - before.cpu:.2f} s")
            if after.resident - first.resident > MOST_MEMORY:
                wrong.append(f"{name}: {(after.resident - first.resident) // MIB} MiB more")
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert client.ask("GET", target.rstrip("/") + "/", fields).status in (200, 404)
    sys.stdout.write(f"{method}: the dearest took {dearest[0] * 1000:.0f} ms ({dearest[1]})\n")
    assert wrong == []


@pytest.mark.parametrize("method", ENVELOPES)
def test_what_is_only_strange_changes_nothing(davd: Daemon, method: str, outside: Path) -> None:
    """An XInclude is an element like any other, and huge text is text: neither makes the server do anything."""
    fields = {"Authorization": basic(davd.user, davd.password), "Content-Type": "application/xml", "Depth": "0"}
    target = davd.home + f"strange-{method}/"
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{outside.as_uri()}' parse='text'/>"
    harmless = {
        "XInclude": _body(method, f"<x xmlns='urn:x'>{include}</x>"),
        "text": _body(method, "<x xmlns='urn:x'>" + "a" * 900_000 + "</x>"),
        "comments": _body(method, "<!-- -->" * 100_000 + "<x xmlns='urn:x'/>"),
        "instructions": _body(method, "<?a b?>" * 100_000 + "<x xmlns='urn:x'/>"),
        "a stylesheet": _body(method, "<x xmlns='urn:x'/>", f"<?xml-stylesheet href='{outside.as_uri()}'?>"),
    }
    with Client(davd.plain_url) as client:
        for name, body in harmless.items():
            before = cost(davd.pid)
            answer = client.ask(method, target, fields, body)
            assert answer.status < 500 or answer.status == 507, (name, answer)
            assert SECRET.encode() not in answer.content, name
            assert cost(davd.pid).cpu - before.cpu < MOST_CPU, name
            if method in ("LOCK", "MKCOL") and answer.status < 300:
                token = answer.fields.get("lock-token")
                condition = {"If": f"({token})"} if token else {}
                removed = client.ask("DELETE", target, {"Authorization": fields["Authorization"]} | condition)
                assert removed.status == 204, name
