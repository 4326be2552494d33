"""Requests that a server has to accept, with what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GoodRequest:
    """`data` is one whole request; the rest is what its events say."""

    name: str
    data: bytes
    method: str
    path: str
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    keep_alive: bool = True


_HOST = b"Host: dav.example\r\n"

GOOD_REQUESTS = (
    GoodRequest("plain", b"GET /a?b=c HTTP/1.1\r\n" + _HOST + b"\r\n", "GET", "/a"),
    GoodRequest("an empty line first", b"\r\nGET / HTTP/1.1\r\n" + _HOST + b"\r\n", "GET", "/"),
    GoodRequest("no Host in HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", "GET", "/", keep_alive=False),
    GoodRequest(
        "HTTP/1.0 that persists", b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", keep_alive=True
    ),
    GoodRequest("close", b"GET / HTTP/1.1\r\nConnection: x, Close\r\n" + _HOST + b"\r\n", "GET", "/", keep_alive=False),
    GoodRequest(
        "a length", b"PUT /a HTTP/1.1\r\n" + _HOST + b"Content-Length: 005\r\n\r\nhello", "PUT", "/a", b"hello"
    ),
    GoodRequest("a length of zero", b"PUT /a HTTP/1.1\r\n" + _HOST + b"Content-Length: 0\r\n\r\n", "PUT", "/a"),
    GoodRequest(
        "chunks",
        b"PUT /a HTTP/1.1\r\n"
        + _HOST
        + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n00A\r\n, world!\r\n\r\n0\r\n\r\n",
        "PUT",
        "/a",
        b"hello, world!\r\n",
    ),
    GoodRequest(
        "extensions and trailers",
        b"PUT /a HTTP/1.1\r\n"
        + _HOST
        + b'Transfer-Encoding: chunked\r\n\r\n5;a;b = c;d="e\\";\tf"\r\nhello\r\n000;z\r\nX-A: 1\r\nx-a:2 \r\n\r\n',
        "PUT",
        "/a",
        b"hello",
        {"x-a": "1, 2"},
    ),
    GoodRequest(
        "upgrade with content",
        b"POST /a HTTP/1.1\r\n" + _HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABk\r\nContent-Length: 5\r\n\r\nhello",
        "POST",
        "/a",
        b"hello",
    ),
    GoodRequest("absolute", b"GET http://dav.example:80/a?b HTTP/1.1\r\nHost: other\r\n\r\n", "GET", "/a"),
    GoodRequest("asterisk", b"OPTIONS * HTTP/1.1\r\n" + _HOST + b"\r\n", "OPTIONS", "*"),
    GoodRequest("authority", b"CONNECT dav.example:443 HTTP/1.1\r\n" + _HOST + b"\r\n", "CONNECT", ""),
    GoodRequest("an unknown method", b"VERSION-CONTROL /a HTTP/1.1\r\n" + _HOST + b"\r\n", "VERSION-CONTROL", "/a"),
    GoodRequest(
        "content like a request",
        b"PUT /a HTTP/1.1\r\n" + _HOST + b"Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "PUT",
        "/a",
        b"GET / HTTP/1.1\r\n\r\n",
    ),
)
