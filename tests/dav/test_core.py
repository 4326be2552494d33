"""The rows of WebDAV.

Verifies: RFC 4918, 9, 18; docs/architecture.md, Rules
"""

from davd.dav.core import EXTENSION
from davd.dav.registry import Registry


class TestExtension:
    """Verifies: RFC 4918, 9, 18"""

    def test_every_method_of_the_rfc(self):
        methods = Registry.of([EXTENSION]).methods
        named = "OPTIONS GET HEAD PUT DELETE PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK"
        assert set(methods) >= set(named.split())
        assert all(name == row.name for name, row in methods.items())

    def test_what_reads_does_not_write(self):
        methods = Registry.of([EXTENSION]).methods
        reading = {name for name, row in methods.items() if not row.writes}
        assert reading & {"PUT", "DELETE", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"} == set()
        assert reading >= {"OPTIONS", "GET", "HEAD", "PROPFIND"}

    def test_an_upload_is_checked_before_it_is_read(self):
        assert all(row.check is not None for row in EXTENSION.methods if row.takes == "upload")

    def test_classes(self):
        assert Registry.of([EXTENSION]).compliance.split(", ")[:3] == ["1", "2", "3"]
