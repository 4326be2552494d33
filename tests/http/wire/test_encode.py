"""Response heads and the framing of content.

Verifies: RFC 9112, 4, 5, 6, 9.3; RFC 9110, 6.4.1, 6.6.1, 8.6, 9.3.2, 15.4.5
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import h11
import pytest

from davd.http.response import FileRange, Response
from davd.http.wire.encode import CONTINUE, content_length, encode_head, frame, has_content


async def _stream() -> AsyncIterator[bytes]:
    yield b"x"


def _file(length: int) -> FileRange:
    return FileRange(0, 0, length, lambda: None)


class TestEncodeHead:
    """Verifies: RFC 9112, 4, 5; RFC 9110, 5.5"""

    def test_lines(self) -> None:
        assert encode_head(207, {"Content-Type": "text/xml", "X": "\xe4"}, "Date: x\r\n") == (
            b"HTTP/1.1 207 Multi-Status\r\nDate: x\r\nContent-Type: text/xml\r\nX: \xe4\r\n\r\n"
        )
        assert encode_head(200, [("A", "1"), ("A", "2")]) == b"HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\n\r\n"

    def test_a_status_without_a_phrase_keeps_its_space(self) -> None:
        assert encode_head(599, {}) == b"HTTP/1.1 599 \r\n\r\n"

    @pytest.mark.parametrize("text", ["a\r\nSet-Cookie: b", "a\r", "a\n", "\ra", "\0", "a\r\n", "\u20ac", "\n\r"])
    def test_no_value_and_no_name_can_end_its_line(self, text: str) -> None:
        for headers in ({"X": text}, {text: "x"}, {"A": "1", "X": text, "B": "2"}):
            with pytest.raises(ValueError):
                encode_head(200, headers)

    def test_interim_response(self) -> None:
        assert CONTINUE.startswith(b"HTTP/1.1 100 ") and CONTINUE.endswith(b"\r\n\r\n")


def _frame(
    response: Response, method: str = "GET", version: int = 11, keep_alive: bool = True
) -> tuple[bytes, bool, bool]:
    return frame(response, method, version, keep_alive, "Sun, 06 Nov 1994 08:49:37 GMT", "davd")


class TestFrame:
    """Verifies: RFC 9112, 6.1, 6.2, 6.3, 9.3, 9.6; RFC 9110, 6.6.1, 8.6, 9.3.2, 10.2.4, 15.4.5"""

    def test_bytes(self) -> None:
        head, chunked, close = _frame(Response(200, {"ETag": '"a"'}, b"hello"))
        assert head == (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: davd\r\n"
            b'ETag: "a"\r\n\r\n'
        )
        assert (chunked, close) == (False, False)

    def test_empty_content_has_a_length(self) -> None:
        assert b"Content-Length: 0\r\n" in _frame(Response(201))[0]

    def test_files_and_sequences(self) -> None:
        assert b"Content-Length: 7\r\n" in _frame(Response(200, {}, _file(7)))[0]
        assert b"Content-Length: 10\r\n" in _frame(Response(206, {}, [b"abc", _file(5), b"de"]))[0]
        assert content_length(Response(200, {}, (b"a", _file(2)))) == 3
        assert content_length(Response(200, {}, _stream())) is None

    def test_iterators_are_chunked(self) -> None:
        head, chunked, close = _frame(Response(207, {}, _stream()))
        assert b"Transfer-Encoding: chunked\r\n" in head and b"Content-Length" not in head
        assert (chunked, close) == (True, False)

    def test_iterators_end_with_the_connection_for_old_clients(self) -> None:
        head, chunked, close = _frame(Response(207, {}, _stream()), version=10)
        assert b"Transfer-Encoding" not in head and b"Connection: close\r\n" in head
        assert (chunked, close) == (False, True)

    def test_an_iterator_of_known_length_needs_no_chunks(self) -> None:
        head, chunked, close = _frame(Response(200, {"Content-Length": "1"}, _stream()), version=10)
        assert b"Content-Length: 1\r\n" in head
        assert (chunked, close) == (False, False)

    @pytest.mark.parametrize("status", [204, 103])
    def test_no_framing_without_content(self, status: int) -> None:
        head = _frame(Response(status, {"Content-Length": "3"}))[0]
        assert b"Content-Length" not in head and b"Transfer-Encoding" not in head

    def test_head_and_304_speak_of_the_content_of_get(self) -> None:
        for response, method in ((Response(200, {"Content-Length": "99"}), "HEAD"), (Response(304), "GET")):
            head, chunked, _ = _frame(response, method)
            assert (b"Content-Length: 99\r\n" in head) == (method == "HEAD")
            assert b"Content-Length: 0" not in head and not chunked
        assert b"Content-Length: 5\r\n" in _frame(Response(404, {}, b"hello"), "HEAD")[0]
        assert b"Transfer-Encoding" not in _frame(Response(200, {}, _stream()), "HEAD")[0]

    @pytest.mark.parametrize(
        ("version", "keep_alive", "wish", "field", "close"),
        [
            (11, True, False, b"", False),
            (11, False, False, b"Connection: close\r\n", True),
            (11, True, True, b"Connection: close\r\n", True),
            (10, True, False, b"Connection: keep-alive\r\n", False),
            (10, False, False, b"Connection: close\r\n", True),
        ],
    )
    def test_connection(self, version: int, keep_alive: bool, wish: bool, field: bytes, close: bool) -> None:
        head, _, closes = _frame(Response(200, {}, b"", close=wish), version=version, keep_alive=keep_alive)
        assert closes is close
        assert (field in head) if field else (b"Connection" not in head)

    def test_the_wire_overrules(self) -> None:
        own = {"Date": "x", "Server": "x", "Connection": "x", "Transfer-Encoding": "x", "Content-Length": "77"}
        head = _frame(Response(200, own, b"hello"))[0]
        assert b": x\r\n" not in head and b"77" not in head
        assert head.count(b"Date:") == head.count(b"Content-Length:") == 1

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    @pytest.mark.parametrize("status", [200, 204, 304, 404])
    @pytest.mark.parametrize("body", [b"", b"hello", None])
    def test_a_client_finds_the_end(self, method: str, status: int, body: bytes | None) -> None:
        response = Response(status, {"X": "y"}, _stream() if body is None else body)
        head, chunked, _ = _frame(response, method)
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
        client.send(h11.EndOfMessage())
        client.receive_data(head)
        sent = b""
        if has_content(method, status):
            sent = b"x" if body is None else body
            client.receive_data(b"1\r\nx\r\n0\r\n\r\n" if chunked else sent)
        assert isinstance(client.next_event(), h11.Response)
        content = b""
        while isinstance(event := client.next_event(), h11.Data):
            content += bytes(event.data)
        assert isinstance(event, h11.EndOfMessage)
        assert content == sent
