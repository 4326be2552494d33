"""The head of an HTTP/1.x request: bytes in, one checked value out.

A head is read strictly, because whatever two readers of the same bytes can disagree about lets one of them be deceived:
no folded lines, no bare CR or LF, no space before a colon, one `Host`, one way to tell the length of the content.

Implements: RFC 9112, 2.2, 2.3, 3, 5, 6, 9.3; RFC 9110, 5.3, 5.5, 7.2, 8.6, 10.1.1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final, NoReturn

from davd.model.errors import HTTPError


class WireError(HTTPError):
    """Bytes that are no acceptable HTTP message: the connection ends after the answer, for its framing is lost.

    `status` is the answer, 400 where nothing closer fits; `detail` is for the log alone.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail=detail)


@dataclass(slots=True)
class WireLimits:
    """What a client may send before its request is refused; all in bytes, except the two counts.

    `request_line` excludes the CRLF. `header_bytes` bounds the whole head, request line and blank line included.
    `chunk_extension` bounds all chunk extensions of one message together.
    """

    request_line: int = 8192
    header_bytes: int = 16384
    header_count: int = 100
    trailer_bytes: int = 8192
    trailer_count: int = 32
    chunk_extension: int = 256


DEFAULT_LIMITS: Final = WireLimits()


@dataclass(slots=True)
class Head:
    """A request line and its header section.

    `target` is the request target as sent. `version` is 10 or 11. `headers` are values without surrounding whitespace
    (latin-1) by lower-case name, repeats joined by `", "`. `length` is the content's length in bytes, 0 when there is
    none and None when it is chunked. `keep_alive` tells whether the client lets the connection persist,
    `expect_continue` whether it waits for `100 Continue` before it sends content. `host` is the authority in lower case
    (from an absolute target if there is one, else from `Host`, empty when an HTTP/1.0 client names none). `path` is the
    raw path, `"*"` for a server-wide OPTIONS, empty for CONNECT; `query` is what follows `?`. `scheme` is that of an
    absolute target, else None.
    """

    method: str
    target: str
    version: int
    headers: dict[str, str]
    length: int | None
    keep_alive: bool
    expect_continue: bool
    host: str
    path: str
    query: str
    scheme: str | None


TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"

# Possessive quantifiers: no part gives anything back, so the match is linear in its input, whatever that is.
_FIELD_LINES: Final = r"(?:" + TOKEN + r"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+"
_HEAD: Final = re.compile(r"(" + TOKEN + r"++) ([\x21\x22\x24-\x7e]++) HTTP/1\.([01])\r\n(" + _FIELD_LINES + r")\r\n")
_FIELD_SECTION: Final = re.compile(_FIELD_LINES)
_REQUEST_LINE: Final = re.compile(TOKEN.encode() + rb"++ ([\x21-\x7e]++) HTTP/([0-9])\.([0-9])")
_ABSOLUTE: Final = re.compile(r"(https?)://([^/?]*+)([^?]*+)(?:\?(.*+))?+", re.IGNORECASE)
# A registered name as DNS and container networks write it, an IPv4 address, or an IPv6 address in brackets.
_AUTHORITY: Final = re.compile(
    r"((?!\.)(?!.*\.\.)[A-Za-z0-9._~-]{1,253}+|\[([0-9A-Fa-f:.]{2,45}+)\])(?::([0-9]{0,5}+))?+"
)

# Fields that hold one value; a second one means that two readers could act on different ones.
SINGLETONS: Final = frozenset(
    """
    authorization content-encoding content-length content-location content-range content-type date depth destination
    expect host if if-modified-since if-range if-unmodified-since if-schedule-tag-match lock-token max-forwards
    oc-checksum oc-total-length origin overwrite proxy-authorization range referer schedule-reply sec-fetch-site timeout
    transfer-encoding translate x-expected-entity-length x-oc-mtime
    """.split()
)


def parse_head(data: bytes, limits: WireLimits = DEFAULT_LIMITS) -> Head:
    """Read a complete head: `data` begins with the request line and ends with the blank line.

    Raises WireError: 414 and 431 beyond the limits, 400 for what is malformed or ambiguous, 417 for an unknown
    expectation, 501 for an unknown transfer coding, 505 for another major or minor version. Methods are not judged.
    """
    if len(data) > limits.request_line or len(data) > limits.header_bytes:
        check_size(data, limits)
    match = _HEAD.fullmatch(data.decode("latin-1"))
    if match is None:
        _refuse(data)
    method, target, minor, section = match.groups()
    lines = section.split("\r\n")
    lines.pop()
    if len(lines) > limits.header_count:
        raise WireError(431, "too many header fields")
    headers: dict[str, str] = {}
    for line in lines:
        name, value = line.split(":", 1)
        name = name.lower()
        value = value.strip(" \t")
        if name in headers:
            # "a sender MUST NOT generate multiple field lines with the same name in a message [...] unless that
            # field's definition allows multiple field line values to be recombined as a comma-separated list".
            if name in SINGLETONS:
                raise WireError(400, f"more than one {name} field")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    version = 11 if minor == "1" else 10
    host = _host(headers.get("host"), version)
    scheme: str | None = None
    if target[0] == "/" and method != "CONNECT":
        path, _, query = target.partition("?")
    else:
        host, path, query, scheme = _other_target(method, target, host)
    length: int | None = 0
    if "content-length" in headers or "transfer-encoding" in headers:
        length = _length(headers, version)
    keep_alive = version == 11
    if "connection" in headers:
        keep_alive = _keep_alive(headers["connection"], version)
    expect_continue = False
    if "expect" in headers:
        expect_continue = _expects_continue(headers["expect"], version) and length != 0
    return Head(method, target, version, headers, length, keep_alive, expect_continue, host, path, query, scheme)


def check_size(data: bytes | bytearray, limits: WireLimits, start: int = 0) -> None:
    """Refuse a head, complete or not, that already is too long: WireError 414 for its first line, else 431."""
    size = len(data) - start
    line = limits.request_line + 2
    if size >= line and data.find(b"\r\n", start, start + line) < 0:
        raise WireError(414, "the request line is too long")
    if size > limits.header_bytes:
        raise WireError(431, "the head is too long")


def check_request_line(line: bytes) -> None:
    """Refuse a request line, without its CRLF, that no header section could make acceptable.

    Raises WireError 505 for a version that is well formed but neither 1.0 nor 1.1, 400 for anything else.
    """
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise WireError(400, "a malformed request line")
    # RFC 9112 has no fragment in any form of request target.
    if b"#" in match[1]:
        raise WireError(400, "a fragment in the request target")
    if match[2] != b"1" or match[3] not in (b"0", b"1"):
        raise WireError(505, "an HTTP version other than 1.0 and 1.1")


def parse_fields(section: bytes, count: int, detail: str) -> dict[str, str]:
    """Read field lines, each with its CRLF, by lower-case name; repeats are joined.

    Raises WireError 400 when a line is malformed, 431 for more than `count` lines; `detail` names the section.
    """
    text = section.decode("latin-1")
    if _FIELD_SECTION.fullmatch(text) is None:
        raise WireError(400, f"a malformed field line in the {detail}")
    lines = text.split("\r\n")
    lines.pop()
    if len(lines) > count:
        raise WireError(431, f"too many fields in the {detail}")
    fields: dict[str, str] = {}
    for line in lines:
        name, value = line.split(":", 1)
        name = name.lower()
        value = value.strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _refuse(data: bytes) -> NoReturn:
    """Say why the whole-head expression did not match."""
    line, _, section = data.partition(b"\r\n")
    check_request_line(line)
    if b"\r\n " in data or b"\r\n\t" in data:
        # "A server that receives an obs-fold in a request message [...] MUST either reject the message by sending a
        # 400 (Bad Request) [...] or replace each received obs-fold".
        raise WireError(400, "a folded header line")
    # "A server MUST reject, with a response status code of 400 (Bad Request), any received request message that
    # contains whitespace between a header field name and colon"; the rest of the grammar fails in the same way.
    raise WireError(400, "a malformed header line" if section else "an unfinished head")


def _length(headers: dict[str, str], version: int) -> int | None:
    coding = headers.get("transfer-encoding")
    text = headers.get("content-length")
    if coding is None:
        text = text or ""
        # str.isdecimal is exact here: the only decimals of latin-1 are 0-9 (str.isdigit would take superscripts).
        if not text.isdecimal() or len(text) > 18:
            raise WireError(400, "a malformed Content-Length")
        return int(text)
    # "A server MAY reject a request that contains both Content-Length and Transfer-Encoding": a proxy before us may
    # have believed the other one.
    if text is not None:
        raise WireError(400, "both Content-Length and Transfer-Encoding")
    # "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding header field MUST treat the
    # message as if the framing is faulty".
    if version == 10:
        raise WireError(400, "Transfer-Encoding in HTTP/1.0")
    if coding == "chunked" or coding.lower() == "chunked":
        return None
    codings = [item.strip(" \t").lower() for item in coding.split(",")]
    # "If a Transfer-Encoding header field is present in a request and the chunked transfer coding is not the final
    # encoding [...] the server MUST respond with the 400 (Bad Request) status code and then close the connection."
    if codings[-1] != "chunked" or "chunked" in codings[:-1]:
        raise WireError(400, "chunked is not the final transfer coding")
    # "A server that receives a request message with a transfer coding it does not understand SHOULD respond with 501".
    raise WireError(501, "a transfer coding other than chunked")


@lru_cache(maxsize=256)
def _keep_alive(connection: str, version: int) -> bool:
    options = [option.strip(" \t") for option in connection.lower().split(",")]
    if "close" in options:
        return False
    return version == 11 or "keep-alive" in options


def _expects_continue(expectation: str, version: int) -> bool:
    # "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that expectation."
    if version == 10:
        return False
    if expectation.lower() != "100-continue":
        # "A server that receives an Expect field value containing a member other than 100-continue MAY respond with a
        # 417 (Expectation Failed) status code".
        raise WireError(417, "an unknown expectation")
    return True


@lru_cache(maxsize=512)
def _authority(text: str) -> str | None:
    """The authority in lower case, without an empty port; None when it is not one an HTTP URI can have."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    host, literal, port = match.groups()
    if literal is not None:
        try:
            IPv6Address(literal)
        except ValueError:
            return None
    if not port:
        return str(host).lower()
    return text.lower() if int(port) < 65536 else None


def _host(field: str | None, version: int) -> str:
    """The authority that `Host` names; empty when an HTTP/1.0 request has none."""
    if field is None:
        if version == 10:
            return ""
        # "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host
        # header field and to any request message that contains more than one Host header field line or a Host header
        # field with an invalid field value."
        raise WireError(400, "no Host field")
    host = _authority(field)
    if host is None:
        raise WireError(400, "an invalid Host field")
    return host


def _other_target(method: str, target: str, host: str) -> tuple[str, str, str, str | None]:
    """Host, path, query and scheme of a request target that is not in origin-form."""
    if method == "CONNECT":
        authority = _authority(target)
        if authority is None or not authority.rpartition(":")[2].isdecimal():
            raise WireError(400, "CONNECT without an authority")
        return authority, "", "", None
    if target == "*":
        # "The asterisk-form of request-target is only used for a server-wide OPTIONS request".
        if method != "OPTIONS":
            raise WireError(400, "an asterisk target on a method other than OPTIONS")
        return host, "*", "", None
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise WireError(400, "a request target in no known form")
    # "When an origin server receives a request with an absolute-form of request-target, the origin server MUST ignore
    # the received Host header field (if any) and instead use the host information of the request-target."
    authority = _authority(match[2])
    if authority is None:
        raise WireError(400, "an invalid authority in the request target")
    path = match[3]
    if not path:
        # An OPTIONS for a URI with neither path nor query is what a proxy would pass on as "*".
        path = "*" if method == "OPTIONS" and match[4] is None else "/"
    return authority, path, match[4] or "", match[1].lower()
