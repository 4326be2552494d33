"""Names that are meant to lead elsewhere: nothing but the account's own files is ever reached by any of them.

Verifies: RFC 3986, 3.3, 6.2.2; RFC 4918, 10.3, 20.1; RFC 6797, 7.1; docs/architecture.md, Overload
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.conformance.daemon import PLAIN, TLS, Daemon
from tests.faults.raw import Answer, Client, basic, stored

DOTS = (
    "..",
    "%2e%2e",
    ".%2e",
    "%2E.",
    "%252e%252e",
    "%25252e%25252e",
    "..%00",
    "%00..",
    "..%20",
    "..;",
    "..;x=y",
    "...",
    "....",
    "%c0%ae%c0%ae",
    "%e0%80%ae%e0%80%ae",
    "%f0%80%80%ae%f0%80%80%ae",
    "%uff0e%uff0e",
    "%ef%bc%8e%ef%bc%8e",
    "%e2%80%a5",
    "%e2%80%a4%e2%80%a4",
    "%2e%2e%0d%0a",
    "..%09",
    ".",
    "%2e",
    "%5c..",
    "..%5c",
)
SLASHES = (
    "/",
    "//",
    "%2f",
    "%2F",
    "%5c",
    "%252f",
    "%c0%af",
    "%e0%80%af",
    "%ef%bc%8f",
    "%e2%88%95",
    "/./",
    ";/",
    "%00/",
    "\\",
)
TARGETS = (
    "etc/passwd",
    "davd.sqlite",
    "davd.sqlite-wal",
    "key.pem",
    "files/other/canary",
    "other/canary",
)
DEPTHS = (1, 2, 5)
NAMES = (
    *("davd.sqlite", "key.pem", "certificate.pem", "blobs", "blobs/lock", ".davd", ".DAV", ".davdprops", ".htaccess"),
    *("CON", "NUL", "aux.txt", "com1", "x:y", "x::$DATA", "x.", "x%20", "~root", "~", "-", "%", "%2", "%zz", "%u0041"),
    *("%ed%a0%80", "%f4%90%80%80", "%fe%ff", "%c3", "%80", "%ef%bf%bf", "%f0%9f%92%a9", "%e2%80%ae", "%ef%bb%bf"),
    *(
        "%0a",
        "%0d%0aX-A:%20b",
        "%1b[2J",
        "%7f",
        "%00",
        "a%00.txt",
        "a" * 255,
        "a" * 256,
        "%61" * 300,
        "a/" * 63,
        "a/" * 100,
    ),
    *("%c3%a9", "e%cc%81", "%e1%84%80%e1%85%a1", "%ea%b0%80", "%ef%ac%81", "%c5%bf", "%e2%84%aa"),
    *(
        "?",
        "?x=../..",
        ";",
        ";x",
        "&",
        "=",
        "+",
        "$",
        "!",
        "'",
        "(",
        ")",
        "*",
        ",",
        "@",
        ":",
        "%3f",
        "%23",
        "%3a%2f%2f",
    ),
)
SIGNS = (b"SQLite format 3", b"PRIVATE KEY", b"root:x:", b"root:!:", b"argon2id")
CANARY = b"what belongs to somebody else"
PASSWORD = "the other one's password"

SECURITY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
POLICY = "content-security-policy"
LISTING = re.compile(
    "default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


def spellings() -> Iterator[str]:
    """Ways to name what is not there to be named, as they stand behind a collection's slash."""
    for dots, slash, target, depth in product(DOTS, SLASHES, TARGETS, DEPTHS):
        yield (dots + slash) * depth + target.replace("/", slash)
    yield from NAMES


@pytest.fixture(scope="module")
def davd() -> Iterator[Daemon]:
    """A daemon with a second account, whose only file is the canary; TLS first, plain second."""
    with Daemon(listeners=(TLS, PLAIN)) as daemon:
        daemon.add_user("other", PASSWORD)
        with Client(daemon.plain_url) as client:
            fields = {"Authorization": basic("other", PASSWORD)}
            assert client.ask("PUT", "/files/other/canary", fields, CANARY).status == 201
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()


def _others(davd: Daemon) -> bytes:
    """All that the other account has, as it sees it."""
    fields = {"Authorization": basic("other", PASSWORD), "Depth": "infinity"}
    with Client(davd.plain_url) as client:
        assert client.ask("GET", "/files/other/canary", fields).content == CANARY
        answer = client.ask("PROPFIND", "/files/other/", fields)
        assert answer.status == 207
        return answer.content


def _around(davd: Daemon) -> dict[str, str]:
    """What stands in and beside the data folder and must stay as it is."""
    found = {name: "" for name in stored(davd.data.parent) if "sqlite" not in name and "blobs/" not in name}
    for name in ("key.pem", "certificate.pem"):
        found[name] = hashlib.sha256((davd.data / name).read_bytes()).hexdigest()
    return found


def _complaint(answer: Answer, what: str, foreign: bool = False) -> str | None:
    """What is wrong with an answer to a hostile request, if anything is."""
    # RFC 4918, 9.8.5: a Destination on another server is answered with 502.
    if answer.status >= 500 and not (foreign and answer.status == 502):
        return f"{what}: {answer.status}"
    if CANARY in answer.content or any(sign in answer.content for sign in SIGNS):
        return f"{what}: {answer.content[:200]!r}"
    for name, value in SECURITY.items():
        if answer.fields.get(name) != value and not (name == POLICY and _is_listing(answer)):
            return f"{what}: {name} is {answer.fields.get(name)}"
    return None


def _is_listing(answer: Answer) -> bool:
    """Whether it is davd's own page of a collection, which may use its own style and nothing else."""
    return (
        LISTING.fullmatch(answer.fields.get(POLICY, "")) is not None
        and answer.content[:15].lower() == b"<!doctype html>"
    )


@pytest.mark.timeout(120)
def test_no_spelling_of_a_path_leads_out(davd: Daemon) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    others, around = _others(davd), _around(davd)
    wrong: list[str | None] = []
    seen: Counter[int] = Counter()
    starts = (davd.home, "/", "/files/")
    with Client(davd.plain_url) as client:
        assert client.ask("GET", davd.home, login).status == 200
        number = 0
        for number, spelling in enumerate(spellings()):
            target = starts[number % len(starts)] + spelling
            answer = client.ask("GET", target, login)
            seen[answer.status] += 1
            wrong.append(_complaint(answer, f"GET {target}"))
    sys.stdout.write(f"{number + 1} paths: {dict(seen)}\n")
    assert number >= 2000
    assert [text for text in wrong if text] == []
    assert (_others(davd), _around(davd)) == (others, around)


@pytest.mark.timeout(120)
def test_no_spelling_of_a_path_is_written_to_elsewhere(davd: Daemon) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    others, around = _others(davd), _around(davd)
    wrong: list[str | None] = []
    seen: Counter[int] = Counter()
    methods = ("PUT", "DELETE", "MKCOL", "PROPPATCH", "LOCK")
    with Client(davd.plain_url) as client:
        assert client.ask("MKCOL", davd.home + "x/", login).status == 201
        for number, spelling in enumerate([*list(spellings())[::7], *NAMES]):
            method = methods[number % len(methods)]
            # Never the home alone, which DELETE would empty.
            target = (davd.home + "x/", "/", "/files/")[number % 3] + spelling
            answer = client.ask(method, target, login, b"")
            seen[answer.status] += 1
            wrong.append(_complaint(answer, f"{method} {target}"))
    sys.stdout.write(f"{sum(seen.values())} writes: {dict(seen)}\n")
    assert [text for text in wrong if text] == []
    assert (_others(davd), _around(davd)) == (others, around)


@pytest.mark.timeout(120)
def test_no_spelling_of_a_destination_leads_out(davd: Daemon) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    source = davd.home + "source"
    others, around = _others(davd), _around(davd)
    wrong: list[str | None] = []
    seen: Counter[int] = Counter()
    own = "http://127.0.0.1"
    starts = (davd.home, "/", "/files/", own + davd.home, own + "/", davd.plain_url + davd.home, "//", "http://x/", "")
    with Client(davd.plain_url) as client:
        assert client.ask("PUT", source, login, b"moved about").status == 201
        number = 0
        for number, spelling in enumerate(spellings()):
            start = starts[number % len(starts)]
            method = "COPY" if number % 11 else "MOVE"
            fields = {"Destination": start + spelling, "Overwrite": "T" if number % 2 else "F"}
            answer = client.ask(method, source, login | fields)
            seen[answer.status] += 1
            # The Host field says no port.
            foreign = start in ("//", "http://x/", davd.plain_url + davd.home)
            wrong.append(_complaint(answer, f"{method} to {start}{spelling}", foreign))
            if method == "MOVE" and answer.status < 300:
                assert client.ask("PUT", source, login, b"moved about").status == 201
    sys.stdout.write(f"{number + 1} destinations: {dict(seen)}\n")
    assert number >= 2000
    assert [text for text in wrong if text] == []
    assert (_others(davd), _around(davd)) == (others, around)


# One request for each way an answer comes about: its status, and whether it is the application's.
ANSWERS = (
    ("GET", "{home}", True, 200),
    ("GET", "{home}missing", True, 404),
    ("GET", "/files/other/canary", True, 404),
    ("GET", "{home}", False, 401),
    ("OPTIONS", "/", False, 200),
    ("PROPFIND", "{home}", True, 207),
    ("GET", "/.well-known/caldav", False, 301),
    ("TRACE", "/", True, 405),
    ("BREW", "/", True, 501),
    ("MKCOL", "{home}a/b/c", True, 409),
    ("DELETE", "/", True, 403),
    ("PUT", "{home}x", True, 411),
    ("GET", "/%2e%2e/", True, 400),
    ("GET", "/a b", False, 400),
    ("GET", "/" + "a" * 9000, False, 414),
    ("GET", "/\x01", False, 400),
)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case[0]} {case[1][:20]!a} {case[3]}")
def test_every_answer_carries_what_keeps_browsers_harmless(
    davd: Daemon, tls: bool, case: tuple[str, str, bool, int]
) -> None:
    method, target, login, status = case
    fields = {"Authorization": basic(davd.user, davd.password)} if login else {}
    if method == "PROPFIND":
        fields["Depth"] = "0"
    fields["User-Agent"] = "over TLS" if tls else "in the clear"
    with Client(davd.url if tls else davd.plain_url) as client:
        answer = client.ask(method, target.replace("{home}", davd.home), fields)
    assert answer.status == status
    complaint = _complaint(answer, "it")
    assert complaint is None or (status == 501 and complaint == "it: 501")
    assert _is_listing(answer) or {name: answer.fields.get(name) for name in SECURITY} == SECURITY
    # RFC 6797, 7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure
    # transport."
    assert answer.fields.get("strict-transport-security") == ("max-age=31536000" if tls else None)
    assert "cache-control" in answer.fields
    assert answer.fields["cache-control"] == "no-store" or status < 400
    assert answer.fields["server"] == "davd"
    assert "access-control-allow-origin" not in answer.fields


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.xhtml", "application/xhtml+xml"),
        ("a.xml", "text/xml"),
        ("a.js", "text/javascript"),
        ("a.pdf", "application/pdf"),
        ("a.mht", "message/rfc822"),
        ("a.bin", "TEXT/HTML; charset=utf-7"),
        ("a.txt", "text/html\t;x=y"),
        ("a", "text/html,text/plain"),
        ("b", "*/*"),
        ("c", "multipart/x-mixed-replace; boundary=x"),
        ("a.html", None),
        ("a.svg", None),
    ],
)
def test_what_a_browser_could_run_is_only_ever_downloaded(davd: Daemon, name: str, content_type: str | None) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    told = {} if content_type is None else {"Content-Type": content_type}
    with Client(davd.url) as client:
        assert client.ask("PUT", davd.home + name, login | told, b"<script>alert(1)</script>").status in (201, 204, 400)
        answer = client.ask("GET", davd.home + name, login)
    if answer.status == 404:
        # The type was none, and nothing was stored.
        assert content_type is not None
        return
    assert {name: answer.fields.get(name) for name in SECURITY} == SECURITY
    assert answer.fields.get("content-disposition", "").startswith("attachment") or answer.fields["content-type"] in (
        "application/octet-stream",
        "text/plain",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK", "UNLOCK", "POST"])
def test_a_page_of_another_site_changes_nothing(davd: Daemon, method: str, fields: dict[str, str]) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    kept = davd.home + "kept"
    with Client(davd.url) as client:
        assert client.ask("PUT", kept, login, b"kept").status in (201, 204)
        target = {"MKCOL": davd.home + "made/"}.get(method, kept)
        more = {"Destination": davd.home + "elsewhere"} if method in ("MOVE", "COPY") else {}
        answer = client.ask(method, target, login | fields | more, b"")
        assert answer.status in (403, 405, 501)
        assert client.ask("GET", kept, login).content == b"kept"
        for path in ("made/", "elsewhere"):
            assert client.ask("GET", davd.home + path, login).status == 404


def test_no_path_of_the_data_folder_holds_a_name_that_a_client_chose(davd: Daemon) -> None:
    login = {"Authorization": basic(davd.user, davd.password)}
    with Client(davd.plain_url) as client:
        for size in (10, 100_000):
            path = f"{davd.home}a-name-that-{size}-bytes-have"
            assert client.ask("PUT", path, login, bytes(size)).status == 201
    assert not [name for name in stored(davd.data) if "a-name" in name or Path(name).name == davd.user]
