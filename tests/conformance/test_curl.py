"""curl over TLS, which verifies the daemon's certificate: ranges, conditions, Expect, chunked upload, keep-alive.

Verifies: RFC 9110, 9.3, 10.1.1, 13.1, 14
Verifies: RFC 9112, 7.1
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program, run

DIGITS = "0123456789" * 1000


@dataclass(frozen=True, slots=True)
class Got:
    """What curl received last: the status, the header block of the final answer, the body, its trace."""

    status: int
    headers: str
    body: str
    trace: str

    def field(self, name: str) -> str:
        """The value of a field that stands there once."""
        values: list[str] = re.findall(rf"^{name}: (.*?)\r?$", self.headers, re.MULTILINE | re.IGNORECASE)
        assert len(values) == 1, self.headers
        return values[0]


Curl = Callable[..., Got]


@pytest.fixture
def curl(either: Daemon, either_folder: str, tmp_path: Path) -> Curl:
    """Runs curl on a name in the test's collection: curl("name", "--option", ...)."""

    def call(name: str, *options: str, stdin: str = "") -> Got:
        head, body = tmp_path / "head", tmp_path / "body"
        body.write_bytes(b"")
        argv = [program("curl"), "--http1.1", "--silent", "--show-error", "--verbose"]
        argv += ["--cacert", str(either.certificate), "--user", f"{either.user}:{either.password}"]
        argv += ["--dump-header", str(head), "--output", str(body), *options, either.url + either_folder + name]
        done = run(argv, cwd=tmp_path, stdin=stdin)
        final = head.read_text().rstrip().replace("\r\n", "\n").split("\n\n")[-1]
        return Got(int(final.split(" ", 2)[1]), final, body.read_text(), done.stderr)

    return call


@pytest.fixture
def digits(curl: Curl, tmp_path: Path) -> str:
    """The name of a file of 10,000 digits on the server."""
    (tmp_path / "digits.txt").write_text(DIGITS)
    assert curl("digits.txt", "--upload-file", "digits.txt").status == 201
    return "digits.txt"


class TestRanges:
    """Verifies: RFC 9110, 14"""

    def test_single(self, curl: Curl, digits: str) -> None:
        """First octets, a middle part, a suffix, an open end."""
        for wanted, octets, content_range in (
            ("0-9", DIGITS[:10], "bytes 0-9/10000"),
            ("5003-5012", DIGITS[5003:5013], "bytes 5003-5012/10000"),
            ("-7", DIGITS[-7:], "bytes 9993-9999/10000"),
            ("9990-", DIGITS[9990:], "bytes 9990-9999/10000"),
        ):
            got = curl(digits, "--range", wanted)
            assert (got.status, got.body, got.field("Content-Range")) == (206, octets, content_range)

    def test_several(self, curl: Curl, digits: str) -> None:
        """Two ranges come as multipart/byteranges, each part with its Content-Range."""
        got = curl(digits, "--range", "1-3,9995-9999")
        assert got.status == 206
        match = re.fullmatch(r'multipart/byteranges; ?boundary="?([^"]+)"?', got.field("Content-Type"))
        assert match
        _, *parts, end = got.body.encode().split(b"--" + match[1].encode())
        assert end.strip() == b"--"
        assert [part.partition(b"\n\n")[2].strip() for part in parts] == [b"123", b"56789"]
        assert b"bytes 1-3/10000" in parts[0] and b"bytes 9995-9999/10000" in parts[1]

    def test_beyond_the_end(self, curl: Curl, digits: str) -> None:
        """416 names the length."""
        got = curl(digits, "--range", "10000-")
        assert (got.status, got.field("Content-Range")) == (416, "bytes */10000")

    def test_resumed_download(self, curl: Curl, digits: str, tmp_path: Path) -> None:
        """`--continue-at` fetches the missing part; If-Range with another ETag fetches all."""
        etag = curl(digits, "--head").field("ETag")
        got = curl(digits, "--continue-at", "9000", "--header", f"If-Range: {etag}")
        assert (got.status, got.body) == (206, DIGITS[9000:])
        got = curl(digits, "--range", "9000-", "--header", 'If-Range: "another"')
        assert (got.status, got.body) == (200, DIGITS)


class TestConditions:
    """Verifies: RFC 9110, 13.1"""

    def test_not_modified(self, curl: Curl, digits: str, tmp_path: Path) -> None:
        """`--etag-compare` and `--time-cond` get 304 without a body."""
        curl(digits, "--etag-save", "etag")
        assert (tmp_path / "etag").read_text().strip() == curl(digits, "--head").field("ETag")
        got = curl(digits, "--etag-compare", "etag")
        assert (got.status, got.body) == (304, "")
        modified = curl(digits, "--head").field("Last-Modified")
        assert curl(digits, "--time-cond", modified).status == 304
        assert curl(digits, "--time-cond", "-" + modified).status == 200

    def test_lost_update(self, curl: Curl, digits: str, tmp_path: Path) -> None:
        """A PUT for an older version, and one for a new resource that is there, are refused with 412."""
        (tmp_path / "new").write_text("new")
        etag = curl(digits, "--head").field("ETag")
        put = ("--upload-file", "new", "--header")
        assert curl(digits, *put, f"If-Match: {etag}").status == 204
        assert curl(digits, *put, f"If-Match: {etag}").status == 412
        assert curl(digits, *put, "If-None-Match: *").status == 412
        assert curl("fresh", *put, "If-None-Match: *").status == 201
        assert curl(digits).body == "new"


class TestUploads:
    """Verifies: RFC 9110, 10.1.1"""

    def test_expect_continue(self, curl: Curl, tmp_path: Path) -> None:
        """A large PUT asks first and gets its 100 before it sends the body."""
        (tmp_path / "large").write_bytes(os.urandom(3 << 20).hex().encode())
        got = curl("large", "--upload-file", "large", "--expect100-timeout", "20", "--header", "Expect: 100-continue")
        assert got.status == 201
        assert "< HTTP/1.1 100 Continue" in got.trace
        assert curl("large").body == (tmp_path / "large").read_text()

    def test_expect_continue_refused(self, curl: Curl, tmp_path: Path) -> None:
        """Without an account the answer is 401 at once: no 100, and no octet of the body is sent."""
        (tmp_path / "large").write_bytes(b"x" * (3 << 20))
        got = curl(
            "large",
            *("--upload-file", "large", "--expect100-timeout", "20", "--header", "Expect: 100-continue"),
            *("--user", "nobody:wrong", "--write-out", "%{stderr}sent %{size_upload} octets"),
        )
        assert got.status == 401
        assert got.field("WWW-Authenticate").startswith("Basic ")
        assert "100 Continue" not in got.trace
        assert "sent 0 octets" in got.trace

    def test_chunked(self, curl: Curl) -> None:
        """Verifies: RFC 9112, 7.1"""
        got = curl("stream", "--upload-file", "-", stdin=DIGITS * 30)
        assert got.status == 201
        assert "> Transfer-Encoding: chunked" in got.trace
        assert curl("stream").body == DIGITS * 30


class TestConnection:
    """Verifies: RFC 9112, 9.3"""

    def test_kept_alive(self, curl: Curl, digits: str, either: Daemon, either_folder: str) -> None:
        """Three requests use one connection."""
        url = either.url + either_folder
        got = curl(digits, url + "missing", "--output", "missing", url + digits, "--output", "again")
        assert got.status == 200
        assert got.trace.count("Connected to 127.0.0.1") == 1

    def test_http_1_0(self, curl: Curl, digits: str) -> None:
        """An HTTP/1.0 client gets the whole file and no chunked coding."""
        got = curl(digits, "--http1.0")
        assert (got.status, got.body) == (200, DIGITS)
        assert "transfer-encoding" not in got.headers.lower()

    def test_compressed(self, curl: Curl, either_folder: str) -> None:
        """Verifies: RFC 9110, 12.5.3"""
        got = curl("", "--request", "PROPFIND", "--header", "Depth: 1", "--compressed")
        assert got.status == 207
        hrefs = [node.text for node in ElementTree.fromstring(got.body).iter("{DAV:}href")]
        assert hrefs == [either_folder]
