"""The dialogue of Windows Explorer (the WebClient service, `Microsoft-WebDAV-MiniRedir`), request by request.

Verifies: RFC 4918, 7.3, 9.1, 9.2, 9.6, 9.7, 9.9, 9.10, 9.11, 10.1, 10.4
"""

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account, Dialogue, Reply, lock_token

AGENT = (
    ("Connection", "Keep-Alive"),
    ("User-Agent", "Microsoft-WebDAV-MiniRedir/10.0.22631"),
    ("translate", "f"),
)
XML = ("Content-Type", 'text/xml; charset="utf-8"')
NO_CACHE = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"))
WIN32 = "{urn:schemas-microsoft-com:}Win32"
TIMES = {
    "CreationTime": "Sat, 03 Jan 2026 10:11:12 GMT",
    "LastAccessTime": "Sun, 04 Jan 2026 10:11:12 GMT",
    "LastModifiedTime": "Mon, 05 Jan 2026 10:11:12 GMT",
}


def lockinfo() -> bytes:
    """The body of LOCK as Windows writes it, the owner a domain account."""
    return (
        b'<?xml version="1.0" encoding="utf-8" ?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b"<D:locktype><D:write/></D:locktype><D:owner><D:href>DESKTOP\\conform</D:href></D:owner></D:lockinfo>"
    )


def win32_properties(attributes: str, times: dict[str, str]) -> bytes:
    """The body of PROPPATCH that sets the times and the attribute bits of a file."""
    properties = "".join(f"<Z:Win32{name}>{value}</Z:Win32{name}>" for name, value in times.items())
    return (
        '<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" '
        f'xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>{properties}'
        f"<Z:Win32FileAttributes>{attributes}</Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>"
    ).encode()


def assert_all_set(reply: Reply) -> None:
    """Every property of a PROPPATCH was set."""
    assert reply.status == 207
    (row,) = reply.properties().values()
    names = {*(WIN32 + name for name in TIMES), WIN32 + "FileAttributes"}
    assert {name: status for name, (status, _) in row.items()} == dict.fromkeys(names, 200)


@pytest.fixture
def windows(either: Daemon) -> Iterator[Account]:
    """The connection of one mapped drive."""
    with Account(either.url, either.user, either.password, AGENT) as account:
        yield account


class TestMapDrive:
    """Verifies: RFC 4918, 9.1, 10.1"""

    def test_without_account_then_with(self, either: Daemon) -> None:
        """OPTIONS tells a WebDAV server without an account; PROPFIND is challenged with Basic, and then answered."""
        with Dialogue(either.url) as dialogue:
            fields = [("Host", dialogue.authority), *AGENT]
            for target in ("/", either.home, either.home.rstrip("/")):
                options = dialogue.ask("OPTIONS", target, fields)
                assert options.status == 200
                assert {"1", "2", "3"} <= {word.strip() for word in options.field("DAV").split(",")}
                assert options.field("MS-Author-Via") == "DAV"
                allowed = {word.strip() for word in options.field("Allow").split(",")}
                assert {"OPTIONS", "PROPFIND"} <= allowed
            refused = dialogue.ask("PROPFIND", either.home, [*fields, ("Depth", "0")], body=b"")
            assert refused.status == 401
            assert refused.field("WWW-Authenticate").lower().startswith("basic realm=")

    def test_every_level_is_a_collection(self, windows: Account, either: Daemon) -> None:
        """Windows asks for each level of the path, without the slash at the end and with an empty body."""
        for target in ("/", "/files", either.home.rstrip("/"), either.home):
            reply = windows.ask("PROPFIND", target, ("Depth", "0"), body=b"")
            assert reply.status == 207
            ((href, row),) = reply.properties().items()
            assert href.rstrip("/") == target.rstrip("/")
            status, kind = row["{DAV:}resourcetype"]
            assert (status, [child.tag for child in kind]) == (200, ["{DAV:}collection"])

    def test_empty_folder(self, windows: Account, either_folder: str) -> None:
        """A Depth 1 listing holds the folder itself and nothing else."""
        reply = windows.ask("PROPFIND", either_folder.rstrip("/"), ("Depth", "1"), body=b"")
        assert (reply.status, list(reply.properties())) == (207, [either_folder])


class TestCopyFileIn:
    """Verifies: RFC 4918, 7.3, 9.2, 9.10.3, 9.11, 10.4"""

    def test_whole_dialogue(self, windows: Account, either_folder: str) -> None:
        """A file dropped into a folder, from the look whether it is there to the last times."""
        path = either_folder + "Neu%20%C3%A4.txt"
        missing = windows.ask("PROPFIND", path, ("Depth", "0"), body=b"")
        assert missing.status == 404
        assert b"multistatus" not in missing.body

        assert windows.ask("PUT", path, *NO_CACHE, body=b"").status == 201
        locked = windows.ask("LOCK", path, *NO_CACHE, XML, ("Timeout", "Second-3600"), body=lockinfo())
        assert locked.status == 200
        token = lock_token(locked)
        condition = ("If", f"(<{token}>)")
        self._owner_and_timeout(locked)

        created = windows.ask("PROPPATCH", path, *NO_CACHE, XML, condition, body=win32_properties("00000000", TIMES))
        assert_all_set(created)
        head = windows.ask("HEAD", path)
        assert (head.status, head.field("Content-Length"), head.body) == (200, "0", b"")
        assert windows.ask("PUT", path, *NO_CACHE, condition, body=b"from Windows").status == 204
        later = TIMES | {"LastModifiedTime": "Tue, 06 Jan 2026 10:11:12 GMT"}
        changed = windows.ask("PROPPATCH", path, *NO_CACHE, XML, condition, body=win32_properties("00000020", later))
        assert_all_set(changed)
        assert windows.ask("UNLOCK", path, ("Lock-Token", f"<{token}>"), body=b"").status == 204

        ((href, row),) = windows.ask("PROPFIND", path, ("Depth", "0"), body=b"").properties().items()
        assert href == path
        assert row["{DAV:}getcontentlength"][1].text == "12"
        assert row[WIN32 + "FileAttributes"][1].text == "00000020"
        assert row["{DAV:}getlastmodified"][1].text == later["LastModifiedTime"]
        assert row["{DAV:}creationdate"][1].text == "2026-01-03T10:11:12Z"
        assert not len(row["{DAV:}lockdiscovery"][1])
        assert windows.ask("GET", path).body == b"from Windows"

    @staticmethod
    def _owner_and_timeout(locked: Reply) -> None:
        """The answer to LOCK keeps the owner and grants a finite time; without Depth the lock is infinite."""
        active = locked.xml().find("{DAV:}lockdiscovery/{DAV:}activelock")
        assert active is not None
        owner = active.find("{DAV:}owner")
        assert owner is not None and owner.findtext("{DAV:}href") == "DESKTOP\\conform"
        assert (active.findtext("{DAV:}timeout") or "").startswith("Second-")
        assert (active.findtext("{DAV:}depth") or "").lower() == "infinity"

    def test_properties_under_a_lock_need_the_token(self, windows: Account, either_folder: str) -> None:
        """The same PROPPATCH without the token, and with a wrong one, is refused; nothing is set."""
        path = either_folder + "locked.txt"
        assert windows.ask("PUT", path, body=b"").status == 201
        token = lock_token(windows.ask("LOCK", path, XML, ("Timeout", "Second-3600"), body=lockinfo()))
        body = win32_properties("00000020", TIMES)
        assert windows.ask("PROPPATCH", path, XML, body=body).status == 423
        wrong = ("If", "(<opaquelocktoken:00000000-0000-0000-0000-000000000000>)")
        assert windows.ask("PROPPATCH", path, XML, wrong, body=body).status == 412
        (row,) = windows.ask("PROPFIND", path, ("Depth", "0"), body=b"").properties().values()
        assert WIN32 + "FileAttributes" not in row
        assert_all_set(windows.ask("PROPPATCH", path, XML, ("If", f"(<{token}>)"), body=body))
        assert windows.ask("UNLOCK", path, ("Lock-Token", f"<{token}>"), body=b"").status == 204

    def test_lock_before_the_file_is_there(self, windows: Account, either_folder: str) -> None:
        """Verifies: RFC 4918, 9.10.4"""
        path = either_folder + "Office%20document.docx"
        locked = windows.ask("LOCK", path, XML, ("Timeout", "Second-3600"), body=lockinfo())
        assert locked.status == 201
        token = lock_token(locked)
        empty = windows.ask("GET", path)
        assert (empty.status, empty.body) == (200, b"")
        assert windows.ask("PUT", path, body=b"intruder").status == 423
        refreshed = windows.ask("LOCK", path, ("If", f"(<{token}>)"), ("Timeout", "Second-600"), body=b"")
        assert refreshed.status == 200
        found = refreshed.xml().findtext(".//{DAV:}locktoken/{DAV:}href")
        assert found == token
        assert windows.ask("PUT", path, ("If", f"(<{token}>)"), body=b"document").status == 204
        assert windows.ask("UNLOCK", path, ("Lock-Token", f"<{token}>"), body=b"").status == 204
        assert windows.ask("GET", path).body == b"document"


class TestFolders:
    """Verifies: RFC 4918, 9.3, 9.6, 9.9"""

    def test_new_folder_renamed_and_deleted(self, windows: Account, either: Daemon, either_folder: str) -> None:
        """`New folder` is made, renamed by MOVE with an absolute Destination and Overwrite: F, listed, deleted."""
        made, renamed = either_folder + "New%20folder", either_folder + "Pl%C3%A4ne"
        assert windows.ask("PROPFIND", made, ("Depth", "0"), body=b"").status == 404
        assert windows.ask("MKCOL", made, body=b"").status == 201
        assert windows.ask("MKCOL", made, body=b"").status == 405
        move = (("Destination", either.url + renamed), ("Overwrite", "F"))
        assert windows.ask("MOVE", made, *move, body=b"").status == 201
        listing = windows.ask("PROPFIND", either_folder, ("Depth", "1"), body=b"").properties()
        assert {href.rstrip("/") for href in listing} == {either_folder.rstrip("/"), renamed}
        assert windows.ask("MKCOL", made, body=b"").status == 201
        assert windows.ask("MOVE", made, *move, body=b"").status == 412
        assert windows.ask("DELETE", renamed, body=b"").status == 204
        assert windows.ask("PROPFIND", renamed, ("Depth", "0"), body=b"").status == 404

    def test_folder_properties(self, windows: Account, either_folder: str) -> None:
        """Explorer sets times on a copied folder too, which has no lock."""
        path = either_folder + "copied"
        assert windows.ask("MKCOL", path, body=b"").status == 201
        assert_all_set(windows.ask("PROPPATCH", path, XML, body=win32_properties("00000010", TIMES)))

    def test_quota_of_the_drive(self, windows: Account, either_folder: str) -> None:
        """Verifies: RFC 4331, 3, 4"""
        body = (
            b'<?xml version="1.0" encoding="utf-8" ?><D:propfind xmlns:D="DAV:"><D:prop>'
            b"<D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>"
        )
        (row,) = windows.ask("PROPFIND", either_folder, ("Depth", "0"), XML, body=body).properties().values()
        for name in ("{DAV:}quota-available-bytes", "{DAV:}quota-used-bytes"):
            status, element = row[name]
            assert status == 200 and int(element.text or "") >= 0, ElementTree.tostring(element)
