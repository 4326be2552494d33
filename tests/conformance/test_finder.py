"""The dialogue of macOS Finder (`webdavfs`), request by request.

Verifies: RFC 4918, 9.1, 9.6, 9.7, 9.9, 9.10, 9.11, 10.4
Verifies: RFC 9112, 7.1
"""

from collections.abc import Iterator
from unicodedata import normalize
from urllib.parse import quote

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Header, lock_token

AGENT = (
    ("Accept", "*/*"),
    ("Accept-Language", "en-GB,en;q=0.9"),
    ("Accept-Encoding", "gzip, deflate, br"),
    ("Connection", "keep-alive"),
    ("User-Agent", "WebDAVFS/3.0.0 (03008000) Darwin/23.6.0 (arm64)"),
)
XML = ("Content-Type", "text/xml")
LOCKINFO = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:lockinfo xmlns:D="DAV:">\n<D:lockscope><D:exclusive/></D:lockscope>\n'
    b"<D:locktype><D:write/></D:locktype>\n<D:owner>\n<D:href>http://www.apple.com/webdav_fs/</D:href>\n</D:owner>\n"
    b"</D:lockinfo>\n"
)
LOCK_FIELDS = (("Depth", "0"), ("Timeout", "Second-600"), XML)


def propfind(*names: str) -> bytes:
    """The body of a PROPFIND for DAV: properties."""
    wanted = "\n".join(f"<D:{name}/>" for name in names)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<D:propfind xmlns:D="DAV:">\n<D:prop>\n{wanted}\n</D:prop>\n'
        "</D:propfind>\n"
    ).encode()


STAT = propfind("getlastmodified", "getcontentlength", "creationdate", "resourcetype")


@pytest.fixture
def finder(either: Daemon) -> Iterator[Account]:
    """The connection of one mounted volume."""
    with Account(either.url, either.user, either.password, AGENT) as account:
        yield account


def write_file(finder: Account, path: str, content: bytes) -> None:
    """Finder's way to write a new file: LOCK, an empty PUT, a chunked PUT, HEAD, UNLOCK."""
    locked = finder.ask("LOCK", path, *LOCK_FIELDS, body=LOCKINFO)
    assert locked.status == 201
    token = lock_token(locked)
    condition: Header = ("If", f"(<{token}>)")
    assert finder.ask("PUT", path, condition, body=b"").status == 204
    chunks = [content[start : start + 4096] for start in range(0, len(content), 4096)]
    length = ("X-Expected-Entity-Length", str(len(content)))
    assert finder.ask("PUT", path, condition, length, chunks=chunks).status == 204
    head = finder.ask("HEAD", path)
    assert (head.status, head.field("Content-Length")) == (200, str(len(content)))
    assert head.field("ETag").startswith('"')
    assert finder.ask("UNLOCK", path, ("Lock-Token", f"<{token}>")).status == 204


class TestMount:
    """Verifies: RFC 4918, 9.1, 10.1, 18"""

    def test_options_and_first_looks(self, finder: Account, either_folder: str) -> None:
        """Class 2 makes the volume writable; the volume's files that are not there are plain 404s."""
        options = finder.ask("OPTIONS", either_folder)
        assert options.status == 200
        classes = [word.strip() for word in options.field("DAV").split(",")]
        assert classes[:3] == ["1", "2", "3"]
        assert options.field("MS-Author-Via") == "DAV"
        assert {"PROPFIND", "LOCK", "MOVE", "DELETE"} <= {word.strip() for word in options.field("Allow").split(",")}

        reply = finder.ask("PROPFIND", either_folder, ("Depth", "0"), XML, body=STAT)
        ((href, row),) = reply.properties().items()
        assert (reply.status, href) == (207, either_folder)
        assert [child.tag for child in row["{DAV:}resourcetype"][1]] == ["{DAV:}collection"]
        assert {row[f"{{DAV:}}{name}"][0] for name in ("getlastmodified", "creationdate")} == {200}
        for name in (".hidden", ".DS_Store", "._.", "Contents", ".Spotlight-V100"):
            missing = finder.ask("PROPFIND", either_folder + name, ("Depth", "0"), XML, body=STAT)
            assert missing.status == 404
            assert b"multistatus" not in missing.body

    def test_volume_size(self, finder: Account, either_folder: str) -> None:
        """Verifies: RFC 4331, 3, 4"""
        body = propfind("quota-available-bytes", "quota-used-bytes", "quota", "quotaused")
        (row,) = finder.ask("PROPFIND", either_folder, ("Depth", "0"), XML, body=body).properties().values()
        assert int(row["{DAV:}quota-available-bytes"][1].text or "") > 0
        assert int(row["{DAV:}quota-used-bytes"][1].text or "") >= 0
        assert {row["{DAV:}quota"][0], row["{DAV:}quotaused"][0]} == {404}


class TestFiles:
    """Verifies: RFC 4918, 9.7, 9.9, 9.10.4, 9.11"""

    def test_file_with_its_apple_double(self, finder: Account, either_folder: str) -> None:
        """A document, its `._` companion and .DS_Store are written and are ordinary files."""
        contents = {"Bericht.pages": b"p" * 100_001, "._Bericht.pages": b"\0\5\x16\7" * 1024, ".DS_Store": b"d" * 6148}
        for name, content in contents.items():
            write_file(finder, either_folder + name, content)
        reply = finder.ask("PROPFIND", either_folder, ("Depth", "1"), XML, body=STAT)
        rows = reply.properties()
        assert set(rows) == {either_folder, *(either_folder + name for name in contents)}
        for name, content in contents.items():
            assert rows[either_folder + name]["{DAV:}getcontentlength"][1].text == str(len(content))
            assert finder.ask("GET", either_folder + name).body == content

    def test_lock_while_writing(self, finder: Account, either: Daemon, either_folder: str) -> None:
        """Another client is kept out until UNLOCK, sees no half-written file, and a refresh prolongs the lock."""
        path = either_folder + "shared.txt"
        token = lock_token(finder.ask("LOCK", path, *LOCK_FIELDS, body=LOCKINFO))
        condition: Header = ("If", f"(<{token}>)")
        with Account(either.url, either.user, either.password) as other:
            fields = [*finder.fields, condition, ("X-Expected-Entity-Length", "8"), ("Transfer-Encoding", "Chunked")]
            finder.dialogue.send_head("PUT", path, fields)
            finder.dialogue.send_chunk(b"half")
            assert other.ask("GET", path).body == b""
            assert other.ask("PUT", path, body=b"intruder").status == 423
            assert other.ask("DELETE", path).status == 423
            finder.dialogue.send_chunk(b"full")
            finder.dialogue.send_chunk(b"")
            assert finder.dialogue.receive("PUT").status == 204
            refreshed = finder.ask("LOCK", path, condition, ("Timeout", "Second-600"), body=b"")
            assert refreshed.status == 200
            assert finder.ask("UNLOCK", path, ("Lock-Token", f"<{token}>")).status == 204
            assert other.ask("GET", path).body == b"halffull"
            assert other.ask("DELETE", path).status == 204

    def test_short_body_is_not_stored(self, finder: Account, either: Daemon, either_folder: str) -> None:
        """A chunked body shorter than X-Expected-Entity-Length is refused and the old content stays."""
        path = either_folder + "short.txt"
        write_file(finder, path, b"whole content")
        short = finder.ask("PUT", path, ("X-Expected-Entity-Length", "1000"), chunks=[b"only this"])
        assert short.status == 400
        assert finder.ask("GET", path).body == b"whole content"

    def test_save_by_rename(self, finder: Account, either: Daemon, either_folder: str) -> None:
        """Editors write a temporary file and MOVE it over the document, its companion too."""
        path, draft = either_folder + "Text.rtf", either_folder + "Text.rtf.sb-1a2b3c4d-Xy"
        write_file(finder, path, b"first")
        write_file(finder, draft, b"second")
        first = finder.ask("HEAD", path).field("ETag")
        move = (("Destination", either.url + path), ("Overwrite", "F"))
        assert finder.ask("MOVE", draft, *move).status == 412
        move = (("Destination", either.url + path), ("Overwrite", "T"))
        assert finder.ask("MOVE", draft, *move).status == 204
        moved = finder.ask("GET", path)
        assert moved.body == b"second" and moved.field("ETag") != first
        assert finder.ask("HEAD", draft).status == 404
        elsewhere = either_folder + "Renamed%20%E2%80%93%20copy.rtf"
        assert finder.ask("MOVE", path, ("Destination", either.url + elsewhere), ("Overwrite", "F")).status == 201
        assert finder.ask("GET", elsewhere).body == b"second"

    def test_read_in_parts(self, finder: Account, either_folder: str) -> None:
        """Verifies: RFC 9110, 14.2"""
        path = either_folder + "film.mov"
        content = bytes(range(256)) * 400
        write_file(finder, path, content)
        part = finder.ask("GET", path, ("Range", "bytes=70000-80000"))
        assert (part.status, part.body) == (206, content[70000:80001])
        assert part.field("Content-Range") == "bytes 70000-80000/102400"

    def test_decomposed_name(self, finder: Account, either_folder: str) -> None:
        """macOS sends names decomposed; the file is found under that name and listed once."""
        path = either_folder + quote(normalize("NFD", "Übersicht é.txt"))
        write_file(finder, path, b"umlaut")
        assert finder.ask("GET", path).body == b"umlaut"
        rows = finder.ask("PROPFIND", either_folder, ("Depth", "1"), XML, body=STAT).properties()
        (listed,) = set(rows) - {either_folder}
        assert finder.ask("GET", listed).body == b"umlaut"
