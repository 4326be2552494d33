"""Content of methods that take XML or nothing.

Verifies: RFC 4918, 8.4; RFC 9110, 15.5.14, 15.5.16
"""

import pytest

from davd.dav.content import parsed, take
from davd.dav.core import EXTENSION
from davd.dav.settings import DavSettings
from davd.formats.xml.reader import PIECE
from davd.http.body import Body, BytesBody
from davd.http.request import Request
from davd.model.errors import HTTPError
from davd.testing.exchange import ChunkedBody, run

METHODS = {method.name: method for method in EXTENSION.methods}
SETTINGS = DavSettings(max_xml_bytes=4)


def taken(name: str, body: Body) -> bytes:
    return run(take(Request(name, "/", "", {}, body), METHODS[name], SETTINGS))


class TestTake:
    """Verifies: RFC 4918, 8.4; RFC 9110, 15.5.14, 15.5.16"""

    @pytest.mark.parametrize("body", [BytesBody(b"<a/>"), ChunkedBody(b"<a", b"/>")])
    def test_xml(self, body):
        assert taken("PROPFIND", body) == b"<a/>"

    @pytest.mark.parametrize("body", [BytesBody(b"<ab/>"), ChunkedBody(b"<ab", b"/>")])
    def test_too_much_xml(self, body):
        with pytest.raises(HTTPError) as caught:
            taken("PROPFIND", body)
        assert caught.value.status == 413

    @pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.takes == "nothing"])
    def test_content_that_would_be_ignored(self, name):
        assert taken(name, BytesBody(b"")) == b"" == taken(name, ChunkedBody())
        declared = BytesBody(b"x")
        for body in (declared, ChunkedBody(b"x")):
            with pytest.raises(HTTPError) as caught:
                taken(name, body)
            assert caught.value.status == 415
        assert run(declared.receive()) == b"x"


class TestParsed:
    """Verifies: RFC 4918, 8.2"""

    def parse(self, content: bytes) -> tuple[object, int]:
        paces = []

        async def pace() -> None:
            paces.append(None)

        return run(parsed(content, "application/xml", pace)), len(paces)

    def test_small_content_is_left_to_the_verb(self):
        assert self.parse(b"<a>" + b"x" * (PIECE - 7) + b"</a>") == (None, 0)

    def test_large_content_is_parsed_in_steps(self):
        root, paces = self.parse(b"<a>" + b"x" * 4 * PIECE + b"</a>")
        assert len(root.text) == 4 * PIECE
        assert paces == 5

    def test_what_is_wrong_with_it_is_told_later(self):
        error, _ = self.parse(b"<a>" + b"x" * PIECE)
        assert isinstance(error, HTTPError) and error.status == 400
