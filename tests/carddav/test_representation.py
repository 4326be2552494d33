"""GET on address books and cards.

Verifies: RFC 6352, 5.1.1, 5.1.1.1, 6.3.2.3; RFC 7095, 3.2
"""

from __future__ import annotations

import json

import pytest
from lxml import etree

from davd.formats.vcard.card import parse
from davd.formats.vcard.convert import to_version
from davd.formats.vcard.jcard import from_jcard, to_jcard
from davd.model.resource import NewContent
from davd.testing.exchange import run
from tests.carddav.trial import BOOK, BookTrial, card
from tests.corpus.vcard.cards import APPLE, DAVX5
from tests.dav.watched import Watch

A = BOOK + "a.vcf"


@pytest.fixture
def trial() -> BookTrial:
    made = BookTrial()
    made.fill(a=APPLE, d=DAVX5)
    return made


class TestCards:
    """Verifies: RFC 6352, 5.1.1, 5.1.1.1, 6.3.2.3; RFC 7240, 4.2"""

    @pytest.mark.parametrize(
        "accept", ["", "*/*", "text/vcard", "text/vcard;version=3.0", "text/x-vcard, application/json"]
    )
    def test_the_stored_octets(self, trial: BookTrial, accept: str) -> None:
        assert trial.read(trial.request("GET", A, {"Accept": accept} if accept else {})) == APPLE or "json" in accept

    def test_another_version(self, trial: BookTrial) -> None:
        found = trial.request("GET", A, {"Accept": "text/vcard; version=4.0"})
        assert trial.read(found) == to_version(APPLE, "4.0")
        assert found.headers["Content-Type"] == "text/vcard; charset=utf-8; version=4.0"
        assert found.headers["Vary"] == "Accept"
        assert trial.read(trial.request("GET", A, {"Accept": "application/vcard+json"})) == to_jcard(APPLE)

    def test_all_forms_have_the_tag_that_put_is_asked_for(self, trial: BookTrial) -> None:
        tags = {
            trial.request("GET", A, {"Accept": accept}).headers["ETag"]
            for accept in ("text/vcard", "text/vcard;version=4.0", "application/vcard+json")
        }
        assert len(tags) == 1
        assert trial.request("GET", A, {"Accept": "application/vcard+json", "If-None-Match": tags.pop()}).status == 304

    def test_what_there_is_none_of(self, trial: BookTrial) -> None:
        found = trial.request("GET", A, {"Accept": "text/vcard;version=2.1"})
        assert found.status == 406
        assert etree.fromstring(trial.read(found))[0].tag.endswith("}supported-address-data-conversion")

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("", APPLE),
            ("text/vcard", APPLE),
            ("text/vcard; version=4.0", to_version(APPLE, "4.0")),
            ("application/vcard+json", to_jcard(APPLE)),
            # A card is not refused for what the client would have back.
            ("text/vcard; version=2.1", APPLE),
        ],
    )
    def test_sent_back_as_it_is_accepted(self, trial: BookTrial, accept: str, expected: bytes) -> None:
        headers = {"Prefer": "return=representation"} | ({"Accept": accept} if accept else {})
        found = trial.put(A.rpartition("/")[2], APPLE, headers)
        assert (found.status, found.body) == (200, expected)
        assert found.headers["ETag"] == trial.request("GET", A).headers["ETag"]
        assert found.headers["Content-Location"] == A

    def test_jcard_is_sent_back_as_such(self, trial: BookTrial) -> None:
        headers = {"Prefer": "return=representation", "Content-Type": "application/vcard+json"}
        found = trial.request("PUT", A, headers, to_jcard(APPLE))
        assert (found.status, found.headers["Content-Type"]) == (200, "application/vcard+json")
        assert found.body == to_jcard(trial.read(trial.request("GET", A)))

    def test_head(self, trial: BookTrial) -> None:
        found = trial.request("HEAD", A, {"Accept": "application/vcard+json"})
        assert found.status == 200 and not trial.read(found)


class TestBooks:
    """Verifies: RFC 6350, 3.1; RFC 7095, 3.2; RFC 9110, 12.5.1"""

    def test_all_cards_as_vcard(self, trial: BookTrial) -> None:
        trial.put("e.vcf", card(uid="5").replace(b"\r\n", b"\n"))
        found = trial.request("GET", BOOK)
        assert trial.read(found) == APPLE + DAVX5 + card(uid="5")
        assert found.headers["Content-Type"] == "text/vcard; charset=utf-8"
        assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''contacts.vcf"

    def test_all_cards_as_jcard(self, trial: BookTrial) -> None:
        found = trial.read(trial.request("GET", BOOK, {"Accept": "application/vcard+json"}))
        assert json.loads(found) == [json.loads(to_jcard(APPLE)), json.loads(to_jcard(DAVX5))]
        assert trial.read(BookTrial().request("GET", BOOK, {"Accept": "application/vcard+json"})) == b"[]"

    def test_what_has_not_changed_is_not_sent(self, trial: BookTrial) -> None:
        tag = trial.request("GET", BOOK).headers["ETag"]
        assert trial.request("GET", BOOK, {"If-None-Match": tag}).status == 304
        assert trial.request("GET", BOOK, {"If-None-Match": tag, "Accept": "text/html"}).status == 200
        trial.put("f.vcf", card(uid="6"))
        assert trial.request("GET", BOOK, {"If-None-Match": tag}).status == 200

    def test_many_cards_leave_in_pages(self) -> None:
        trial = BookTrial()
        cards = [card(f"FN:{number}", uid=str(number)) for number in range(250)]
        for number, each in enumerate(cards):
            trial.put(f"{number:03}.vcf", each)
        assert trial.read(trial.request("GET", BOOK)) == b"".join(cards)
        jcards = json.loads(trial.read(trial.request("GET", BOOK, {"Accept": "application/vcard+json"})))
        assert [each[1][2][3] for each in jcards] == [str(number) for number in range(250)]

    def test_a_bad_card_keeps_nothing_back(self, trial: BookTrial) -> None:
        run(_spoil(trial))
        assert trial.read(trial.request("GET", BOOK)) == b"nonsense\r\n" + DAVX5
        assert len(json.loads(trial.read(trial.request("GET", BOOK, {"Accept": "application/vcard+json"})))) == 1
        assert b"a.vcf</bdi>" in trial.read(trial.request("GET", BOOK, {"Accept": "text/html"}))
        assert trial.read(trial.request("GET", A, {"Accept": "application/vcard+json"})) == b"nonsense"
        assert trial.query('<C:filter><C:prop-filter name="NOTE"/></C:filter>') == []
        status, found = trial.report(
            "addressbook-multiget", f'<D:prop><C:address-data version="4.0"/></D:prop><D:href>{A}</D:href>'
        )
        assert status == 207 and found.findtext(".//{DAV:}status") == "HTTP/1.1 415 Unsupported Media Type"


async def _spoil(trial: BookTrial) -> None:
    """Put into the store, past all checks, what is no card."""
    async with trial.store.write() as transaction:
        (*_, resource) = await transaction.resolve(("addressbooks", "alice", "contacts", "a.vcf"))
        index = (await transaction.index([resource.id]))[resource.id]
        await transaction.replace(resource, NewContent(8, "", data=b"nonsense", index=index), "text/vcard", trial.now)


class TestLongCards:
    """Verifies: RFC 6352, 5.1.1; docs/architecture.md, Overload"""

    LINES = ("\r\n".join(["X-A:"] * 1300), "NOTE:" + "x" * 40_000)

    @pytest.mark.parametrize("lines", LINES)
    @pytest.mark.parametrize("accept", ["text/vcard;version=4.0", "application/vcard+json"])
    def test_they_are_converted_in_a_thread(self, lines: str, accept: str) -> None:
        """The answer is that of a short card."""
        trial = BookTrial()
        trial.fill(a=card(lines, uid="a"))
        watch = Watch(trial)
        response = trial.request("GET", BOOK + "a.vcf", {"Accept": accept})
        assert response.status == 200 and watch.asides == 1 and response.headers["ETag"]
        again = trial.request("GET", BOOK + "a.vcf", {"Accept": accept, "If-None-Match": response.headers["ETag"]})
        assert again.status == 304 and watch.asides == 1
        body = trial.read(response)
        made = from_jcard(body) if "json" in accept else body
        assert parse(made).version == "4.0" and parse(made).text("UID") == "a"

    @pytest.mark.parametrize("end", [b"\r\n", b"\n"])
    def test_as_they_are_stored_when_that_is_wanted(self, end: bytes) -> None:
        """Where the beginning does not say the version, it takes a thread to see."""
        trial = BookTrial()
        stored = card("X-A:", *["X-A:"] * 1300, uid="a").replace(b"\r\n", end)
        trial.fill(a=stored)
        watch = Watch(trial)
        response = trial.request("GET", BOOK + "a.vcf", {"Accept": "text/vcard;version=3.0"})
        assert response.status == 200 and trial.read(response) == stored
        assert watch.asides == (end == b"\n")
        refused = trial.request("GET", BOOK + "a.vcf", {"Accept": "text/vcard;version=2.1"})
        assert refused.status == 406
