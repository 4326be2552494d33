"""Content on its way into the store.

Verifies: RFC 9110, 9.3.4, 15.5.14; RFC 9530, 2, 3; RFC 4918, 9.7.1
"""

import hashlib
import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.settings import DavSettings
from davd.dav.upload import discard, expected_length, receive
from davd.http.body import Body, BytesBody
from davd.http.request import Request
from davd.model.errors import HTTPError
from davd.stores.memory.blobs import MemoryBlobs
from davd.testing.exchange import ChunkedBody, run

DATA = b"0123456789" * 10


class BrokenBody(ChunkedBody):
    """Content that ends before its end."""

    __slots__ = ()

    async def receive(self) -> bytes:
        piece = await super().receive()
        if not piece:
            raise HTTPError(400, detail="the connection has gone")
        return piece


class Sized(ChunkedBody):
    """Content in pieces whose length was declared."""

    __slots__ = ()

    def __init__(self, length: int, *pieces: bytes) -> None:
        super().__init__(*pieces)
        self.length = length


def request(body: Body, headers: dict[str, str] | None = None) -> Request:
    return Request("PUT", "/", "", headers or {}, body)


def stored(blobs: MemoryBlobs, name: str) -> bytes:
    descriptor, length = blobs.open(name)
    with open(descriptor, "rb") as file:
        return file.read(length)


def refusal(blobs: MemoryBlobs, body: Body, headers: dict[str, str] | None = None, **settings: int) -> int:
    """The status with which content is refused; nothing must stay behind."""
    with pytest.raises(HTTPError) as caught:
        run(receive(request(body, headers), DavSettings(**settings), blobs))
    assert blobs.names() == []
    return caught.value.status


class TestReceive:
    """Verifies: RFC 9110, 9.3.4"""

    def test_small_content_stays_in_memory(self):
        blobs = MemoryBlobs()
        content = run(receive(request(BytesBody(DATA)), DavSettings(inline_bytes=100), blobs))
        assert (content.data, content.blob, content.length) == (DATA, None, 100)
        assert content.sha256 == hashlib.sha256(DATA).hexdigest()
        assert blobs.names() == []

    def test_large_content_becomes_a_blob(self):
        blobs = MemoryBlobs()
        content = run(receive(request(BytesBody(DATA)), DavSettings(inline_bytes=99), blobs))
        assert content.data is None and content.length == 100
        assert content.sha256 == hashlib.sha256(DATA).hexdigest()
        assert blobs.names() == [content.blob]
        assert stored(blobs, content.blob) == DATA
        discard(content, blobs)
        assert blobs.names() == []

    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.integers(0, 100))
    def test_in_any_pieces(self, pieces, inline):
        blobs = MemoryBlobs()
        whole = b"".join(pieces)
        content = run(receive(request(ChunkedBody(*pieces)), DavSettings(inline_bytes=inline), blobs))
        assert (content.data if content.blob is None else stored(blobs, content.blob)) == whole
        assert content.length == len(whole)
        assert content.sha256 == hashlib.sha256(whole).hexdigest()

    def test_discarding_small_content_is_nothing(self):
        blobs = MemoryBlobs()
        discard(run(receive(request(BytesBody(DATA)), DavSettings(), blobs)), blobs)


@pytest.mark.parametrize("inline", [10, 1000], ids=["blob", "inline"])
class TestRefusals:
    """Verifies: RFC 9110, 8.6, 15.5.14; RFC 9530, 2, 3"""

    def test_too_long(self, inline):
        limits = {"inline_bytes": inline, "max_file_bytes": 99}
        assert refusal(MemoryBlobs(), BytesBody(DATA), **limits) == 413
        assert refusal(MemoryBlobs(), ChunkedBody(DATA[:50], DATA[50:]), **limits) == 413

    def test_declared_too_long_is_not_read(self, inline):
        body = BytesBody(DATA)
        refusal(MemoryBlobs(), body, inline_bytes=inline, max_file_bytes=99)
        assert run(body.receive()) == DATA

    def test_beyond_the_room(self, inline):
        blobs = MemoryBlobs()
        body = ChunkedBody(*[b"0123456789"] * 10)
        with pytest.raises(HTTPError) as caught:
            run(receive(request(body), DavSettings(inline_bytes=inline), blobs, 45))
        assert (caught.value.status, caught.value.condition) == (507, "{DAV:}quota-not-exceeded")
        assert blobs.names() == []
        # What comes after is not read.
        assert run(body.receive()) == b"0123456789"

    def test_up_to_the_room(self, inline):
        settings = DavSettings(inline_bytes=inline)
        assert run(receive(request(ChunkedBody(DATA)), settings, MemoryBlobs(), 100)).length == 100

    def test_cut_off(self, inline):
        assert refusal(MemoryBlobs(), BrokenBody(DATA[:40], DATA[40:]), inline_bytes=inline) == 400

    @pytest.mark.parametrize("length", [99, 101])
    def test_another_length_than_declared(self, inline, length):
        assert refusal(MemoryBlobs(), Sized(length, DATA), inline_bytes=inline) == 400

    @pytest.mark.parametrize("length", ["99", "101", "", "x", "-100", "1e2"])
    def test_another_length_than_expected(self, inline, length):
        headers = {"x-expected-entity-length": length}
        assert refusal(MemoryBlobs(), ChunkedBody(DATA), headers, inline_bytes=inline) == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {"content-digest": f"sha-256=:{b64encode(hashlib.sha256(b'x').digest()).decode()}:"},
            {"repr-digest": f"sha-512=:{b64encode(hashlib.sha512(b'x').digest()).decode()}:"},
            {"oc-checksum": "SHA1:" + hashlib.sha1(b"x").hexdigest()},
            {"oc-checksum": "MD5:" + hashlib.md5(b"x").hexdigest()},
            {"oc-checksum": f"ADLER32:{zlib.adler32(b'x'):x}"},
        ],
    )
    def test_another_digest(self, inline, headers):
        assert refusal(MemoryBlobs(), ChunkedBody(DATA[:30], DATA[30:]), headers, inline_bytes=inline) == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {"content-digest": f"sha-256=:{b64encode(hashlib.sha256(DATA).digest()).decode()}:"},
            {"repr-digest": f"sha-512=:{b64encode(hashlib.sha512(DATA).digest()).decode()}:"},
            {"oc-checksum": "SHA1:" + hashlib.sha1(DATA).hexdigest()},
            {"oc-checksum": "md5:" + hashlib.md5(DATA).hexdigest().upper()},
            {"oc-checksum": f"ADLER32:{zlib.adler32(DATA):x}"},
            {"content-digest": "unheard-of=:eA==:", "content-md5": "eA=="},
        ],
    )
    def test_the_right_digest(self, inline, headers):
        asked = request(ChunkedBody(DATA[:30], DATA[30:]), headers)
        content = run(receive(asked, DavSettings(inline_bytes=inline), MemoryBlobs()))
        assert content.length == 100


class TestExpectedLength:
    """Verifies: RFC 9110, 8.6; docs/architecture.md, Data"""

    def test_known_and_unknown(self):
        assert expected_length(request(BytesBody(DATA))) == 100
        assert expected_length(request(ChunkedBody(DATA))) is None
        assert expected_length(request(ChunkedBody(DATA), {"x-expected-entity-length": "100"})) == 100
        assert expected_length(request(BytesBody(DATA), {"x-expected-entity-length": "100"})) == 100

    def test_two_that_differ(self):
        with pytest.raises(HTTPError) as caught:
            expected_length(request(BytesBody(DATA), {"x-expected-entity-length": "99"}))
        assert caught.value.status == 400
