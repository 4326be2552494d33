"""The decoder against two other readers of the same bytes, h11 and httptools (llhttp).

Generated requests have to mean the same to all three. Of damaged requests, whatever the decoder accepts has to be
accepted by h11 too, and to mean the same; it may well refuse what h11 lets pass (bare LF, folded lines, both framings).
The explained differences are those of `_for_h11`.

Verifies: RFC 9112, 2.1, 3, 5, 6.3, 7.1, 11.2
"""

from __future__ import annotations

from dataclasses import dataclass, field

import h11
import httptools
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.corpus.http1.bad_requests import BAD_REQUESTS
from tests.corpus.http1.good_requests import GOOD_REQUESTS
from tests.http.wire.events import Message, run


@dataclass(slots=True)
class Reading:
    """What a request means, in a form all readers can give."""

    method: str = ""
    target: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)


def _fields(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _ours(message: Message) -> Reading:
    head = message.head
    return Reading(head.method, head.target, _normal(dict(head.headers)), message.body, message.trailers)


def _normal(fields: dict[str, str]) -> dict[str, str]:
    """h11 writes the names of transfer codings in lower case."""
    if "transfer-encoding" in fields:
        fields["transfer-encoding"] = fields["transfer-encoding"].lower()
    return fields


def _by_h11(data: bytes) -> Reading:
    """Raises h11.RemoteProtocolError."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    connection.receive_data(data)
    reading = Reading()
    while True:
        event_ = connection.next_event()
        if isinstance(event_, h11.Request):
            reading.method, reading.target = event_.method.decode(), event_.target.decode()
            reading.headers = _fields(list(event_.headers))
        elif isinstance(event_, h11.Data):
            reading.body += bytes(event_.data)
        elif isinstance(event_, h11.EndOfMessage):
            reading.trailers = _fields(list(event_.headers))
            return reading
        else:
            raise AssertionError(f"h11 does not see a whole request: {event_!r}")


class _Callbacks:
    def __init__(self) -> None:
        self.url = b""
        self.pairs: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.head_complete = False
        self.complete = False
        self.trailers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        (self.trailers if self.head_complete else self.pairs).append((name, value))

    def on_headers_complete(self) -> None:
        self.head_complete = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


def _by_httptools(data: bytes) -> Reading:
    callbacks = _Callbacks()
    parser = httptools.HttpRequestParser(callbacks)
    parser.feed_data(data)
    assert callbacks.complete
    return Reading(
        parser.get_method().decode(),
        callbacks.url.decode(),
        _normal(_fields(callbacks.pairs)),
        callbacks.body,
        _fields(callbacks.trailers),
    )


# The methods httptools knows; the decoder and h11 know any token.
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK")
_TOKEN = st.text("!#$%&'*+.^_`|~09AZaz-", min_size=1, max_size=12)
_TARGET = st.text("abz09-._~!$&'()*+,;=:@%/?", max_size=40).map(lambda text: "/" + text)
_VALUE = st.text([chr(code) for code in (9, *range(32, 127), *range(128, 256))], max_size=40)
# "x-" keeps generated names apart from fields that mean something to a reader.
_FIELDS = st.lists(st.tuples(_TOKEN.map(lambda name: "x-" + name), _VALUE), max_size=8)
_OWS = st.sampled_from(["", " ", "  ", "\t", " \t "])
_EXTENSION = st.sampled_from(["", ";a", ";a=b", ';a="b;c\\"d"', ";a;b=c"])


@st.composite
def _requests(draw: st.DrawFn, methods: st.SearchStrategy[str] = st.sampled_from(_METHODS)) -> bytes:
    """A valid request, written in any way that is allowed."""
    lines = [f"{draw(methods)} {draw(_TARGET)} HTTP/1.1", f"hOsT:{draw(_OWS)}dav.example{draw(_OWS)}"]
    lines += [f"{name}:{draw(_OWS)}{value}{draw(_OWS)}" for name, value in draw(_FIELDS)]
    framing = draw(st.sampled_from(["none", "length", "chunked"]))
    content = b""
    if framing == "length":
        content = draw(st.binary(max_size=60))
        lines.append(f"Content-Length: {len(content)}")
    elif framing == "chunked":
        lines.append(f"Transfer-Encoding: {draw(st.sampled_from(['chunked', 'Chunked']))}")
        for chunk in draw(st.lists(st.binary(min_size=1, max_size=30), max_size=4)):
            size = f"{len(chunk):{draw(st.sampled_from(['x', 'X', '04x']))}}{draw(_EXTENSION)}"
            content += size.encode() + b"\r\n" + chunk + b"\r\n"
        content += b"0" + draw(_EXTENSION).encode() + b"\r\n"
        for name, value in draw(_FIELDS):
            content += f"{name}:{draw(_OWS)}{value}\r\n".encode("latin-1")
        content += b"\r\n"
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


@given(_requests())
@settings(max_examples=200)
def test_generated_requests_mean_the_same_to_all(data: bytes) -> None:
    outcome = run([data], close=True)
    assert outcome.status is None
    [message] = outcome.messages
    ours = _ours(message)
    assert ours == _by_h11(data)
    assert ours == _by_httptools(data)


@given(_requests(_TOKEN))
@settings(max_examples=100)
def test_any_method_passes(data: bytes) -> None:
    outcome = run([data], close=True)
    assert _ours(outcome.messages[0]) == _by_h11(data)


# Pieces that have parted readers before.
_DAMAGE = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"0",
        b"\x00",
        b"\x0b",
        b"\x7f",
        b"\xff",
        b'"',
        b"#",
    ]
    + [
        b"\r\n ",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
        b"HTTP/1.0",
        b"5\r\nhello\r\n",
    ]
    + [b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding : chunked\r\n", b"Content-Length: +3\r\n", b"\\"]
)
_EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["insert", "replace", "delete", "double"]), _DAMAGE, st.integers(1, 12)),
    min_size=1,
    max_size=4,
)
_SEEDS = [request.data for request in GOOD_REQUESTS] * 8 + [bad.data for bad in BAD_REQUESTS if len(bad.data) < 2000]


def _damaged(data: bytes, edits: list[tuple[float, str, bytes, int]]) -> bytes:
    for place, kind, piece, length in edits:
        at = int(place * len(data))
        if kind == "insert":
            data = data[:at] + piece + data[at:]
        elif kind == "replace":
            data = data[:at] + piece + data[at + length :]
        elif kind == "delete":
            data = data[:at] + data[at + length :]
        else:
            data = data[: at + length] + data[at:]
    return data


def _for_h11(data: bytes) -> bytes:
    """The same request as h11 can take it.

    h11 refuses the empty line before a request line, which RFC 9112, 2.2 asks to ignore.
    """
    return data.removeprefix(b"\r\n")


def _check(data: bytes) -> None:
    """No exception but WireError (`run` lets others through); what is accepted means the same to h11."""
    outcome = run([data], close=True)
    if not outcome.messages or not outcome.messages[0].complete:
        event("refused")
        return
    message = outcome.messages[0]
    if message.head.method == "CONNECT":
        return
    # Whitespace before the semicolon of a chunk extension: RFC 9112, 7.1.1 asks to accept it, h11 does not.
    if message.head.length is None and any(mark in data for mark in (b" ;", b"\t;")):
        return
    event("accepted")
    assert _ours(message) == _by_h11(_for_h11(data))


@given(st.sampled_from(_SEEDS), _EDITS)
@settings(max_examples=700)
def test_damaged_corpus(data: bytes, edits: list[tuple[float, str, bytes, int]]) -> None:
    _check(_damaged(data, edits))


@given(_requests(), _EDITS)
@settings(max_examples=300)
def test_damaged_requests(data: bytes, edits: list[tuple[float, str, bytes, int]]) -> None:
    _check(_damaged(data, edits))


@given(st.binary(max_size=200))
@example(b"\r\n\r\n\r\n")
@example(b"\r\r\n\n")
@settings(max_examples=300)
def test_arbitrary_bytes(data: bytes) -> None:
    _check(data)
    _check(data + b"\r\n\r\n")
    _check(b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
