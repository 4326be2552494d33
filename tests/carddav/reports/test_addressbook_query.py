"""addressbook-query.

Verifies: RFC 6352, 8.6, 8.6.1, 8.6.2, 8.6.3, 8.6.4, 8.6.5
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.settings import CardDavSettings
from davd.testing.exchange import run
from tests.carddav.trial import BOOK, HOME, NAMES, OPENING, BookTrial, card, data_of

FN = (
    '<C:filter test="anyof"><C:prop-filter name="FN">'
    '<C:text-match collation="i;unicode-casemap" match-type="contains">{}</C:text-match></C:prop-filter></C:filter>'
)
ALL = "<C:filter/>"


@pytest.fixture
def trial() -> BookTrial:
    """The cards of the RFC's examples."""
    made = BookTrial()
    made.fill(
        v102=card(
            "NICKNAME:me", "FN:Cyrus Daboo", "EMAIL:daboo@example.com", "NOTE:secret", uid="34222-232@example.com"
        ),
        v103=card("NICKNAME:you", "FN:David Boo", "EMAIL:daboo2@example.com", uid="34222-233@example.com"),
        v104=card("NICKNAME:oliver", "FN:Oliver Daboo", "EMAIL:oliver@example.com", uid="34222-23222@example.com"),
        v105=card("FN:Somebody", uid="5"),
    )
    return made


class TestExamples:
    """Verifies: RFC 6352, 8.6.3, 8.6.4, 8.6.5"""

    WANTED = (
        '<D:prop><D:getetag/><C:address-data><C:prop name="VERSION"/><C:prop name="UID"/><C:prop name="NICKNAME"/>'
        '<C:prop name="EMAIL"/><C:prop name="FN"/></C:address-data></D:prop>'
    )

    def test_partial_retrieval_of_nicknames(self, trial: BookTrial) -> None:
        filter = (
            '<C:filter><C:prop-filter name="NICKNAME"><C:text-match collation="i;unicode-casemap" match-type="equals">'
            "me</C:text-match></C:prop-filter></C:filter>"
        )
        status, found = trial.report("addressbook-query", self.WANTED + filter)
        assert status == 207 and [child.tag for child in found] == ["{DAV:}response"]
        assert found.findtext("D:response/D:href", None, NAMES) == BOOK + "v102.vcf"
        etag = trial.request("GET", BOOK + "v102.vcf").headers["ETag"]
        assert found.findtext(".//D:getetag", None, NAMES) == etag
        lines = ["VERSION:3.0", "UID:34222-232@example.com", "NICKNAME:me", "FN:Cyrus Daboo", "EMAIL:daboo@example.com"]
        assert data_of(found) == ["\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""])]

    def test_full_name_or_address(self, trial: BookTrial) -> None:
        each = '<C:prop-filter name="{}"><C:text-match match-type="contains">daboo</C:text-match></C:prop-filter>'
        filter = f'<C:filter test="anyof">{each.format("FN")}{each.format("EMAIL")}</C:filter>'
        status, found = trial.report("addressbook-query", self.WANTED + filter)
        assert status == 207 and len(data_of(found)) == 3
        assert trial.query(filter) == ["v102", "v103", "v104"]
        assert trial.query(filter.replace("anyof", "allof")) == ["v102"]

    def test_truncated_results(self, trial: BookTrial) -> None:
        body = f"<D:prop><D:getetag/></D:prop>{FN.format('o')}<C:limit><C:nresults>2</C:nresults></C:limit>"
        status, found = trial.report("addressbook-query", body)
        assert status == 207
        hrefs = [element.text for element in found.iterfind("D:response[D:propstat]/D:href", NAMES)]
        assert hrefs == [BOOK + "v102.vcf", BOOK + "v103.vcf"]
        (own,) = found.iterfind("D:response[D:status]", NAMES)
        assert own.findtext("D:href", None, NAMES) == BOOK
        assert own.findtext("D:status", None, NAMES) == "HTTP/1.1 507 Insufficient Storage"
        assert own.find("D:error/D:number-of-matches-within-limits", NAMES) is not None


class TestScope:
    """Verifies: RFC 6352, 8, 8.2, 8.6"""

    @pytest.mark.parametrize("depth", ["1", "infinity", None])
    def test_all_cards_of_the_book(self, trial: BookTrial, depth: str | None) -> None:
        status, found = trial.report("addressbook-query", f"<D:prop/>{ALL}", depth=depth)
        assert status == 207 and len(found) == 4

    def test_depth_0_is_the_book_alone(self, trial: BookTrial) -> None:
        assert trial.report("addressbook-query", f"<D:prop/>{ALL}", depth="0")[1].findall("*") == []

    def test_one_card(self, trial: BookTrial) -> None:
        path = BOOK + "v104.vcf"
        body = "<D:prop><C:address-data/></D:prop>"
        status, found = trial.report("addressbook-query", body + FN.format("oliver"), path, "0")
        assert status == 207 and found.findtext("D:response/D:href", None, NAMES) == path and len(data_of(found)) == 1
        assert len(trial.report("addressbook-query", body + FN.format("cyrus"), path, "0")[1]) == 0

    def test_other_resources_have_no_such_report(self, trial: BookTrial) -> None:
        trial.request("PUT", "/files/alice/a.vcf", {"Content-Type": "text/vcard"}, card())
        for path in (HOME, "/", "/files/alice/a.vcf"):
            status, found = trial.report("addressbook-query", ALL, path)
            assert status == 403 and found[0].tag == "{DAV:}supported-report"

    def test_it_is_advertised(self, trial: BookTrial) -> None:
        for path in (BOOK, BOOK + "v104.vcf"):
            body = b'<propfind xmlns="DAV:"><prop><supported-report-set/></prop></propfind>'
            found = etree.fromstring(trial.read(trial.request("PROPFIND", path, {"Depth": "0"}, body)))
            reports = {element[0].tag for element in found.iter("{DAV:}report")}
            assert {f"{{{NAMES['C']}}}addressbook-query", f"{{{NAMES['C']}}}addressbook-multiget"} <= reports
            assert "{DAV:}expand-property" in reports

    def test_books_of_others_are_not_there(self, trial: BookTrial) -> None:
        assert trial.report("addressbook-query", ALL, user="bob")[0] == 404


class TestAnswers:
    """Verifies: RFC 6352, 8.4, 8.6, 8.6.2, 10.4; RFC 8144, 2.1"""

    def test_properties_that_are_not_there(self, trial: BookTrial) -> None:
        body = f'<D:prop><D:getetag/><x:y xmlns:x="urn:x"/></D:prop>{FN.format("oliver")}'
        found = trial.report("addressbook-query", body)[1]
        statuses = [element.text for element in found.iterfind(".//D:propstat/D:status", NAMES)]
        assert statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]
        headers = {"Depth": "1", "Prefer": "return=minimal"}
        content = OPENING.format("addressbook-query", body).encode()
        response = trial.request("REPORT", BOOK, headers, content)
        assert response.headers["Preference-Applied"] == "return=minimal"
        assert b"404" not in trial.read(response)

    def test_all_properties(self, trial: BookTrial) -> None:
        for kind in ("allprop", "propname"):
            found = trial.report("addressbook-query", f"<D:{kind}/>{FN.format('oliver')}")[1]
            assert found.find(".//D:getetag", NAMES) is not None and not data_of(found)

    def test_what_the_index_does_not_know_is_read(self, trial: BookTrial) -> None:
        note = '<C:filter><C:prop-filter name="NOTE"><C:text-match>SECRET</C:text-match></C:prop-filter></C:filter>'
        assert trial.query(note) == ["v102"]
        octet = FN.format("daboo").replace("i;unicode-casemap", "i;octet")
        assert trial.query(octet) == [] and trial.query(octet.replace("daboo", "Daboo")) == ["v102", "v104"]
        assert trial.query('<C:filter><C:prop-filter name="EMAIL"><C:is-not-defined/></C:prop-filter></C:filter>') == [
            "v105"
        ]

    def test_limits_of_the_server(self) -> None:
        trial = BookTrial(CardDavSettings(max_query_results=2))
        trial.fill(a=card(uid="1"), b=card(uid="2"))
        assert len(trial.report("addressbook-query", ALL)[1]) == 2
        trial.fill(c=card(uid="3"))
        found = trial.report("addressbook-query", ALL)[1]
        assert [element.text for element in found.iterfind("D:response/D:href", NAMES)] == [
            BOOK + "a.vcf",
            BOOK + "b.vcf",
            BOOK,
        ]
        # The answer is no shorter because nobody knows beforehand whether a card matches.
        unknown = '<C:filter><C:prop-filter name="VERSION"/></C:filter>'
        assert len(trial.report("addressbook-query", f"{unknown}<C:limit><C:nresults>1</C:nresults></C:limit>")[1]) == 2

    def test_nothing_is_wanted(self, trial: BookTrial) -> None:
        found = trial.report("addressbook-query", f"{ALL}<C:limit><C:nresults>0</C:nresults></C:limit>")[1]
        assert [element.text for element in found.iterfind("D:response/D:href", NAMES)] == [BOOK]

    @pytest.mark.parametrize("wanted", ["<D:getetag/>", "<C:address-data/>", '<C:address-data version="4.0"/>'])
    @pytest.mark.parametrize("filter", [ALL, FN.format("card"), '<C:filter><C:prop-filter name="NOTE"/></C:filter>'])
    def test_many_cards_come_in_pages(self, wanted: str, filter: str) -> None:
        trial = BookTrial()
        for number in range(300):
            trial.put(
                f"{number:03}.vcf", card(f"FN:card {number}", "NOTE:" + "x" * (number % 7 * 1000), uid=str(number))
            )
        assert trial.query(filter, wanted=wanted) == [f"{number:03}" for number in range(300)]
        limited = trial.query(filter, "<C:limit><C:nresults>270</C:nresults></C:limit>", wanted)
        assert len(limited) == 270

    def test_cards_that_go_meanwhile_are_passed_over(self) -> None:
        trial = BookTrial()
        for number in range(300):
            trial.put(f"{number:03}.vcf", card(uid=str(number)))
        body = OPENING.format("addressbook-query", f"<D:prop><C:address-data/></D:prop>{ALL}").encode()
        response = trial.request("REPORT", BOOK, {"Depth": "1"}, body)
        for number in range(150, 250):
            assert trial.request("DELETE", f"{BOOK}{number:03}.vcf").status == 204
        assert len(data_of(etree.fromstring(trial.read(response)))) == 200

    def test_what_xml_cannot_hold_is_left_out(self, trial: BookTrial) -> None:
        assert trial.put("z.vcf", card("FN:a\x0bb", uid="z")).status == 201
        found = trial.report("addressbook-query", f"<D:prop><C:address-data/></D:prop>{FN.format('a')}")[1]
        assert any("FN:ab\n" in data for data in data_of(found))


class TestRefused:
    """Verifies: RFC 6352, 8.3, 8.6"""

    @pytest.mark.parametrize(
        "body, condition",
        [
            (FN.format("a").replace("i;unicode-casemap", "i;none"), "supported-collation"),
            (f'<D:prop><C:address-data version="2.1"/></D:prop>{ALL}', "supported-address-data"),
        ],
    )
    def test_preconditions(self, trial: BookTrial, body: str, condition: str) -> None:
        status, found = trial.report("addressbook-query", body)
        assert status == 403 and etree.QName(found[0]).localname == condition

    def test_malformed(self, trial: BookTrial) -> None:
        assert trial.report("addressbook-query", "<D:prop/>")[0] == 400


def test_access_by_entries_counts() -> None:
    """Verifies: RFC 6352, 7"""
    trial = BookTrial()
    trial.fill(a=card(uid="1"))

    async def share() -> None:
        async with trial.store.write() as transaction:
            (*_, book) = await transaction.resolve(("addressbooks", "alice", "contacts"))
            await transaction.set_acl(book, "name:bob\t{DAV:}read", trial.now)

    run(share())
    assert len(trial.report("addressbook-query", ALL, user="bob")[1]) == 1
