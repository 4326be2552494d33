"""Content coding of answers in one, several and unknown pieces.

Verifies: RFC 9110, 8.4, 12.5.3, 12.5.5
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from davd.application import encoding
from davd.http.body import Body
from davd.http.request import Request
from davd.http.response import Response
from davd.testing.exchange import run

XML = b"<x>" + b"repeated " * 1000 + b"</x>"


async def _pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(XML), 1000):
        yield XML[start : start + 1000]


async def _joined(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, list):
        return b"".join(body)
    return b"".join([piece async for piece in body])


@pytest.mark.parametrize("kind", ["whole", "list", "stream"])
@pytest.mark.parametrize("accepted", [None, "gzip", "identity"])
def test_whoever_takes_gzip_gets_it(kind: str, accepted: str | None) -> None:
    bodies = {"whole": XML, "list": [XML[:4000], b"", XML[4000:]], "stream": _pieces()}
    response = Response(207, {"Content-Type": "application/xml; charset=utf-8"}, bodies[kind])  # type: ignore[arg-type]
    headers = {} if accepted is None else {"accept-encoding": accepted}
    encoding.encode(Request("PROPFIND", "/", "", headers, Body()), response)
    assert response.headers["Vary"] == "Accept-Encoding"
    received = run(_joined(response.body))
    if accepted == "gzip":
        assert response.headers["Content-Encoding"] == "gzip"
        assert len(received) < len(XML) / 10
        received = gzip.decompress(received)
    assert ("Content-Encoding" in response.headers) == (accepted == "gzip")
    assert received == XML


def test_what_it_depended_on_before_stays() -> None:
    response = Response(200, {"Content-Type": "text/calendar", "Vary": "Accept", "ETag": 'W/"1"'}, XML)
    encoding.encode(Request("GET", "/", "", {"accept-encoding": "gzip"}, Body()), response)
    assert (response.headers["Vary"], response.headers["Content-Encoding"]) == ("Accept, Accept-Encoding", "gzip")
