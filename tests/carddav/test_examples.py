"""The examples of RFC 6352.

Verifies: RFC 6352, 6.1.1, 6.2.1, 6.2.2, 6.2.3, 6.3.1.1, 6.3.2, 7.1.1, 7.1.2, 8.3.1
Verifies: RFC 6352, 8.6.3, 8.6.4, 8.6.5, 8.7.1, 8.7.2, 9.4
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from lxml import etree

from davd.carddav.extension import make
from davd.carddav.settings import CardDavSettings
from davd.dav.settings import DavSettings
from davd.model.resource import FILE, NewContent
from davd.testing.exchange import Trial, run
from tests.carddav.trial import BOOK, HOME, BookTrial
from tests.corpus.examples import ADDRESS_DATA, D, Places, check, etags, fragment, load, told
from tests.dav.answers import by_href, prop
from tests.dav.sharing import describe

RFC = "rfc6352"
C = "{urn:ietf:params:xml:ns:carddav}"
PRINCIPAL = "/principals/users/alice/"
PLACES = Places(
    {
        "/addressbooks/users/": HOME,
        "/home/lisa/addressbook/": HOME + "addressbook/",
        "/lisa/addressbook/": BOOK,
        "/home/bernard/addressbook/": BOOK,
        "/bernard/addresses/": HOME,
        "/system/cyrus.vcf": BOOK + "cyrus.vcf",
    }
)
# Properties of the stored cards that the examples do not ask for.
MORE = "N:Daboo;;;;\nNOTE:Not asked for\nTEL;TYPE=WORK,VOICE:412 605 0499\n"


def put(trial: BookTrial, name: str, data: str) -> None:
    """Store a card that an example shows a part of."""
    assert trial.put(name, data.replace("END:VCARD", MORE + "END:VCARD").replace("\n", "\r\n").encode()).status == 201


def filled(printed: str) -> BookTrial:
    """A book with the cards of an answer, and with one that is in no answer."""
    trial = BookTrial()
    for response in etree.fromstring(printed.encode()).findall(D + "response"):
        data = response.findtext(f".//{ADDRESS_DATA}")
        if data is not None:
            put(trial, str(response.findtext(D + "href")).rpartition("/")[2], data)
    put(trial, "other.vcf", "BEGIN:VCARD\nVERSION:3.0\nUID:other\nFN:Another Name\nNICKNAME:met\nEND:VCARD\n")
    return trial


async def store(trial: BookTrial, name: str, content: bytes) -> None:
    """Put a member into the book past all checks, as if it had been there before them."""
    async with trial.store.write() as transaction:
        chain = await transaction.resolve(("addressbooks", "alice", "contacts"))
        new = NewContent(len(content), sha256(content).hexdigest(), content)
        await transaction.create(chain[-1], name, FILE, "alice", trial.now, new, "text/vcard")


def element_of(trial: Trial, path: str, name: str) -> etree._Element:
    answer = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(name)))[path]
    return answer.element(name)


class TestBooks:
    """Verifies: RFC 6352, 6.1.1, 6.2.1, 6.2.2, 6.2.3, 6.3.1.1, 8.3.1"""

    def test_options(self) -> None:
        trial = BookTrial()
        example = load(RFC, "6.1.1")
        response = example.send(trial, PLACES)
        assert response.status == example.status
        # RFC 9110, 9.1: but for GET and HEAD "all other methods are OPTIONAL". PUT and POST make members of a book, not
        # of the collection of books.
        printed = set(example.answer_fields["Allow"].split(", ")) - {"TRACE", "PUT", "POST"}
        assert printed <= set(response.headers["Allow"].split(", "))
        assert set(example.answer_fields["DAV"].split(", ")) <= set(response.headers["DAV"].split(", "))

    def test_mkcol(self) -> None:
        trial = BookTrial()
        example = load(RFC, "6.3.1.1")
        response = example.send(trial, PLACES)
        assert response.status == example.status
        # RFC 5689, 3: "The server MAY return a response body in the case where the request is successful".
        assert trial.read(response) == b""
        book = HOME + "addressbook/"
        assert element_of(trial, book, D + "displayname").text == "Lisa's Contacts"
        kinds = {child.tag for child in element_of(trial, book, D + "resourcetype")}
        assert kinds == {D + "collection", C + "addressbook"}
        description = element_of(trial, book, C + "addressbook-description")
        assert description.text == "My primary address book."
        assert description.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"

    def test_a_description_keeps_its_language(self) -> None:
        trial = BookTrial()
        printed = fragment(RFC, "6.2.1")
        body = f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>{printed}</D:prop></D:set></D:propertyupdate>'
        assert trial.request("PROPPATCH", BOOK, {"Content-Type": "text/xml"}, body.encode()).status == 207
        found = element_of(trial, BOOK, C + "addressbook-description")
        assert told(etree.tostring(found)) == told(printed)

    @pytest.mark.parametrize("section", ["6.2.2", "8.3.1"])
    def test_what_is_supported_is_told_and_more(self, section: str) -> None:
        name, attributes, text, printed = told(fragment(RFC, section))
        found = told(etree.tostring(element_of(BookTrial(), BOOK, name)))
        assert found[:3] == (name, attributes, text)
        # RFC 6352, 8.3: servers "MAY support other collations", and i;octet is one.
        assert all(one in found[3] for one in printed if one[2] != "i;octet")

    def test_the_largest_card(self) -> None:
        trial = Trial(make(CardDavSettings(max_resource_size=102400)))
        assert told(etree.tostring(element_of(trial, BOOK, C + "max-resource-size"))) == told(fragment(RFC, "6.2.3"))


class TestPrincipals:
    """Verifies: RFC 6352, 7.1.1, 7.1.2, 9.4"""

    def test_where_the_books_are(self) -> None:
        found = element_of(BookTrial(), PRINCIPAL, C + "addressbook-home-set")
        assert told(etree.tostring(found)) == told(PLACES(fragment(RFC, "7.1.1")))

    def test_the_address_of_a_principal_is_what_its_user_says(self) -> None:
        # RFC 6352, 7.1.2: the property "MAY be protected if the server provides a fixed location"; here there is none.
        trial = BookTrial()
        printed = PLACES(fragment(RFC, "7.1.2"))
        body = f'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop>{printed}</D:prop></D:set></D:propertyupdate>'
        assert trial.request("PROPPATCH", PRINCIPAL, {"Content-Type": "text/xml"}, body.encode()).status == 207
        found = element_of(trial, PRINCIPAL, C + "principal-address")
        assert told(etree.tostring(found)) == told(printed)

    def test_books_of_others_are_found_by_name(self) -> None:
        trial = Trial(make(CardDavSettings()), settings=DavSettings(principal_search="all"))
        describe(trial, "bob", display_name="Wilfrid Laurier")
        # "The server performs a case-sensitive or caseless search for a matching string subset".
        for name, hit in (("Laurie Dusseault", True), ("Laurier Desruisseaux", True), ("Somebody Else", False)):
            describe(trial, "alice", display_name=name)
            response = trial.request("REPORT", "/principals/", {}, fragment(RFC, "9.4").encode())
            found = by_href(trial, response)
            expected = [PRINCIPAL] * hit + ["/principals/users/bob/"]
            assert list(found) == expected
            assert found[expected[-1]].text(D + "displayname") == "Wilfrid Laurier"
            assert found[expected[-1]].text(C + "addressbook-home-set") == "/addressbooks/bob/"


class TestCards:
    """Verifies: RFC 6352, 6.3.2, 6.3.2.3"""

    def test_put(self) -> None:
        trial = BookTrial()
        example = load(RFC, "6.3.2")
        response = example.send(trial, PLACES)
        assert response.status == example.status
        got = trial.request("GET", BOOK + "newvcard.vcf")
        assert got.headers["ETag"] == response.headers["ETag"]
        assert trial.read(got).decode() == example.content.replace("\n", "\r\n")
        assert example.send(trial, PLACES).status == 412


class TestReports:
    """Verifies: RFC 6352, 8.6.3, 8.6.4, 8.6.5, 8.7.1, 8.7.2"""

    @pytest.mark.parametrize("section", ["8.6.3", "8.6.4", "8.7.1"])
    def test_parts_of_cards(self, section: str) -> None:
        example = load(RFC, section)
        trial = filled(example.answer)
        answer = check(trial, example, PLACES)
        assert len(etags(answer)) == len(etags(example.answer))

    def test_truncated_results(self) -> None:
        trial = filled(load(RFC, "8.6.4").answer.replace("David Boo", "Cyrus Daboo"))
        put(trial, "v106.vcf", "BEGIN:VCARD\nVERSION:3.0\nUID:third\nFN:A third Daboo\nEND:VCARD\n")
        answer = check(trial, load(RFC, "8.6.5"), PLACES)
        assert len(etags(answer)) == 2

    def test_what_cannot_be_converted(self) -> None:
        # davd converts every card that it can read, so this one is none.
        trial = BookTrial()
        run(store(trial, "vcf3.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nUnreadable\r\nEND:VCARD\r\n"))
        check(trial, load(RFC, "8.7.2"), PLACES)
