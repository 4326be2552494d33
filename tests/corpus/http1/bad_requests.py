"""Requests that a server has to refuse, each with the one status that says why; the connection ends after it.

Most are ways in which two readers of the same bytes could be made to see different requests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BadRequest:
    """`data` is all the client sends; `status` the answer."""

    name: str
    data: bytes
    status: int = 400


def _head(*fields: bytes, line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: dav.example") -> bytes:
    return b"\r\n".join([line, *([host] if host else []), *fields]) + b"\r\n\r\n"


def _chunked(body: bytes) -> bytes:
    return _head(b"Transfer-Encoding: chunked", line=b"PUT /a HTTP/1.1") + body


_REQUEST_LINES = [
    BadRequest("http-0.9", b"GET /\r\n\r\n"),
    BadRequest("no version", _head(line=b"GET / ")),
    BadRequest("version 2.0", _head(line=b"GET / HTTP/2.0"), 505),
    BadRequest("version 1.2", _head(line=b"GET / HTTP/1.2"), 505),
    BadRequest("version 0.9", _head(line=b"GET / HTTP/0.9"), 505),
    BadRequest("version 1.10", _head(line=b"GET / HTTP/1.10")),
    BadRequest("version without a minor", _head(line=b"GET / HTTP/1")),
    BadRequest("version in lower case", _head(line=b"GET / http/1.1")),
    BadRequest("another protocol", _head(line=b"GET / HTCPCP/1.0")),
    BadRequest("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    BadRequest("two spaces", _head(line=b"GET  / HTTP/1.1")),
    BadRequest("space in the target", _head(line=b"GET /a b HTTP/1.1")),
    BadRequest("tab as separator", _head(line=b"GET\t/ HTTP/1.1")),
    BadRequest("trailing space", _head(line=b"GET / HTTP/1.1 ")),
    BadRequest("leading space", _head(line=b" GET / HTTP/1.1")),
    BadRequest("no method", _head(line=b"/ HTTP/1.1")),
    BadRequest("method with a colon", _head(line=b"G:T / HTTP/1.1")),
    BadRequest("method beyond ASCII", _head(line=b"G\xcbT / HTTP/1.1")),
    BadRequest("target beyond ASCII", _head(line="GET /ä HTTP/1.1".encode())),
    BadRequest("control character in the target", _head(line=b"GET /\x01 HTTP/1.1")),
    BadRequest("NUL in the target", _head(line=b"GET /\x00 HTTP/1.1")),
    BadRequest("DEL in the target", _head(line=b"GET /\x7f HTTP/1.1")),
    BadRequest("fragment", _head(line=b"GET /a#b HTTP/1.1")),
    BadRequest("relative target", _head(line=b"GET a/b HTTP/1.1")),
    BadRequest("query alone", _head(line=b"GET ?a HTTP/1.1")),
    BadRequest("asterisk for GET", _head(line=b"GET * HTTP/1.1")),
    BadRequest("authority for GET", _head(line=b"GET dav.example:443 HTTP/1.1")),
    BadRequest("path for CONNECT", _head(line=b"CONNECT / HTTP/1.1")),
    BadRequest("CONNECT without a port", _head(line=b"CONNECT dav.example HTTP/1.1")),
    BadRequest("foreign scheme", _head(line=b"GET ftp://dav.example/ HTTP/1.1")),
    BadRequest("absolute target without an authority", _head(line=b"GET http:///a HTTP/1.1")),
    BadRequest("absolute target with a user", _head(line=b"GET http://u:p@dav.example/ HTTP/1.1")),
    BadRequest("two empty lines first", b"\r\n\r\n" + _head()),
    BadRequest("a bare LF first", b"\n" + _head()),
    BadRequest("line too long", _head(line=b"GET /" + b"a" * 8192 + b" HTTP/1.1"), 414),
    BadRequest("line without an end", b"GET /" + b"a" * 9000, 414),
    BadRequest("a TLS handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
]

_HEADERS = [
    BadRequest("no Host", _head(host=b"")),
    BadRequest("two Hosts", _head(b"Host: other.example")),
    BadRequest("the same Host twice", _head(b"host: dav.example")),
    BadRequest("two Hosts in one", _head(host=b"Host: a.example, b.example")),
    BadRequest("empty Host", _head(host=b"Host:")),
    BadRequest("Host with a path", _head(host=b"Host: dav.example/x")),
    BadRequest("Host with dots", _head(host=b"Host: a/../b")),
    BadRequest("Host with an empty label", _head(host=b"Host: a..b")),
    BadRequest("Host with a user", _head(host=b"Host: u@dav.example")),
    BadRequest("Host with a word for a port", _head(host=b"Host: dav.example:http")),
    BadRequest("Host with an impossible port", _head(host=b"Host: dav.example:65536")),
    BadRequest("Host with a broken literal", _head(host=b"Host: [::1")),
    BadRequest("Host with a false literal", _head(host=b"Host: [1:2:3]")),
    BadRequest("Host with a zone", _head(host=b"Host: [fe80::1%25eth0]")),
    BadRequest("Host with a space", _head(host=b"Host: dav example")),
    BadRequest("invalid Host in HTTP/1.0", _head(line=b"GET / HTTP/1.0", host=b"Host: a/b")),
    BadRequest("space before the colon", _head(b"Depth : 1")),
    BadRequest("tab before the colon", _head(b"Depth\t: 1")),
    BadRequest("folded line", _head(b"X-A: 1", b" 2")),
    BadRequest("folded line by a tab", _head(b"X-A: 1", b"\t2")),
    BadRequest("folded Transfer-Encoding", _head(b"Transfer-Encoding:", b" chunked", line=b"PUT /a HTTP/1.1")),
    BadRequest("folded first line", b"GET / HTTP/1.1\r\n Host: dav.example\r\n\r\n"),
    BadRequest("no colon", _head(b"Depth")),
    BadRequest("no name", _head(b": 1")),
    BadRequest("name with a slash", _head(b"a/b: 1")),
    BadRequest("name beyond ASCII", _head(b"X-\xc4: 1")),
    BadRequest("NUL in a value", _head(b"X-A: a\x00b")),
    BadRequest("control character in a value", _head(b"X-A: a\x01b")),
    BadRequest("DEL in a value", _head(b"X-A: a\x7fb")),
    BadRequest("bare CR in a value", _head(b"X-A: a\rX-B: b")),
    BadRequest("bare LF in a value", _head(b"X-A: a\nX-B: b")),
    BadRequest("bare LF as line ends", b"GET / HTTP/1.1\nHost: dav.example\n\n"),
    BadRequest("bare LF as the last line end", b"GET / HTTP/1.1\r\nHost: dav.example\r\n\n"),
    BadRequest("bare CR as line ends", b"GET / HTTP/1.1\rHost: dav.example\r\r"),
    BadRequest("two Authorizations", _head(b"Authorization: Basic YTph", b"Authorization: Basic Yjpi")),
    BadRequest("two Depths", _head(b"Depth: 0", b"Depth: infinity")),
    BadRequest("two Destinations", _head(b"Destination: /a", b"Destination: /b")),
    BadRequest("two Content-Types", _head(b"Content-Type: text/xml", b"Content-Type: text/plain")),
    BadRequest("two Ranges", _head(b"Range: bytes=0-0", b"Range: bytes=1-1")),
    BadRequest("too many fields", _head(*[b"X-%d: 1" % number for number in range(100)]), 431),
    BadRequest("too long a field", _head(b"X-A: " + b"a" * 16384), 431),
    BadRequest("head without an end", _head()[:-2] + b"X-A: " + b"a" * 17000, 431),
    BadRequest("unknown expectation", _head(b"Expect: 200-ok"), 417),
    BadRequest("two expectations in one", _head(b"Expect: 100-continue, x"), 417),
]

_FRAMING = [
    BadRequest("two Content-Lengths", _head(b"Content-Length: 5", b"Content-Length: 6") + b"hello"),
    BadRequest("the same Content-Length twice", _head(b"Content-Length: 5", b"Content-Length: 5") + b"hello"),
    BadRequest("two Content-Lengths in one", _head(b"Content-Length: 5, 5") + b"hello"),
    BadRequest("empty Content-Length", _head(b"Content-Length:")),
    BadRequest("signed Content-Length", _head(b"Content-Length: +5") + b"hello"),
    BadRequest("negative Content-Length", _head(b"Content-Length: -5")),
    BadRequest("hexadecimal Content-Length", _head(b"Content-Length: 0x5") + b"hello"),
    BadRequest("Content-Length with an underscore", _head(b"Content-Length: 1_0") + b"hellohello"),
    BadRequest("Content-Length with a superscript", _head(b"Content-Length: \xb2") + b"he"),
    BadRequest("Content-Length with a fraction", _head(b"Content-Length: 5.0") + b"hello"),
    BadRequest("endless Content-Length", _head(b"Content-Length: " + b"1" * 4400)),
    BadRequest("Content-Length of 19 digits", _head(b"Content-Length: " + b"9" * 19)),
    BadRequest("both framings", _head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"),
    BadRequest("both framings, reversed", _head(b"Transfer-Encoding: chunked", b"Content-Length: 5") + b"0\r\n\r\n"),
    BadRequest("chunked twice", _head(b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n"),
    BadRequest("two Transfer-Encodings", _head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity")),
    BadRequest("chunked is not last", _head(b"Transfer-Encoding: chunked, gzip")),
    BadRequest("gzip alone", _head(b"Transfer-Encoding: gzip")),
    BadRequest("gzip below chunked", _head(b"Transfer-Encoding: gzip, chunked"), 501),
    BadRequest("identity", _head(b"Transfer-Encoding: identity")),
    BadRequest("identity with a length", _head(b"Transfer-Encoding: identity", b"Content-Length: 5") + b"hello"),
    BadRequest("empty Transfer-Encoding", _head(b"Transfer-Encoding:")),
    BadRequest("xchunked", _head(b"Transfer-Encoding: xchunked")),
    BadRequest("quoted chunked", _head(b'Transfer-Encoding: "chunked"')),
    BadRequest("chunked with a parameter", _head(b"Transfer-Encoding: chunked;q=1")),
    BadRequest("vertical tab before chunked", _head(b"Transfer-Encoding: \x0bchunked")),
    BadRequest("chunked in HTTP/1.0", _head(b"Transfer-Encoding: chunked", line=b"PUT /a HTTP/1.0") + b"0\r\n\r\n"),
]

_CHUNKS = [
    BadRequest("chunk size that is no number", _chunked(b"xyz\r\n")),
    BadRequest("empty chunk size", _chunked(b"\r\nhello\r\n0\r\n\r\n")),
    BadRequest("signed chunk size", _chunked(b"+5\r\nhello\r\n0\r\n\r\n")),
    BadRequest("negative chunk size", _chunked(b"-5\r\nhello\r\n0\r\n\r\n")),
    BadRequest("prefixed chunk size", _chunked(b"0x5\r\nhello\r\n0\r\n\r\n")),
    BadRequest("chunk size with an underscore", _chunked(b"1_0\r\nhellohellohello1\r\n0\r\n\r\n")),
    BadRequest("chunk size with a space before", _chunked(b" 5\r\nhello\r\n0\r\n\r\n")),
    BadRequest("chunk size with a space after", _chunked(b"5 \r\nhello\r\n0\r\n\r\n")),
    BadRequest("chunk size of 17 digits", _chunked(b"fffffffffffffffff\r\n")),
    BadRequest("chunk size of 16 digits", _chunked(b"ffffffffffffffff\r\n")),
    BadRequest("chunk size line by LF", _chunked(b"5\nhello\r\n0\r\n\r\n")),
    BadRequest("chunk size line by CR", _chunked(b"5\rhello\r\n0\r\n\r\n")),
    BadRequest("chunk data ended by LF", _chunked(b"5\r\nhello\n0\r\n\r\n")),
    BadRequest("chunk data ended by CR", _chunked(b"5\r\nhello\r0\r\n\r\n")),
    BadRequest("chunk data too long", _chunked(b"5\r\nhello!\r\n0\r\n\r\n")),
    BadRequest("chunk data too short", _chunked(b"6\r\nhello\r\n0\r\n\r\n")),
    BadRequest("extension without a name", _chunked(b"5;\r\nhello\r\n0\r\n\r\n")),
    BadRequest("extension with a bare LF", _chunked(b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    BadRequest("extension with an open quote", _chunked(b'5;a="b\r\nhello\r\n0\r\n\r\n')),
    BadRequest("extension too long", _chunked(b"5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n")),
    BadRequest("extensions too long together", _chunked(b"1;aaaaaaaaa\r\nx\r\n" * 26 + b"0\r\n\r\n")),
    BadRequest("trailer without a colon", _chunked(b"0\r\nX-A\r\n\r\n")),
    BadRequest("trailer with a space before the colon", _chunked(b"0\r\nX-A : 1\r\n\r\n")),
    BadRequest("folded trailer", _chunked(b"0\r\nX-A: 1\r\n 2\r\n\r\n")),
    BadRequest("trailer with a bare LF", _chunked(b"0\r\nX-A: 1\nX-B: 2\r\n\r\n")),
    BadRequest("Content-Length in the trailer", _chunked(b"0\r\nContent-Length: 5\r\n\r\n")),
    BadRequest("Transfer-Encoding in the trailer", _chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    BadRequest("Host in the trailer", _chunked(b"0\r\nHost: other.example\r\n\r\n")),
    BadRequest("Authorization in the trailer", _chunked(b"0\r\nAuthorization: Basic YTph\r\n\r\n")),
    BadRequest("If-Match in the trailer", _chunked(b"0\r\nIf-Match: *\r\n\r\n")),
    BadRequest("too many trailers", _chunked(b"0\r\n" + b"X-A: 1\r\n" * 33 + b"\r\n"), 431),
    BadRequest("too long a trailer", _chunked(b"0\r\nX-A: " + b"a" * 8193 + b"\r\n\r\n"), 431),
]

BAD_REQUESTS = tuple(_REQUEST_LINES + _HEADERS + _FRAMING + _CHUNKS)
