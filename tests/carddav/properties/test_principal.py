"""Where a principal's address books are.

Verifies: RFC 6352, 7.1
"""

from __future__ import annotations

from lxml import etree

from davd.carddav.settings import CardDavSettings
from davd.dav.settings import DavSettings
from tests.carddav.trial import BOOK, HOME, BookTrial

C = "{urn:ietf:params:xml:ns:carddav}"
ALICE = "/principals/users/alice/"
BODY = (
    b'<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><C:addressbook-home-set/>'
    b"<C:principal-address/><C:directory-gateway/></D:prop></D:propfind>"
)


def told(trial: BookTrial, path: str = ALICE) -> dict[str, list[str]]:
    """The hrefs in each property that is there."""
    root = etree.fromstring(trial.read(trial.request("PROPFIND", path, {"Depth": "0"}, BODY)))
    return {
        etree.QName(found).localname: [href.text or "" for href in found.iter("{DAV:}href")]
        for propstat in root.iter("{DAV:}propstat")
        if "200" in (propstat.findtext("{DAV:}status") or "")
        for found in propstat.find("{DAV:}prop")
    }


class TestPrincipal:
    """Verifies: RFC 6352, 7.1.1, 7.1.2"""

    def test_one_home(self) -> None:
        assert told(BookTrial()) == {"addressbook-home-set": [HOME]}
        assert told(BookTrial(), HOME) == {}

    def test_with_a_prefix(self) -> None:
        trial = BookTrial(CardDavSettings(directories=["/addressbooks/all/"]))
        trial.settings = DavSettings(prefix="/dav")
        found = told(trial, "/dav" + ALICE)
        assert found == {"addressbook-home-set": ["/dav" + HOME], "directory-gateway": ["/dav/addressbooks/all/"]}

    def test_directories(self) -> None:
        trial = BookTrial(CardDavSettings(directories=["/directory/", "/addressbooks/all/"]))
        assert told(trial)["directory-gateway"] == ["/directory/", "/addressbooks/all/"]

    def test_the_own_card(self) -> None:
        trial = BookTrial()

        def patch(inside: str) -> bytes:
            body = (
                '<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>'
                f"<C:principal-address>{inside}</C:principal-address></D:prop></D:set></D:propertyupdate>"
            )
            return trial.read(trial.request("PROPPATCH", ALICE, {}, body.encode()))

        for wrong in ("", "text", "<D:href/>", "<D:href>a</D:href><D:href>b</D:href>"):
            assert b"409" in patch(wrong)
        assert b"200" in patch(f"<D:href>{BOOK}me.vcf</D:href>")
        assert told(trial)["principal-address"] == [BOOK + "me.vcf"]
