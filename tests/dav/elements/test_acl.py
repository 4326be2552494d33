"""The body of ACL.

Verifies: RFC 3744, 5.5, 8.1
"""

from __future__ import annotations

import pytest

from davd.dav.elements.acl import HREF, MAX_ACES, PROPERTY, RequestedAce, parse_acl
from davd.model.errors import HTTPError

GRANT = "<grant><privilege><read/></privilege></grant>"
SELF = "<principal><self/></principal>"


def body(*aces: str) -> bytes:
    held = "".join([f"<ace>{ace}</ace>" for ace in aces])
    return f'<acl xmlns="DAV:" xmlns:x="urn:x">{held}</acl>'.encode()


class TestParse:
    """Verifies: RFC 3744, 5.5, 5.5.1, 5.5.2"""

    @pytest.mark.parametrize(
        ("ace", "expected"),
        [
            (f"<principal><href> /p/ </href></principal>{GRANT}", RequestedAce(HREF, "/p/", ("{DAV:}read",))),
            (f"{SELF}{GRANT}", RequestedAce("{DAV:}self", "", ("{DAV:}read",))),
            (
                f"<principal><property><owner/></property></principal>{GRANT}",
                RequestedAce(PROPERTY, "{DAV:}owner", ("{DAV:}read",)),
            ),
            (
                f"{SELF}<deny><privilege><x:y/></privilege><privilege><all/></privilege></deny>",
                RequestedAce("{DAV:}self", "", ("{urn:x}y", "{DAV:}all"), grants=False),
            ),
            (f"<invert>{SELF}</invert>{GRANT}", RequestedAce("{DAV:}self", "", ("{DAV:}read",), inverted=True)),
            (
                f"{SELF}{GRANT}<protected/><inherited><href>/</href></inherited>",
                RequestedAce("{DAV:}self", "", ("{DAV:}read",), protected=True, inherited=True),
            ),
            # RFC 4918, 17: what is not known is ignored.
            (f"<x:y/>{SELF}<x:y/>{GRANT}", RequestedAce("{DAV:}self", "", ("{DAV:}read",))),
            (f"<principal><x:y/><all/></principal>{GRANT}", RequestedAce("{DAV:}all", "", ("{DAV:}read",))),
            (
                f"{SELF}<grant><privilege><read/></privilege><privilege><read/></privilege></grant>",
                RequestedAce("{DAV:}self", "", ("{DAV:}read",)),
            ),
        ],
    )
    def test_each_form(self, ace: str, expected: RequestedAce) -> None:
        assert parse_acl(body(ace)) == (expected,)

    def test_order_is_kept(self) -> None:
        found = parse_acl(body(f"{SELF}{GRANT}", f"<principal><all/></principal>{GRANT}"))
        assert [ace.subject for ace in found] == ["{DAV:}self", "{DAV:}all"]

    def test_an_empty_list(self) -> None:
        assert parse_acl(body()) == ()

    @pytest.mark.parametrize(
        "source",
        [
            b"",
            b'<other xmlns="DAV:"/>',
            body(SELF),
            body(GRANT),
            body(SELF * 2 + GRANT),
            body(SELF + GRANT * 2),
            body(SELF + GRANT + "<deny><privilege><read/></privilege></deny>"),
            body(f"{SELF}<invert>{SELF}</invert>{GRANT}"),
            body(f"<invert/>{GRANT}"),
            body(f"<principal/>{GRANT}"),
            body(f"<principal><self/><all/></principal>{GRANT}"),
            body(f"<principal><property/></principal>{GRANT}"),
            body(f"<principal><property><owner/><group/></property></principal>{GRANT}"),
            body(f"{SELF}<grant/>"),
            body(f"{SELF}<grant><read/></grant>"),
            body(f"{SELF}<grant><privilege/></grant>"),
            body(f"{SELF}<grant><privilege><read/><write/></privilege></grant>"),
            body(f"{SELF}<grant>{'<privilege><read/></privilege>' * 101}</grant>"),
            body(*[SELF + GRANT] * (MAX_ACES + 1)),
        ],
    )
    def test_what_is_refused(self, source: bytes) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_acl(source)
        assert caught.value.status == 400
