"""The body of LOCK.

Verifies: RFC 4918, 9.10.1, 11.2, 14.11, 14.13, 14.15, 14.17
"""

from __future__ import annotations

import pytest

from davd.dav.elements.lockinfo import LockInfo, parse_lockinfo
from davd.model.errors import HTTPError
from davd.model.lock import EXCLUSIVE, SHARED

SCOPE = "<D:lockscope><D:exclusive/></D:lockscope>"
TYPE = "<D:locktype><D:write/></D:locktype>"


def body(content: str) -> bytes:
    return f'<D:lockinfo xmlns:D="DAV:">{content}</D:lockinfo>'.encode()


def test_scopes() -> None:
    assert parse_lockinfo(body(TYPE + SCOPE)) == LockInfo(EXCLUSIVE)
    assert parse_lockinfo(body(SCOPE.replace("exclusive", "shared") + TYPE)) == LockInfo(SHARED)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("<D:owner/>", b'<D:owner xmlns:D="DAV:"/>'),
        (
            "<D:owner>\n <D:href>http://example.org/~ejw</D:href> <x y='1'>me</x></D:owner>",
            b'<D:owner xmlns:D="DAV:">\n <D:href>http://example.org/~ejw</D:href> <x y="1">me</x></D:owner>',
        ),
        ("<owner xmlns='DAV:' xml:lang='en'>litmus</owner>", b'<owner xmlns="DAV:" xml:lang="en">litmus</owner>'),
    ],
)
def test_the_owner_is_kept(sent: str, kept: bytes) -> None:
    assert parse_lockinfo(body(SCOPE + TYPE + sent)).owner == kept


@pytest.mark.parametrize(
    "content",
    [
        "",
        SCOPE,
        TYPE,
        SCOPE + "<D:locktype/>",
        TYPE + "<D:lockscope/>",
        SCOPE + SCOPE + TYPE,
        "<D:lockscope><D:exclusive/><D:shared/></D:lockscope>" + TYPE,
        SCOPE + TYPE + "<D:owner/><D:owner/>",
    ],
)
def test_what_is_malformed_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_lockinfo(body(content))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "content",
    [
        SCOPE.replace("exclusive", "local") + TYPE,
        SCOPE + TYPE.replace("write", "read"),
        SCOPE + TYPE[:12] + "><write/></D:locktype>",
    ],
)
def test_what_is_unknown_is_422(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_lockinfo(body(content))
    assert caught.value.status == 422


@pytest.mark.parametrize("other", [b"", b"<lockinfo/>", b'<propfind xmlns="DAV:"/>'])
def test_what_is_no_lockinfo_is_400(other: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_lockinfo(other)
    assert caught.value.status == 400
