"""The PROXY protocol.

Verifies: PROXY protocol, 2.1, 2.2
"""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.wire.head import WireError
from davd.http.wire.proxy import ProxyHeader, ProxyReader

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_V4 = ip_address("192.0.2.7").packed + ip_address("198.51.100.1").packed + (40000).to_bytes(2, "big") + b"\x01\xbb"
_V6 = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + (40000).to_bytes(2, "big") + b"\x01\xbb"


def _v2(command: int, family: int, block: bytes) -> bytes:
    return _SIGNATURE + bytes([command, family]) + len(block).to_bytes(2, "big") + block


_GOOD = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n", ("192.0.2.7", 40000), ("198.51.100.1", 443)),
    (b"PROXY TCP6 2001:DB8::7 2001:db8:0::1 0 65535\r\n", ("2001:db8::7", 0), ("2001:db8::1", 65535)),
    (b"PROXY UNKNOWN\r\n", None, None),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, None),
    (_v2(0x21, 0x11, _V4), ("192.0.2.7", 40000), ("198.51.100.1", 443)),
    (_v2(0x21, 0x11, _V4 + b"\x04\0\x02xx"), ("192.0.2.7", 40000), ("198.51.100.1", 443)),
    (_v2(0x21, 0x21, _V6 + bytes(484)), ("2001:db8::7", 40000), ("2001:db8::1", 443)),
    (_v2(0x21, 0x31, bytes(216)), None, None),
    (_v2(0x21, 0x00, b""), None, None),
    (_v2(0x20, 0x00, b""), None, None),
    (_v2(0x20, 0x11, b"junk"), None, None),
]

_BAD = [
    b"GET / HTTP/1.1\r\n",
    b"PROXY \r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\n",
    b"PROXY TCP4  192.0.2.7 198.51.100.1 40000 443\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 \r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n",
    b"PROXY TCP4 192.0.2.256 198.51.100.1 40000 443\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 040 443\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 +40 443\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
    b"PROXY TCP6 192.0.2.7 198.51.100.1 40000 443\r\n",
    b"PROXY TCP6 fe80::1%eth0 2001:db8::1 1 2\r\n",
    b"PROXY UDP4 192.0.2.7 198.51.100.1 40000 443\r\n",
    b"PROXY UNKNOWNx\r\n",
    b"PROXY UNKNOWN a\x00\r\n",
    b"PROXY UNKNOWN " + b"a" * 100,
    _SIGNATURE[:-1] + b"\r",
    _v2(0x11, 0x11, _V4),
    _v2(0x22, 0x11, _V4),
    _v2(0x21, 0x12, _V4),
    _v2(0x21, 0x41, _V4),
    _v2(0x21, 0x11, _V4[:-1]),
    _v2(0x21, 0x21, _V4),
    _v2(0x21, 0x21, _V6 + bytes(485)),
]


@pytest.mark.parametrize(("data", "source", "destination"), _GOOD)
def test_good_headers(data: bytes, source: tuple[str, int] | None, destination: tuple[str, int] | None) -> None:
    header = ProxyHeader(source, destination, b"GET")
    assert ProxyReader().feed(data + b"GET") == header
    for cut in range(1, len(data)):
        reader = ProxyReader()
        assert reader.feed(data[:cut]) is None
        assert reader.feed(data[cut:] + b"GET") == header


@pytest.mark.parametrize("data", _BAD)
def test_bad_headers(data: bytes) -> None:
    with pytest.raises(WireError):
        ProxyReader().feed(data)
    reader = ProxyReader()
    with pytest.raises(WireError):
        for byte in data:
            reader.feed(bytes([byte]))


@given(st.binary(max_size=600), st.sampled_from([b"", b"PROXY ", _SIGNATURE, _SIGNATURE + b"\x21\x11"]))
def test_no_bytes_do_anything_else(data: bytes, start: bytes) -> None:
    try:
        header = ProxyReader().feed(start + data)
    except WireError:
        return
    assert header is not None or len(start + data) < 536
