"""The chunked coding.

Verifies: RFC 9112, 7.1, 7.1.1, 7.1.2; RFC 9110, 6.5.1
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.wire.chunked import FORBIDDEN_TRAILERS, LAST_CHUNK, ChunkedDecoder, encode_chunk
from davd.http.wire.head import WireError, WireLimits


def _decode(data: bytes, limits: WireLimits | None = None) -> tuple[bytes, dict[str, str] | None, bytes]:
    """The content, the trailers (None when unfinished) and what follows them."""
    decoder = ChunkedDecoder(limits) if limits is not None else ChunkedDecoder()
    content, start = b"", 0
    while True:
        start, result = decoder.step(data, start)
        if not isinstance(result, bytes):
            return content, result, data[start:]
        content += result


@given(st.lists(st.binary(max_size=50)))
def test_what_is_coded_is_decoded(pieces: list[bytes]) -> None:
    data = b"".join([encode_chunk(piece) for piece in pieces]) + LAST_CHUNK + b"next"
    assert _decode(data) == (b"".join(pieces), {}, b"next")


def test_no_data_is_no_chunk() -> None:
    assert encode_chunk(b"") == b""
    assert encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_consecutive_chunks_come_in_one_piece() -> None:
    decoder = ChunkedDecoder()
    data = b"1\r\na\r\n" * 100 + b"5\r\nhe"
    start, result = decoder.step(data, 0)
    assert result == b"a" * 100 + b"he"
    assert decoder.step(data, start) == (len(data), None)


class TestLimits:
    """Verifies: RFC 9112, 7.1, 7.1.1"""

    def test_extensions_add_up(self) -> None:
        data = b"1;abc\r\nx\r\n" * 2 + LAST_CHUNK
        assert _decode(data, WireLimits(chunk_extension=8))[0] == b"xx"
        with pytest.raises(WireError) as caught:
            _decode(data, WireLimits(chunk_extension=7))
        assert caught.value.status == 400

    def test_a_size_line_without_end_is_refused_as_soon_as_it_is_too_long(self) -> None:
        limits = WireLimits(chunk_extension=4)
        assert _decode(b"5;" + b"a" * 19, limits)[1] is None
        with pytest.raises(WireError):
            _decode(b"5;" + b"a" * 20, limits)

    def test_leading_zeros_count_as_digits(self) -> None:
        assert _decode(b"0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n") == (b"hello", {}, b"")
        with pytest.raises(WireError):
            _decode(b"00000000000000005\r\nhello\r\n")

    def test_trailers_are_bounded_in_bytes_and_number(self) -> None:
        limits = WireLimits(trailer_bytes=20, trailer_count=2)
        assert _decode(b"0\r\nA: 12345\r\nB: 1234\r\n\r\n", limits)[1] == {"a": "12345", "b": "1234"}
        for trailers in (b"A: " + b"1" * 30 + b"\r\n", b"A: 1\r\nB: 1\r\nC:\r\n", b"A: " + b"1" * 30):
            with pytest.raises(WireError) as caught:
                _decode(b"0\r\n" + trailers + b"\r\n", limits)
            assert caught.value.status == 431


class TestTrailers:
    """Verifies: RFC 9112, 7.1.2; RFC 9110, 6.5.1"""

    def test_they_are_given_with_lower_case_names(self) -> None:
        assert _decode(b"0\r\nContent-Digest: sha-256=:x:\r\nX: 1\r\nx:2\r\n\r\n")[1] == {
            "content-digest": "sha-256=:x:",
            "x": "1, 2",
        }

    @pytest.mark.parametrize("name", sorted(FORBIDDEN_TRAILERS))
    def test_what_steers_the_request_is_refused(self, name: str) -> None:
        with pytest.raises(WireError):
            _decode(f"0\r\n{name.title()}: 1\r\n\r\n".encode())
