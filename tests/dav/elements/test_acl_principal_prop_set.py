"""The body of acl-principal-prop-set.

Verifies: RFC 3744, 9.2
"""

from __future__ import annotations

import pytest

from davd.dav.elements.acl_principal_prop_set import parse_acl_principal_prop_set
from davd.model.errors import HTTPError


def body(content: str) -> bytes:
    return f'<acl-principal-prop-set xmlns="DAV:">{content}</acl-principal-prop-set>'.encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<prop><displayname/></prop>", ("{DAV:}displayname",)),
        ('<x xmlns="urn:x"/><prop/>', ()),
        ("<other/>", None),
        ("", None),
    ],
)
def test_each_form(content: str, expected: tuple[str, ...] | None) -> None:
    assert parse_acl_principal_prop_set(body(content)) == expected


@pytest.mark.parametrize("source", [b"", b'<other xmlns="DAV:"/>', body("<prop/><prop/>")])
def test_what_is_refused(source: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        parse_acl_principal_prop_set(source)
    assert caught.value.status == 400
