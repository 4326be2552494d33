"""A store with address books for two users, and requests to it."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from davd.carddav.extension import make
from davd.carddav.settings import CardDavSettings
from davd.http.response import Response
from davd.testing.exchange import Trial

HOME = "/addressbooks/alice/"
BOOK = "/addressbooks/alice/contacts/"
NAMES = {"D": "DAV:", "C": "urn:ietf:params:xml:ns:carddav"}
VCARD = {"Content-Type": "text/vcard"}
OPENING = '<C:{0} xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{1}</C:{0}>'


class BookTrial(Trial):
    """`BOOK` is alice's default address book, which is empty at first."""

    def __init__(self, settings: CardDavSettings | None = None) -> None:
        super().__init__(make(settings or CardDavSettings()))

    def put(self, name: str, card: bytes, headers: Mapping[str, str] | None = None) -> Response:
        """The answer to PUT of a card into `BOOK`."""
        return self.request("PUT", BOOK + name, VCARD | dict(headers or {}), card)

    def fill(self, **cards: bytes) -> None:
        """Put each card into `BOOK` as NAME.vcf."""
        for name, card in cards.items():
            assert self.put(f"{name}.vcf", card).status == 201

    def make_book(self, name: str, properties: str = "") -> Response:
        """The answer to an extended MKCOL of another address book of alice's, with these children of DAV:prop."""
        body = (
            '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype>'
            f"<D:collection/><C:addressbook/></D:resourcetype>{properties}</D:prop></D:set></D:mkcol>"
        )
        return self.request("MKCOL", f"{HOME}{name}/", {"Content-Type": "application/xml"}, body.encode())

    def report(
        self, name: str, body: str, path: str = BOOK, depth: str | None = "1", user: str = "alice"
    ) -> tuple[int, etree._Element]:
        """Status and document of the answer to a report called `name` whose root element holds `body`."""
        headers = {"Content-Type": "application/xml"} | ({} if depth is None else {"Depth": depth})
        response = self.request("REPORT", path, headers, OPENING.format(name, body).encode(), user)
        body = self.read(response)
        return response.status, etree.fromstring(body if body.startswith(b"<?xml") else b"<none/>")

    def query(self, filter: str, rest: str = "", wanted: str = "<D:getetag/>") -> list[str]:
        """The names, without their ending, of the cards that match the children of a filter element."""
        status, found = self.report("addressbook-query", f"<D:prop>{wanted}</D:prop>{filter}{rest}")
        assert status == 207
        hrefs = [element.text or "" for element in found.iterfind("D:response[D:propstat]/D:href", NAMES)]
        return sorted([href.removeprefix(BOOK).removesuffix(".vcf") for href in hrefs])


def data_of(found: etree._Element) -> list[str]:
    """The address data in a multistatus, in order."""
    return [element.text or "" for element in found.iterfind(".//C:address-data", NAMES)]


def card(*lines: str, uid: str = "", version: str = "3.0") -> bytes:
    """A vCard with these properties; FN is there in any case."""
    own = [] if any(line.startswith("FN") for line in lines) else ["FN:x"]
    text = "\r\n".join(
        ["BEGIN:VCARD", f"VERSION:{version}", *([f"UID:{uid}"] if uid else []), *own, *lines, "END:VCARD", ""]
    )
    return text.encode()
