"""Properties of address books.

Verifies: RFC 6352, 6.2, 8.3.1
"""

from __future__ import annotations

from lxml import etree

from davd.carddav.settings import CardDavSettings
from tests.carddav.trial import BOOK, HOME, NAMES, BookTrial, card

C = "{urn:ietf:params:xml:ns:carddav}"
NAMED = (
    b'<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:prop><C:addressbook-description/>'
    b"<C:supported-address-data/><C:max-resource-size/><C:supported-collation-set/><D:resourcetype/></D:prop>"
    b"</D:propfind>"
)


def found(trial: BookTrial, path: str, body: bytes = NAMED) -> etree._Element:
    return etree.fromstring(trial.read(trial.request("PROPFIND", path, {"Depth": "0"}, body)))


class TestBook:
    """Verifies: RFC 6352, 5.2, 6.2.1, 6.2.2, 6.2.3, 8.3.1"""

    def test_what_it_tells(self) -> None:
        told = found(BookTrial(CardDavSettings(max_resource_size=4096)), BOOK)
        assert told.findtext(f".//{C}max-resource-size") == "4096"
        data = [(each.get("content-type"), each.get("version")) for each in told.iter(f"{C}address-data-type")]
        assert data == [("text/vcard", "3.0"), ("text/vcard", "4.0"), ("application/vcard+json", "4.0")]
        collations = {each.text for each in told.iter(f"{C}supported-collation")}
        assert {"i;ascii-casemap", "i;unicode-casemap", "i;octet"} == collations
        assert [each.tag for each in told.find(".//D:resourcetype", NAMES)] == ["{DAV:}collection", f"{C}addressbook"]

    def test_others_have_none_of_it(self) -> None:
        told = found(BookTrial(), HOME)
        (held,) = [each for each in told.iter("{DAV:}propstat") if "200" in (each.findtext("{DAV:}status") or "")]
        assert [each.tag for each in held[0]] == ["{DAV:}resourcetype"] and not list(held.iter(f"{C}*"))

    def test_none_of_it_is_in_allprop(self) -> None:
        trial = BookTrial()
        trial.request("PROPPATCH", BOOK, {}, _description("en", "Mine"))
        assert [each.tag for each in found(trial, BOOK, b"").iter(f"{C}*")] == [f"{C}addressbook"]

    def test_a_description_keeps_its_language(self) -> None:
        trial = BookTrial()
        assert trial.request("PROPPATCH", BOOK, {}, _description("fr-CA", "Adresses de Oliver Daboo")).status == 207
        told = found(trial, BOOK).find(f".//{C}addressbook-description")
        assert told.text == "Adresses de Oliver Daboo"
        assert told.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr-CA"

    def test_limits_are_protected(self) -> None:
        body = _description("en", "1").replace(b"addressbook-description", b"max-resource-size")
        trial = BookTrial()
        assert b"403" in trial.read(trial.request("PROPPATCH", BOOK, {}, body))


def _description(language: str, text: str) -> bytes:
    return (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>'
        f'<C:addressbook-description xml:lang="{language}">{text}</C:addressbook-description>'
        "</D:prop></D:set></D:propertyupdate>"
    ).encode()


class TestMaking:
    """Verifies: RFC 6352, 6.3.1, 6.3.1.1; RFC 5689, 3"""

    def test_a_book_with_its_properties(self) -> None:
        trial = BookTrial()
        properties = (
            "<D:displayname>Lisa's Contacts</D:displayname>"
            '<C:addressbook-description xml:lang="en">My primary address book.</C:addressbook-description>'
        )
        assert trial.make_book("addressbook", properties).status == 201
        told = found(trial, HOME + "addressbook/")
        assert told.findtext(f".//{C}addressbook-description") == "My primary address book."
        assert told.find(f".//{C}addressbook") is not None

    def test_books_do_not_nest(self) -> None:
        trial = BookTrial()
        response = trial.make_book("contacts/inner")
        assert response.status == 403 and b"valid-resourcetype" in trial.read(response)
        assert trial.request("MKCOL", HOME + "folder/").status == 201
        assert trial.make_book("folder/inner").status == 201

    def test_options_tell_of_address_books(self) -> None:
        for path in ("/", HOME, BOOK):
            assert "addressbook" in BookTrial().request("OPTIONS", path).headers["DAV"].split(", ")

    def test_the_report_of_changes_works_on_books(self) -> None:
        trial = BookTrial()
        trial.fill(a=card(uid="1"))
        body = '<sync-collection xmlns="DAV:"><sync-token>{}</sync-token><sync-level>1</sync-level><prop/>'
        body += "</sync-collection>"

        def changed(token: str) -> tuple[list[str], str]:
            found = etree.fromstring(
                trial.read(trial.request("REPORT", BOOK, {"Depth": "0"}, body.format(token).encode()))
            )
            return [href.text or "" for href in found.iter("{DAV:}href")], found.findtext("{DAV:}sync-token") or ""

        first, token = changed("")
        trial.fill(b=card(uid="2"))
        assert first == [BOOK + "a.vcf"] and changed(token)[0] == [BOOK + "b.vcf"]
