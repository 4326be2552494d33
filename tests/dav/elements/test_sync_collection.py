"""The body of the sync-collection report.

Verifies: RFC 6578, 3.2, 3.3, 3.7, 6.1, 6.2, 6.3, A; RFC 5323, 5.17
"""

from __future__ import annotations

import pytest

from davd.dav.elements.sync_collection import SyncCollection, parse_sync_collection
from davd.model.errors import HTTPError

PROP = "<D:prop><D:getetag/></D:prop>"
TOKEN = "<D:sync-token/>"
LEVEL = "<D:sync-level>1</D:sync-level>"


def body(content: str) -> bytes:
    return f'<D:sync-collection xmlns:D="DAV:">{content}</D:sync-collection>'.encode()


def limit(text: str) -> str:
    return f"<D:limit><D:nresults>{text}</D:nresults></D:limit>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (TOKEN + LEVEL + PROP, SyncCollection("", "1", None, ("{DAV:}getetag",))),
        (
            "<D:sync-token> urn:x:1\n</D:sync-token><D:sync-level>infinite</D:sync-level><D:prop/>" + limit(" 10 "),
            SyncCollection("urn:x:1", "infinite", 10, ()),
        ),
        (PROP + TOKEN + "<x/>", SyncCollection("", None, None, ("{DAV:}getetag",))),
        (PROP + TOKEN + LEVEL + limit("0"), SyncCollection("", "1", 0, ("{DAV:}getetag",))),
    ],
)
def test_reads(content: str, expected: SyncCollection) -> None:
    assert parse_sync_collection(body(content)) == expected


@pytest.mark.parametrize(
    "content",
    [
        "",
        LEVEL + PROP,
        TOKEN + LEVEL,
        TOKEN + TOKEN + LEVEL + PROP,
        TOKEN + "<D:sync-level>2</D:sync-level>" + PROP,
        TOKEN + "<D:sync-level/>" + PROP,
        TOKEN + "<D:sync-level>infinity</D:sync-level>" + PROP,
        TOKEN + LEVEL + PROP + "<D:limit/>",
        TOKEN + LEVEL + PROP + limit(""),
        TOKEN + LEVEL + PROP + limit("-1"),
        TOKEN + LEVEL + PROP + limit("ten"),
        TOKEN + LEVEL + PROP + limit("1" * 30),
    ],
)
def test_what_is_malformed_is_400(content: str) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_sync_collection(body(content))
    assert caught.value.status == 400


def test_another_root_is_400() -> None:
    with pytest.raises(HTTPError) as caught:
        parse_sync_collection(b'<propfind xmlns="DAV:"/>')
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("level", "depth", "expected"),
    [
        ("1", None, "1"),
        ("1", "0", "1"),
        ("infinite", "0", "infinite"),
        ("1", "1", None),
        ("infinite", "infinity", None),
        (None, "1", "1"),
        (None, "infinity", "infinite"),
        (None, "0", None),
        (None, None, None),
    ],
)
def test_level_and_depth(level: str | None, depth: str | None, expected: str | None) -> None:
    sync = SyncCollection("", level, None, ())
    if expected is not None:
        assert sync.level_at(depth) == expected
        return
    with pytest.raises(HTTPError) as caught:
        sync.level_at(depth)
    assert caught.value.status == 400
