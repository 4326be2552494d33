"""The dialogue of Apple Contacts: the first address book, vCard 3.0, groups of its own kind.

Verifies: RFC 6764, 5, 6
Verifies: RFC 6352, 5, 6.3, 7.1, 8.6, 8.7
"""

from uuid import uuid4

from tests.conformance.dialogue import Account
from tests.conformance.groupware import (
    VCF,
    XML,
    accounts,
    card,
    clark,
    document,
    found,
    gone,
    href,
    members,
    multiget,
    prop,
    propfind,
    sync,
    text,
    token,
)

AGENT = (("Accept", "*/*"), ("User-Agent", "iOS/18.4 (22E240) dataaccessd/1.0"), ("Brief", "t"))


contacts = accounts("contacts", AGENT)


def first_book(account: Account) -> str:
    """The only book that Contacts uses: the first of the home."""
    principal = href(propfind(account, "/", "0", "D:current-user-principal"), "/", "D:current-user-principal")
    reply = propfind(account, principal, "0", "A:addressbook-home-set", "A:directory-gateway", "D:displayname")
    home = href(reply, principal, "A:addressbook-home-set")
    names = (
        "D:add-member",
        "D:current-user-privilege-set",
        "D:displayname",
        "A:max-image-size",
        "A:max-resource-size",
        "A:supported-address-data",
        "D:owner",
        "D:quota-available-bytes",
        "D:resourcetype",
        "D:supported-report-set",
        "D:sync-token",
        "S:getctag",
    )
    reply = propfind(account, home, "1", *names)
    books = members(reply, "A:addressbook")
    assert books and text(reply, books[0], "S:getctag") and text(reply, books[0], "D:sync-token")
    return books[0]


class TestContacts:
    """Verifies: RFC 6352, 6.3, 8.7"""

    def test_first_sync_and_changes(self, contacts: Account) -> None:
        """What another client wrote as vCard 4.0 comes as 3.0 when that is asked for; its own bytes come back."""
        book = first_book(contacts)
        start = sync(contacts, book, "")
        uid = str(uuid4()).upper()
        name = f"{book}{uid}.vcf"
        own = card(
            uid, "Ada Lovelace", "item1.TEL;type=pref:+44 20", "item1.X-ABLabel:_$!<Home>!$_", "X-ABShowAs:COMPANY"
        )
        made = contacts.ask("PUT", name, VCF, ("If-None-Match", "*"), body=own)
        assert made.status == 201 and made.field("ETag")
        assert contacts.ask("GET", name).body == own
        other = f"{book}other.vcf"
        assert (
            contacts.ask("PUT", other, VCF, body=card("four", "Grace Hopper", "KIND:individual", version="4.0")).status
            == 201
        )
        later = sync(contacts, book, token(start))
        assert sorted(found(later, "D:getetag")) == sorted([name, other])
        body = document(
            "A:addressbook-multiget",
            '<D:prop><D:getetag/><A:address-data content-type="text/vcard" version="3.0"/></D:prop>',
            f"<D:href>{name}</D:href><D:href>{other}</D:href>",
        )
        reply = contacts.ask("REPORT", book, ("Depth", "1"), XML, body=body)
        data = found(reply, "A:address-data")
        assert "X-ABLabel:_$!<Home>!$_" in data[name]
        assert "VERSION:3.0" in data[other] and "FN:Grace Hopper" in data[other]
        assert contacts.ask("DELETE", other).status == 204
        assert gone(sync(contacts, book, token(later))) == [other]

    def test_a_group_of_its_kind(self, contacts: Account) -> None:
        book = first_book(contacts)
        group = card(
            "group-1", "Friends", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ada-1"
        )
        assert contacts.ask("PUT", f"{book}ada-1.vcf", VCF, body=card("ada-1", "Ada")).status == 201
        assert contacts.ask("PUT", f"{book}group-1.vcf", VCF, body=group).status == 201
        data = found(multiget(contacts, book, [f"{book}group-1.vcf"], "A"), "A:address-data")
        assert "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:ada-1" in data[f"{book}group-1.vcf"]

    def test_the_same_uid_twice(self, contacts: Account) -> None:
        book = first_book(contacts)
        assert contacts.ask("PUT", f"{book}a.vcf", VCF, body=card("same", "Ada")).status == 201
        reply = contacts.ask("PUT", f"{book}b.vcf", VCF, body=card("same", "Ada"))
        assert reply.status in (403, 409)
        assert reply.xml()[0].tag == clark("A:no-uid-conflict")
        assert reply.xml()[0].findtext("{DAV:}href") == f"{book}a.vcf"

    def test_search_in_the_book(self, contacts: Account) -> None:
        book = first_book(contacts)
        for name in ("Ada", "Grace", "Gracelyn"):
            body = card(name, name, f"EMAIL:{name.lower()}@example.org")
            assert contacts.ask("PUT", f"{book}{name}.vcf", VCF, body=body).status == 201
        filters = (
            '<A:filter test="anyof"><A:prop-filter name="FN"><A:text-match collation="i;unicode-casemap"'
            ' match-type="starts-with">gra</A:text-match></A:prop-filter></A:filter>'
        )
        body = document("A:addressbook-query", prop("D:getetag", "A:address-data"), filters)
        reply = contacts.ask("REPORT", book, ("Depth", "1"), XML, body=body)
        assert sorted(found(reply, "A:address-data")) == [f"{book}Grace.vcf", f"{book}Gracelyn.vcf"]
