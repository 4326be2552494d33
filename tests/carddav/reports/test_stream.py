"""How much of an answer is made in one go.

Verifies: RFC 6352, 8.6, 8.7; RFC 4918, 13
"""

from __future__ import annotations

import pytest

from davd.carddav.reports.stream import first_of
from davd.model.resource import FILE, Resource
from tests.carddav.trial import BOOK, NAMES, BookTrial, data_of
from tests.carddav.trial import card as written
from tests.dav.watched import Watch

TEXT = '<C:prop-filter name="EMAIL"><C:text-match collation="i;octet">@x</C:text-match></C:prop-filter>'


def card(length: int) -> Resource:
    return Resource(1, 2, "a.vcf", FILE, "alice", "", "text/vcard", length, 0.0, 0.0, 1, 0, None, "")


class TestPages:
    """Verifies: docs/architecture.md, Overload"""

    def test_many_small_cards_or_few_large_ones(self) -> None:
        assert first_of([]) == 0
        assert 50 < first_of([card(500)] * 1000) < 150
        assert 4 < first_of([card(40_000)] * 1000) < 8
        assert first_of([card(500)] * 20) == 20

    def test_there_is_always_one(self) -> None:
        assert first_of([card(10**6), card(1)]) == 1


LONG = "\r\n".join(["X-A:"] * 1300)
FORMS = {
    "4.0": '<C:address-data content-type="text/vcard" version="4.0"/>',
    "jCard": '<C:address-data content-type="application/vcard+json" version="4.0"/>',
    "part": '<C:address-data><C:prop name="EMAIL"/></C:address-data>',
}


@pytest.fixture
def trial() -> BookTrial:
    """Two long cards among small ones."""
    made = BookTrial()
    long = {"b": written("EMAIL:b@x", LONG, uid="b"), "d": written("EMAIL:d@x", LONG, uid="d")}
    made.fill(**{name: long.get(name) or written(f"EMAIL:{name}@x", uid=name) for name in "abcde"})
    return made


def hrefs(names: str) -> str:
    return "".join([f"<D:href>{BOOK}{name}.vcf</D:href>" for name in names])


class TestLongCards:
    """Verifies: RFC 6352, 8.6, 8.7; docs/architecture.md, Overload"""

    @pytest.mark.parametrize("form", FORMS)
    def test_named_ones_are_converted_in_a_thread(self, trial: BookTrial, form: str) -> None:
        """The others are not, and what is told is the same."""
        watch = Watch(trial)
        body = f"<D:prop>{FORMS[form]}</D:prop>" + hrefs("abxcde")
        status, found = trial.report("addressbook-multiget", body)
        assert status == 207 and watch.asides == 2
        told = [element.text.removeprefix(BOOK) for element in found.iterfind("D:response/D:href", NAMES)]
        assert sorted(told) == ["a.vcf", "b.vcf", "c.vcf", "d.vcf", "e.vcf", "x.vcf"]
        data = data_of(found)
        assert len(data) == 5 and all(f"{name}@x" in text for name, text in zip("abcde", data, strict=True))

    def test_as_they_are_stored_they_are_given_at_once(self, trial: BookTrial) -> None:
        """Nobody looks into them."""
        watch = Watch(trial)
        status, found = trial.report("addressbook-multiget", "<D:prop><C:address-data/></D:prop>" + hrefs("abcde"))
        assert status == 207 and len(data_of(found)) == 5 and (watch.asides, watch.paces) == (0, 0)

    @pytest.mark.parametrize("filter", [TEXT, '<C:prop-filter name="X-B"><C:is-not-defined/></C:prop-filter>'])
    def test_they_are_looked_into_in_a_thread(self, trial: BookTrial, filter: str) -> None:
        """All that match are found, in their order."""
        watch = Watch(trial)
        assert trial.query(f"<C:filter>{filter}</C:filter>") == list("abcde")
        assert watch.asides == 2

    @pytest.mark.parametrize(("most", "told"), [(1, "a"), (2, "ab"), (3, "abc"), (5, "abcde")])
    def test_where_the_limit_is_reached_the_rest_is_not_told(self, trial: BookTrial, most: int, told: str) -> None:
        """The last response says so, unless all fit."""
        rest = f"<C:limit><C:nresults>{most}</C:nresults></C:limit>"
        body = f"<D:prop>{FORMS['4.0']}</D:prop><C:filter>{TEXT}</C:filter>{rest}"
        status, found = trial.report("addressbook-query", body)
        assert status == 207 and len(data_of(found)) == len(told)
        statuses = [element.text for element in found.iterfind("D:response/D:status", NAMES)]
        assert statuses == ([] if most == 5 else ["HTTP/1.1 507 Insufficient Storage"])
