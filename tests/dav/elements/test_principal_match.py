"""The body of principal-match.

Verifies: RFC 3744, 9.3
"""

from __future__ import annotations

import pytest

from davd.dav.elements.principal_match import PrincipalMatch, parse_principal_match
from davd.model.errors import HTTPError

OWNER = "<principal-property><owner/></principal-property>"


def body(content: str) -> bytes:
    return f'<principal-match xmlns="DAV:">{content}</principal-match>'.encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<self/>", PrincipalMatch(None, None)),
        (OWNER, PrincipalMatch("{DAV:}owner", None)),
        (OWNER + "<prop><getetag/></prop>", PrincipalMatch("{DAV:}owner", ("{DAV:}getetag",))),
        ('<x xmlns="urn:x"/><self/><prop/>', PrincipalMatch(None, ())),
    ],
)
def test_each_form(content: str, expected: PrincipalMatch) -> None:
    assert parse_principal_match(body(content)) == expected


@pytest.mark.parametrize(
    "source",
    [b"", b'<other xmlns="DAV:"/>', body(""), body("<prop/>"), body(f"<self/>{OWNER}"), body("<principal-property/>"),
     body("<principal-property><a/><b/></principal-property>"), body("<self/><prop/><prop/>")],
)  # fmt: skip
def test_what_is_refused(source: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_principal_match(source)
    assert caught.value.status == 400
