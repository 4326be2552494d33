"""The PROXY protocol, versions 1 and 2: who the client of a proxied connection is, told before its first byte.

Implements: PROXY protocol, 2.1, 2.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from davd.http.wire.head import WireError

Address = tuple[str, int]

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_V1_START: Final = b"PROXY "
# The longest possible line of version 1, its CRLF included.
_V1_LIMIT: Final = 107
# Sixteen bytes of fixed header, and room for addresses and extensions that no proxy exceeds in practice.
_V2_LIMIT: Final = 536
_V2_FIXED: Final = 16

_PORT: Final = rb"(0|[1-9][0-9]{0,4}+)"
_V1_LINE: Final = re.compile(
    rb"PROXY (?:UNKNOWN(?: [\x20-\x7e]*+)?+|(TCP4|TCP6) ([0-9A-Fa-f:.]{2,45}+) ([0-9A-Fa-f:.]{2,45}+) "
    + _PORT
    + rb" "
    + _PORT
    + rb")"
)


@dataclass(slots=True)
class ProxyHeader:
    """What the proxy said.

    `source` and `destination` are the client's end of the connection and the one it connected to, as (address, port);
    None when the proxy speaks for itself (health checks) or does not know. `rest` is what followed the header.
    """

    source: Address | None
    destination: Address | None
    rest: bytes


class ProxyReader:
    """Reads the one header at the start of a connection; use it only for peers that are trusted proxies."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> ProxyHeader | None:
        """Take bytes; the header once it is complete, else None.

        Raises WireError 400 for anything that is no header: the receiver "MUST not try to guess whether the protocol
        header is present or not", so there is nothing left but to drop the connection.
        """
        # At most 535 bytes are ever kept, so appending costs nothing worth a better structure.
        self._buffer = buffer = self._buffer + data
        if buffer.startswith(_SIGNATURE):
            return _read_v2(buffer)
        if buffer.startswith(_V1_START):
            return _read_v1(buffer)
        if _SIGNATURE.startswith(buffer) or _V1_START.startswith(buffer):
            return None
        raise WireError(400, "no PROXY protocol header")


def _read_v1(buffer: bytes) -> ProxyHeader | None:
    end = buffer.find(b"\r\n", 0, _V1_LIMIT)
    if end < 0:
        if len(buffer) >= _V1_LIMIT or b"\n" in buffer:
            raise WireError(400, "a malformed or too long PROXY line")
        return None
    match = _V1_LINE.fullmatch(buffer, 0, end)
    if match is None:
        raise WireError(400, "a malformed PROXY line")
    rest = buffer[end + 2 :]
    family, source, destination, source_port, destination_port = match.groups()
    if family is None:
        return ProxyHeader(None, None, rest)
    kind = IPv4Address if family == b"TCP4" else IPv6Address
    ports = int(source_port), int(destination_port)
    if max(ports) > 65535:
        raise WireError(400, "a PROXY line with an impossible port")
    try:
        addresses = str(kind(source.decode("ascii"))), str(kind(destination.decode("ascii")))
    except ValueError:
        raise WireError(400, "a PROXY line with a malformed address") from None
    return ProxyHeader((addresses[0], ports[0]), (addresses[1], ports[1]), rest)


def _read_v2(buffer: bytes) -> ProxyHeader | None:
    if len(buffer) < _V2_FIXED:
        return None
    command, family = buffer[12], buffer[13]
    end = _V2_FIXED + int.from_bytes(buffer[14:16], "big")
    if command not in (0x20, 0x21):
        raise WireError(400, "a PROXY header with an unknown version or command")
    if end > _V2_LIMIT:
        raise WireError(400, "a PROXY header that is too long")
    if len(buffer) < end:
        return None
    rest = buffer[end:]
    # LOCAL: "the receiver must accept this connection as valid and must use the real connection endpoints and discard
    # the protocol block including the family which is ignored". The same is right for UNSPEC and UNIX addresses.
    if command == 0x20 or family in (0x00, 0x31):
        return ProxyHeader(None, None, rest)
    if family == 0x11:
        return _endpoints(buffer, end, 4, rest)
    if family == 0x21:
        return _endpoints(buffer, end, 16, rest)
    raise WireError(400, "a PROXY header for a transport that is no stream")


def _endpoints(buffer: bytes, end: int, size: int, rest: bytes) -> ProxyHeader:
    first = _V2_FIXED
    second = first + size
    ports = second + size
    if end < ports + 4:
        raise WireError(400, "a PROXY header shorter than its addresses")
    kind = IPv4Address if size == 4 else IPv6Address
    source = str(kind(buffer[first:second])), int.from_bytes(buffer[ports : ports + 2], "big")
    destination = str(kind(buffer[second:ports])), int.from_bytes(buffer[ports + 2 : ports + 4], "big")
    return ProxyHeader(source, destination, rest)
