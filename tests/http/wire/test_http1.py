"""The decoder: whatever way the bytes are cut, the requests are the same.

Verifies: RFC 9112, 2.2, 6.3, 8, 9.3.2
"""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.http.wire.head import Head, WireError, WireLimits
from davd.http.wire.http1 import MOST_KEPT, Data, Decoder, End, with_content
from tests.corpus.http1.bad_requests import BAD_REQUESTS, BadRequest
from tests.corpus.http1.good_requests import GOOD_REQUESTS, GoodRequest
from tests.http.wire.events import run

_GET = b"GET /a HTTP/1.1\r\nHost: dav.example\r\n\r\n"
_PIPELINE = b"".join(request.data for request in GOOD_REQUESTS if request.keep_alive)


@pytest.mark.parametrize("request_", GOOD_REQUESTS, ids=lambda request: request.name)
class TestGoodRequests:
    """Verifies: RFC 9112, 2.2, 3, 6.3, 7.1, 9.3"""

    def test_meaning(self, request_: GoodRequest) -> None:
        outcome = run([request_.data], close=True)
        assert outcome.status is None
        [message] = outcome.messages
        assert message.complete
        assert (message.head.method, message.head.path) == (request_.method, request_.path)
        assert (message.body, message.trailers) == (request_.body, request_.trailers)
        assert message.head.keep_alive == request_.keep_alive

    def test_every_cut_in_two(self, request_: GoodRequest) -> None:
        whole = run([request_.data])
        for cut in range(len(request_.data) + 1):
            assert run([request_.data[:cut], request_.data[cut:]]) == whole, cut

    def test_byte_by_byte(self, request_: GoodRequest) -> None:
        assert run([bytes([byte]) for byte in request_.data]) == run([request_.data])

    def test_every_early_end_is_noticed(self, request_: GoodRequest) -> None:
        for end in range(3 if request_.data.startswith(b"\r\n") else 1, len(request_.data)):
            outcome = run([request_.data[:end]], close=True)
            assert outcome.status == 400, end
            assert not any(message.complete for message in outcome.messages)


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=lambda bad: bad.name)
class TestBadRequests:
    """Verifies: RFC 9112, 2.2, 2.3, 3, 5.1, 5.2, 6.1, 6.3, 7.1, 11.2; RFC 9110, 6.5.1, 7.2, 8.6, 10.1.1"""

    def test_status(self, bad: BadRequest) -> None:
        outcome = run([bad.data])
        assert outcome.status == bad.status
        assert not any(message.complete for message in outcome.messages)

    def test_a_request_that_follows_is_never_seen(self, bad: BadRequest) -> None:
        outcome = run([bad.data, _GET, _GET])
        assert len(outcome.messages) <= 1
        assert not any(message.complete for message in outcome.messages)

    def test_byte_by_byte(self, bad: BadRequest) -> None:
        whole = run([bad.data])
        dribbled = run([bytes([byte]) for byte in bad.data])
        assert dribbled.status == bad.status
        assert dribbled.messages == whole.messages

    def test_every_cut_in_two(self, bad: BadRequest) -> None:
        whole = run([bad.data])
        step = max(1, len(bad.data) // 150)
        for cut in range(0, len(bad.data), step):
            assert run([bad.data[:cut], bad.data[cut:]]) == whole, cut


class TestDecoder:
    """Verifies: RFC 9112, 9.3.2"""

    def test_the_corpus_is_as_large_as_promised(self) -> None:
        assert len(BAD_REQUESTS) >= 63
        assert len({bad.name for bad in BAD_REQUESTS}) == len(BAD_REQUESTS)

    def test_the_next_head_waits_for_the_end(self) -> None:
        decoder = Decoder()
        decoder.feed(_GET + b"BAD\x00")
        assert isinstance(decoder.next(), Head)
        assert isinstance(decoder.next(), End)
        with pytest.raises(WireError):
            decoder.next()

    def test_a_fault_stays(self) -> None:
        decoder = Decoder()
        decoder.feed(b"GET / HTTP/3.0\r\n\r\n")
        for _ in range(2):
            with pytest.raises(WireError) as caught:
                decoder.next()
            assert caught.value.status == 505
            decoder.feed(_GET)
            assert decoder.buffered == 0
            assert decoder.peek() is None

    def test_content_in_one_piece_is_not_copied(self) -> None:
        decoder = Decoder()
        decoder.feed(b"PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        decoder.next()
        piece = b"0123456789"
        decoder.feed(piece)
        event = decoder.next()
        assert isinstance(event, Data)
        assert event.data is piece

    def test_nothing_is_kept_of_a_request_that_is_over(self) -> None:
        content = b"x" * 100_000
        for method in ("PUT", "GET"):
            decoder = Decoder()
            decoder.feed(f"{method} /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n".encode() + content)
            events = [decoder.next() for _ in range(3)]
            assert events[1:] == [Data(content), End()]
            assert decoder.buffered == 0
            assert not any(len(getattr(decoder, name)) > 100 for name in ("_buffer", "raw_head"))

    def test_content_before_a_fault_is_given_first(self) -> None:
        decoder = Decoder()
        decoder.feed(b"PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\nx\r\n")
        decoder.next()
        assert decoder.next() == Data(b"ab")
        with pytest.raises(WireError):
            decoder.next()

    def test_raw_head(self) -> None:
        decoder = Decoder()
        decoder.feed(b"\r\n" + _GET + b"PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        decoder.next()
        assert decoder.raw_head == _GET
        decoder.next()
        decoder.next()
        assert decoder.raw_head == b"PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
        assert decoder.buffered == 1

    def test_close_between_requests(self) -> None:
        decoder = Decoder()
        decoder.close()
        decoder.feed(_GET + b"\r\n")
        while decoder.next() is not None:
            pass
        decoder.close()

    def test_close_after_a_fault_is_silent(self) -> None:
        decoder = Decoder()
        decoder.feed(b"\x00")
        with pytest.raises(WireError):
            decoder.next()
        decoder.close()

    def test_a_second_empty_line_is_refused_later_too(self) -> None:
        assert run([b"\r\n", b"\r\n", _GET]).status == 400
        assert run([_GET, b"\r\n", _GET]).status is None
        assert run([_GET, b"\r\n", b"\r\n", _GET]).status == 400

    @pytest.mark.parametrize("limit", ["request_line", "header_bytes"])
    def test_limits_are_exact(self, limit: str) -> None:
        line = b"GET /" + b"a" * 100 + b" HTTP/1.1"
        data = line + b"\r\nHost: a\r\n\r\n"
        size = len(line) if limit == "request_line" else len(data)
        for bound, status in ((size, None), (size - 1, 414 if limit == "request_line" else 431)):
            limits = WireLimits(**{limit: bound})
            assert run([data], limits=limits).status == status
            assert run([bytes([byte]) for byte in data], limits=limits).status == status


class TestPeek:
    """Verifies: docs/architecture.md, One request"""

    def test_skip_takes_the_whole_request(self) -> None:
        decoder = Decoder()
        decoder.feed(_GET + _GET)
        for _ in range(2):
            raw = decoder.peek()
            assert raw == _GET
            decoder.skip(raw)
        assert decoder.peek() is None
        assert decoder.buffered == 0

    def test_peek_changes_nothing(self) -> None:
        decoder = Decoder()
        decoder.feed(b"\r\n" + _GET[:10])
        assert decoder.peek() is None
        decoder.feed(_GET[10:])
        assert decoder.peek() == decoder.peek() == _GET
        head = decoder.next()
        assert isinstance(head, Head)
        assert decoder.peek() is None
        assert decoder.next() == End()

    def test_peek_tells_requests_with_their_content(self) -> None:
        head = b"PROPFIND /a HTTP/1.1\r\nHost: a\r\n%bContent-Length: 3\r\n\r\n"
        for field in (b"", b"Depth: 0\r\n"):
            decoder = Decoder()
            decoder.feed(head % field)
            assert decoder.peek() == b""
            decoder.feed(b"abcGET")
            assert decoder.peek() == head % field + b"abc"
            decoder.skip(head % field + b"abc")
            assert decoder.buffered == 3
            assert decoder.peek() is None

    def test_one_whole_request_with_content(self) -> None:
        head = b"PROPFIND /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
        assert with_content(head + b"abc")
        for data in (head, head + b"ab", head + b"abcd", head[:-2], head + b"abc" + _GET, b"", b"P"):
            assert not with_content(data)
        large = b"REPORT /a HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
        for size, kept in ((MOST_KEPT, True), (MOST_KEPT + 1, False)):
            data = large % size + b"x" * size
            assert with_content(data) is kept
            decoder = Decoder()
            decoder.feed(data)
            assert decoder.peek() == (data if kept else b"")
        assert not with_content(b"GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "MKCOL", "LOCK"])
    def test_peek_tells_no_request_of_other_methods(self, method: str) -> None:
        decoder = Decoder()
        request = f"{method} /a HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        decoder.feed(request[:-1])
        assert decoder.peek() is None
        decoder.feed(request[-1:])
        assert decoder.peek() == b""
        assert isinstance(decoder.next(), Head)

    @pytest.mark.parametrize("cut", [0, 7])
    def test_repeated_requests_are_counted(self, cut: int) -> None:
        decoder = Decoder()
        data = _GET * 5 + b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
        # A cut makes the decoder keep the bytes in another way.
        for piece in (data[:cut], data[cut:]):
            decoder.feed(piece)
        assert decoder.peek() == _GET
        assert [decoder.repeated(_GET, most) for most in range(1, 9)] == [1, 2, 3, 4, 5, 5, 5, 5]
        decoder.skip(_GET, 4)
        assert decoder.peek() == _GET
        assert decoder.repeated(_GET, 8) == 1
        decoder.skip(_GET)
        assert decoder.peek() == data[len(_GET) * 5 :]

    def test_peek_refuses_as_next_does(self) -> None:
        decoder = Decoder()
        decoder.feed(b"a" * 9000)
        with pytest.raises(WireError) as caught:
            decoder.peek()
        assert caught.value.status == 414
        with pytest.raises(WireError):
            decoder.next()


@given(st.lists(st.integers(1, len(_PIPELINE)), max_size=30))
@settings(max_examples=150)
def test_a_pipeline_cut_anywhere(cuts: list[int]) -> None:
    """Verifies: RFC 9112, 9.3.2"""
    places = [0, *sorted(cuts), len(_PIPELINE)]
    pieces = [_PIPELINE[start:stop] for start, stop in zip(places, places[1:], strict=False)]
    outcome = run(pieces, close=True)
    assert outcome == run([_PIPELINE], close=True)
    assert outcome.status is None
    assert len(outcome.messages) == sum(request.keep_alive for request in GOOD_REQUESTS)


class _Counted(bytearray):
    """Counts the bytes that searches look at."""

    looked: ClassVar[int] = 0

    def find(self, sub: object, start: object = 0, end: object = None) -> int:
        assert isinstance(sub, bytes) and isinstance(start, int)
        stop = end if isinstance(end, int) else len(self)
        found = super().find(sub, start, stop)
        _Counted.looked += (found if found >= 0 else min(stop, len(self))) - start
        return found


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 90 + b"X: " + b"a" * 14000 + b"\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: " + b"a" * 8000 + b"\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 2000 + b"0\r\n\r\n",
    ],
    ids=["head", "trailers", "chunks"],
)
def test_dribbled_bytes_are_searched_a_bounded_number_of_times(data: bytes) -> None:
    """Verifies: docs/architecture.md, One request"""
    decoder = Decoder()
    decoder.feed(data[:1])
    decoder._buffer = _Counted(decoder._buffer)
    _Counted.looked = 0
    events = 0
    for position in range(1, len(data)):
        if decoder.buffered == 0:
            decoder._buffer = _Counted(data[position : position + 1])
            decoder._start = decoder._searched = 0
        else:
            decoder.feed(data[position : position + 1])
        while decoder.next() is not None:
            events += 1
    assert events >= 2
    # Three searches (end of head, end of the first line, bytes already seen that might begin an end) of each byte.
    assert _Counted.looked <= 12 * len(data)
