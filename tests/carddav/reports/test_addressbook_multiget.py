"""addressbook-multiget.

Verifies: RFC 6352, 8.7, 8.7.1, 8.7.2
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.carddav.settings import CardDavSettings
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.jcard import to_jcard
from tests.carddav.trial import BOOK, HOME, NAMES, OPENING, BookTrial, card, data_of
from tests.corpus.vcard.cards import APPLE, DAVX5

DATA = "<D:prop><D:getetag/><C:address-data/></D:prop>"


def hrefs(*names: str) -> str:
    return "".join([f"<D:href>{name}</D:href>" for name in names])


@pytest.fixture
def trial() -> BookTrial:
    made = BookTrial()
    made.fill(a=APPLE, d=DAVX5)
    return made


def statuses(trial: BookTrial, body: str, path: str = BOOK) -> dict[str, str]:
    """The status code of each response by its href."""
    status, found = trial.report("addressbook-multiget", body, path, "0")
    assert status == 207
    return {
        response.findtext("D:href", "", NAMES): (response.findtext(".//D:status", "", NAMES)).split()[1]
        for response in found.iterfind("D:response", NAMES)
    }


class TestHrefs:
    """Verifies: RFC 6352, 8.7, 8.7.1"""

    def test_each_has_a_response(self, trial: BookTrial) -> None:
        asked = [BOOK + "d.vcf", BOOK + "vcf1.vcf", BOOK + "a.vcf"]
        assert statuses(trial, DATA + hrefs(*asked)) == {asked[0]: "200", asked[1]: "404", asked[2]: "200"}

    @pytest.mark.parametrize(
        "href",
        [
            BOOK + "%61.vcf",
            "https://dav.example" + BOOK + "a.vcf",
            BOOK + "x/../a.vcf",
            "/addressbooks/%61lice/contacts/a.vcf",
        ],
    )
    def test_are_answered_as_they_were_written(self, trial: BookTrial, href: str) -> None:
        assert list(statuses(trial, DATA + hrefs(href))) == [href]
        assert statuses(trial, DATA + hrefs(href))[href] == ("404" if ".." in href else "200")

    @pytest.mark.parametrize(
        "href",
        [
            HOME,
            "/",
            "",
            "http://other.example/a.vcf",
            "%",
            "/addressbooks/bob/contacts/a.vcf",
            BOOK,
            BOOK + "a.vcf/b",
            "a.vcf",
        ],
    )
    def test_that_lead_to_no_card(self, trial: BookTrial, href: str) -> None:
        assert statuses(trial, DATA + hrefs(href)) == {href: "404"}

    def test_of_one_card(self, trial: BookTrial) -> None:
        a, d = BOOK + "a.vcf", BOOK + "d.vcf"
        assert statuses(trial, DATA + hrefs(a, d), a) == {a: "200", d: "404"}

    def test_are_limited(self) -> None:
        trial = BookTrial(CardDavSettings(max_multiget=2))
        assert trial.report("addressbook-multiget", DATA + hrefs("a", "b", "c"))[0] == 507
        assert trial.report("addressbook-multiget", DATA + hrefs("a", "b"))[0] == 207

    def test_none(self, trial: BookTrial) -> None:
        assert trial.report("addressbook-multiget", DATA)[0] == 400

    def test_many(self) -> None:
        trial = BookTrial()
        for number in range(250):
            trial.put(f"{number}.vcf", card("NOTE:" + "x" * (number % 5 * 2000), uid=str(number)))
        asked = [f"{BOOK}{number}.vcf" for number in range(0, 500, 2)]
        found = statuses(trial, DATA + hrefs(*asked))
        assert found == {href: "200" if number < 125 else "404" for number, href in enumerate(asked)}

    def test_of_a_book_that_goes_meanwhile(self) -> None:
        trial = BookTrial()
        for number in range(150):
            trial.put(f"{number}.vcf", card(uid=str(number)))
        body = DATA + hrefs(*[f"{BOOK}{number}.vcf" for number in range(150)])
        response = trial.request("REPORT", BOOK, {}, OPENING.format("addressbook-multiget", body).encode())
        assert trial.request("DELETE", BOOK).status == 204
        assert trial.make_book("contacts").status == 201
        found = etree.fromstring(trial.read(response))
        codes = [element.text.split()[1] for element in found.iter("{DAV:}status")]
        assert codes == ["200"] * 100 + ["404"] * 50


class TestForms:
    """Verifies: RFC 6352, 5.1.1, 8.7.2, 10.4"""

    @pytest.mark.parametrize(
        "attributes, expected",
        [
            ("", to_version(DAVX5, "3.0")),
            ('content-type="text/vcard" version="3.0"', to_version(DAVX5, "3.0")),
            ('content-type="text/vcard" version="4.0"', DAVX5),
            ('content-type="application/vcard+json"', to_jcard(DAVX5)),
        ],
    )
    def test_versions(self, trial: BookTrial, attributes: str, expected: bytes) -> None:
        body = f"<D:prop><C:address-data {attributes}/></D:prop>{hrefs(BOOK + 'd.vcf')}"
        found = trial.report("addressbook-multiget", body)[1]
        assert data_of(found) == [expected.decode().replace("\r\n", "\n")]
        (element,) = found.iterfind(".//C:address-data", NAMES)
        written = " ".join([f'{name}="{value}"' for name, value in element.items()])
        assert written == (
            attributes if "json" not in attributes else 'content-type="application/vcard+json" version="4.0"'
        )

    def test_without_address_data(self, trial: BookTrial) -> None:
        found = trial.report("addressbook-multiget", f"<D:prop><D:getetag/></D:prop>{hrefs(BOOK + 'd.vcf')}")[1]
        assert data_of(found) == [] and found.findtext(".//D:getetag", None, NAMES)

    def test_others_are_refused(self, trial: BookTrial) -> None:
        status, found = trial.report(
            "addressbook-multiget", f'<D:prop><C:address-data content-type="text/html"/></D:prop>{hrefs("a")}'
        )
        assert status == 403 and found[0].tag.endswith("}supported-address-data")
