"""The page about an address book.

Verifies: RFC 6352, 5.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import pytest
from lxml import etree

from tests.carddav.trial import BOOK, BookTrial, card
from tests.corpus.vcard.cards import APPLE, DAVX5


@pytest.fixture
def trial() -> BookTrial:
    made = BookTrial()
    made.fill(a=APPLE, d=DAVX5)
    return made


class TestPage:
    """Verifies: RFC 9110, 9.3.1"""

    def test_shows_who_is_in_the_book(self, trial: BookTrial) -> None:
        trial.put("x.vcf", card("FN:<b>Eve</b>", "EMAIL:e@example.com", "TEL;VALUE=uri:tel:+1", uid="7", version="4.0"))
        trial.put("y.vcf", card("FN:", "ORG:Engines\\, Ltd.;Notes", uid="8"))
        found = trial.request("GET", BOOK, {"Accept": "text/html,*/*;q=0.8"})
        assert found.headers["Content-Type"] == "text/html; charset=utf-8"
        page = etree.fromstring(trial.read(found), etree.HTMLParser())
        rows = [["".join(cell.itertext()) for cell in row] for row in page.iter("tr")]
        assert rows[1] == [
            "Lady Ada King Lovelace",
            "ada@example.com, ada@example.org",
            "+44 20 7946 0018, +44 20 7946 0019",
        ]
        assert rows[3] == ["<b>Eve</b>", "e@example.com", "+1"]
        assert rows[4][0] == "Engines, Ltd."
        assert page.find(".//h1/bdi").text == "Contacts"

    def test_leads_to_the_file(self, trial: BookTrial) -> None:
        page = etree.fromstring(trial.read(trial.request("GET", BOOK, {"Accept": "text/html"})), etree.HTMLParser())
        assert page.find(".//p/a").get("href") == BOOK + "?export"

    def test_a_card_without_any_name_goes_by_its_file(self) -> None:
        trial = BookTrial()
        trial.put("z.vcf", card("FN:", "ORG:;Notes", uid="9"))
        trial.put("y.vcf", card("FN:", uid="8"))
        page = etree.fromstring(trial.read(trial.request("GET", BOOK, {"Accept": "text/html"})), etree.HTMLParser())
        assert [name.text for name in page.iterfind(".//tbody//bdi")] == ["y.vcf", "Notes"]

    def test_many_cards_come_all(self) -> None:
        trial = BookTrial()
        for number in range(150):
            trial.put(f"{number:03}.vcf", card(f"FN:{number}", uid=str(number)))
        page = etree.fromstring(trial.read(trial.request("GET", BOOK, {"Accept": "text/html"})), etree.HTMLParser())
        assert [name.text for name in page.iterfind(".//tbody//bdi")] == [str(number) for number in range(150)]
