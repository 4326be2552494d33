"""The value of DAV:lockdiscovery.

Verifies: RFC 4918, 6.8, 14.1, 15.8
"""

from lxml import etree

from davd.dav.properties.lockdiscovery import active_locks
from davd.model.lock import EXCLUSIVE, SHARED, Lock
from davd.model.resource import COLLECTION, FILE, Resource

FILE_ROW = Resource(7, 6, "a b", FILE, "alice", '"x"', "", 0, 0.0, 0.0, 1, 0, None, "")
COLLECTION_ROW = Resource(6, 5, "dir", COLLECTION, "alice", "", "", 0, 0.0, 0.0, 1, 1, None, "")


def lock(root: int, *segments: str, scope: str = EXCLUSIVE, infinite: bool = True) -> Lock:
    return Lock(f"urn:uuid:{root}", root, scope, infinite, "alice", b"<D:owner>me</D:owner>", 60, 160.5, segments)


def roots(written: bytes) -> list[str | None]:
    element = etree.fromstring(b'<D:lockdiscovery xmlns:D="DAV:">' + written + b"</D:lockdiscovery>")
    return [root.findtext("{DAV:}href") for root in element.iter("{DAV:}lockroot")]


class TestActiveLocks:
    """Verifies: RFC 4918, 14.1, 14.12"""

    def test_whole(self):
        written = active_locks([lock(7, "dir", "a b", scope=SHARED, infinite=False)], FILE_ROW, "", 100.0)
        assert written == (
            b"<D:activelock><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype>"
            b"<D:depth>0</D:depth><D:owner>me</D:owner><D:timeout>Second-61</D:timeout>"
            b"<D:locktoken><D:href>urn:uuid:7</D:href></D:locktoken>"
            b"<D:lockroot><D:href>/dir/a%20b</D:href></D:lockroot></D:activelock>"
        )

    def test_none(self):
        assert active_locks([], FILE_ROW, "", 0.0) == b""

    def test_roots_of_collections_end_in_a_slash(self):
        above, own = lock(6, "dir"), lock(7, "dir", "a")
        assert roots(active_locks([above, own], FILE_ROW, "/dav", 0.0)) == ["/dav/dir/", "/dav/dir/a"]
        assert roots(active_locks([above], COLLECTION_ROW, "", 0.0)) == ["/dir/"]
        assert roots(active_locks([lock(1)], COLLECTION_ROW, "", 0.0)) == ["/"]

    def test_time_left_is_never_negative(self):
        assert b"Second-0<" in active_locks([lock(7, "a")], FILE_ROW, "", 1e9)
