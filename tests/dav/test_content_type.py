"""Media types of files.

Verifies: RFC 4918, 15.5; RFC 9110, 8.3
"""

import pytest

from davd.dav import content_type
from davd.http.fields import parse_content_type
from davd.model.resource import FILE, Resource


class TestGuess:
    """Verifies: RFC 4918, 15.5"""

    @pytest.mark.parametrize(
        ("name", "kind"),
        [
            ("a.txt", "text/plain"),
            ("A.JPG", "image/jpeg"),
            ("x.tar.gz", "application/gzip"),
            ("event.ics", "text/calendar"),
            ("card.vcf", "text/vcard"),
            ("page.html", "text/html"),
            ("README", "application/octet-stream"),
            (".txt", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.unheard-of", "application/octet-stream"),
        ],
    )
    def test_by_name(self, name, kind):
        assert content_type.guess(name) == kind

    def test_the_table_is_sound(self):
        endings = [ending for endings in content_type._BY_TYPE.values() for ending in endings.split()]
        assert len(endings) == len(set(endings))
        assert all(parse_content_type(kind) is not None for kind in content_type._BY_TYPE)


class TestOf:
    """Verifies: RFC 9110, 8.3"""

    def test_what_the_client_said_comes_first(self):
        row = Resource(1, 0, "a.txt", FILE, "alice", '"x"', "text/x-own", 0, 0.0, 0.0, 1, 0, None, "")
        assert content_type.of(row) == "text/x-own"
        row.content_type = ""
        assert content_type.of(row) == "text/plain"


class TestStated:
    """Verifies: RFC 9110, 8.3"""

    @pytest.mark.parametrize(
        ("text", "kept"),
        [(None, ""), ("  text/plain ", "text/plain"), ("x" * 255, "x" * 255), ("x" * 256, ""), ("a\x01b", "")],
    )
    def test_kept(self, text, kept):
        assert content_type.stated(text) == kept
