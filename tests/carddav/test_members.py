"""What an address book takes in.

Verifies: RFC 6352, 5.1, 5.2, 6.3.2, 6.3.2.1, 6.3.2.3
"""

from __future__ import annotations

import json

import pytest
from lxml import etree

from davd.carddav.settings import CardDavSettings
from davd.dav.settings import DavSettings
from tests.carddav.trial import BOOK, HOME, NAMES, VCARD, BookTrial, card
from tests.corpus.vcard.cards import ANDROID, APPLE, DAVX5, GOOGLE, VALID

A = BOOK + "a.vcf"


def refused(
    trial: BookTrial, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, str, str]:
    """Status, the local name of the precondition, and the href in it."""
    response = trial.request(method, path, headers, body)
    error = etree.fromstring(trial.read(response))
    assert error.tag == "{DAV:}error"
    return response.status, etree.QName(error[0]).localname, error[0].findtext("D:href", "", NAMES)


class TestTaken:
    """Verifies: RFC 6352, 5.1, 6.3.2, 6.3.2.2, 6.3.2.3"""

    @pytest.mark.parametrize("name", [name for name in VALID if "UID" in VALID[name].decode()])
    def test_octets_are_kept(self, name: str) -> None:
        trial = BookTrial()
        response = trial.put("a.vcf", VALID[name], {"If-None-Match": "*"})
        assert response.status == 201 and response.headers["ETag"].startswith('"')
        got = trial.request("GET", A)
        assert trial.read(got) == VALID[name] and got.headers["ETag"] == response.headers["ETag"]

    def test_a_card_in_a_blob_is_kept_too(self) -> None:
        trial = BookTrial()
        trial.settings = DavSettings(inline_bytes=100)
        trial.fill(a=APPLE)
        assert trial.read(trial.request("GET", A)) == APPLE
        assert trial.query(
            '<C:filter><C:prop-filter name="FN"><C:text-match>ada king</C:text-match></C:prop-filter></C:filter>'
        ) == ["a"]

    @pytest.mark.parametrize(
        "kind", ["", "text/vcard", "text/vcard; charset=utf-8; version=3.0", "text/x-vcard", "TEXT/DIRECTORY"]
    )
    def test_media_types(self, kind: str) -> None:
        trial = BookTrial()
        assert trial.request("PUT", A, {"Content-Type": kind} if kind else {}, APPLE).status == 201
        found = trial.request("GET", A)
        assert found.headers["Content-Type"] == "text/vcard; charset=utf-8"

    def test_a_new_version_of_a_card(self) -> None:
        trial = BookTrial()
        tag = trial.put("a.vcf", APPLE).headers["ETag"]
        assert trial.put("a.vcf", APPLE.replace(b"Ada", b"Eve"), {"If-Match": tag}).status == 204
        assert trial.put("a.vcf", APPLE, {"If-Match": tag}).status == 412

    def test_jcard_becomes_vcard_4(self) -> None:
        trial = BookTrial()
        body = json.dumps(["vcard", [["uid", {}, "uri", "urn:uuid:1"], ["fn", {}, "text", "Ada, L"]]]).encode()
        response = trial.request("PUT", A, {"Content-Type": "application/vcard+json"}, body)
        assert response.status == 201 and "ETag" not in response.headers
        expected = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:1\r\nFN:Ada\\, L\r\nEND:VCARD\r\n"
        assert trial.read(trial.request("GET", A)) == expected


class TestUIDs:
    """Verifies: RFC 6352, 5.1, 6.3.2.1"""

    def test_a_card_without_one_is_given_one(self) -> None:
        trial = BookTrial()
        response = trial.put("a.vcf", GOOGLE)
        assert response.status == 201 and "ETag" not in response.headers
        first = trial.read(trial.request("GET", A))
        lines = first.split(b"\r\n")
        assert lines[2].startswith(b"UID:") and b"\r\n".join([*lines[:2], *lines[3:]]) == GOOGLE
        # It stays the same when the client sends the card once more.
        assert trial.put("a.vcf", GOOGLE.replace(b"Lab", b"Bal")).status == 204
        assert trial.read(trial.request("GET", A)) == first.replace(b"Lab", b"Bal")

    def test_in_4_it_is_a_uri(self) -> None:
        trial = BookTrial()
        assert trial.put("a.vcf", card(version="4.0")).status == 201
        assert b"\r\nUID:urn:uuid:" in trial.read(trial.request("GET", A))

    def test_an_empty_one_is_none(self) -> None:
        trial = BookTrial()
        assert trial.put("a.vcf", card("UID:")).status == 201
        assert trial.read(trial.request("GET", A)).count(b"UID:") == 1

    def test_one_that_is_taken_is_refused_with_its_place(self) -> None:
        trial = BookTrial()
        trial.fill(a=APPLE)
        assert refused(trial, "PUT", BOOK + "b.vcf", VCARD, APPLE) == (409, "no-uid-conflict", A)

    def test_a_card_may_not_become_another(self) -> None:
        trial = BookTrial()
        trial.fill(a=APPLE)
        assert refused(trial, "PUT", A, VCARD, DAVX5) == (409, "no-uid-conflict", A)

    def test_other_books_do_not_matter(self) -> None:
        trial = BookTrial()
        trial.fill(a=APPLE)
        assert trial.make_book("other").status == 201
        assert trial.request("COPY", A, {"Destination": HOME + "other/a.vcf"}).status == 201
        assert refused(trial, "COPY", A, {"Destination": HOME + "other/b.vcf"}) == (
            409,
            "no-uid-conflict",
            HOME + "other/a.vcf",
        )
        assert refused(trial, "MOVE", A, {"Destination": HOME + "other/b.vcf"})[:2] == (409, "no-uid-conflict")
        assert trial.request("MOVE", A, {"Destination": HOME + "other/a.vcf"}).status == 204

    def test_copy_and_move_within_a_book(self) -> None:
        trial = BookTrial()
        trial.fill(a=APPLE, d=DAVX5)
        assert refused(trial, "COPY", A, {"Destination": BOOK + "b.vcf"}) == (409, "no-uid-conflict", A)
        assert refused(trial, "MOVE", A, {"Destination": BOOK + "d.vcf"}) == (409, "no-uid-conflict", BOOK + "d.vcf")
        assert trial.request("MOVE", A, {"Destination": BOOK + "b.vcf"}).status == 201
        assert trial.put("a.vcf", APPLE).status == 409

    def test_a_removed_card_frees_it(self) -> None:
        trial = BookTrial()
        trial.fill(a=APPLE)
        assert trial.request("DELETE", A).status == 204
        assert trial.put("b.vcf", APPLE).status == 201


class TestRefused:
    """Verifies: RFC 6352, 5.2, 6.2.2, 6.2.3, 6.3.2.1"""

    @pytest.mark.parametrize(
        "kind, body, condition",
        [
            ("text/calendar", APPLE, "supported-address-data"),
            ("application/octet-stream", APPLE, "supported-address-data"),
            ("text/vcard", ANDROID, "supported-address-data"),
            ("text/vcard", card().replace(b"3.0", b"5.0"), "supported-address-data"),
            ("text/vcard", b"", "valid-address-data"),
            ("text/vcard", b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", "valid-address-data"),
            ("text/vcard", APPLE + DAVX5, "valid-address-data"),
            ("text/vcard", APPLE.replace(b"Ada", b"\xff"), "valid-address-data"),
            ("application/vcard+json", b"[]", "valid-address-data"),
            ("application/vcard+json", APPLE, "valid-address-data"),
        ],
    )
    def test_what_is_no_card(self, kind: str, body: bytes, condition: str) -> None:
        trial = BookTrial()
        assert refused(trial, "PUT", A, {"Content-Type": kind}, body)[:2] == (403, condition)
        assert trial.request("GET", A).status == 404

    def test_a_card_that_is_too_long(self) -> None:
        trial = BookTrial(CardDavSettings(max_resource_size=1024))
        long = card("NOTE:" + "x" * 1000, uid="1")
        assert refused(trial, "PUT", A, VCARD, long)[:2] == (403, "max-resource-size")
        # The UID that it lacks makes it too long.
        tight = card("NOTE:" + "x" * (1024 - len(card("NOTE:"))))
        assert len(tight) == 1024
        assert refused(trial, "PUT", A, VCARD, tight)[:2] == (403, "max-resource-size")

    def test_a_card_with_too_many_numbers(self) -> None:
        trial = BookTrial(CardDavSettings(max_terms=10))
        many = card(*[f"TEL:{number}" for number in range(10)], uid="1")
        assert refused(trial, "PUT", A, VCARD, many)[:2] == (403, "valid-address-data")

    def test_files_of_other_kinds_do_not_come_in_by_copy(self) -> None:
        trial = BookTrial()
        trial.request("PUT", "/files/alice/a.txt", {}, b"x")
        trial.request("PUT", "/files/alice/a.vcf", {}, APPLE)
        assert refused(trial, "COPY", "/files/alice/a.txt", {"Destination": A})[:2] == (403, "supported-address-data")
        assert trial.request("COPY", "/files/alice/a.vcf", {"Destination": A}).status == 201
        assert trial.query(
            '<C:filter><C:prop-filter name="NICKNAME"><C:text-match>enchant</C:text-match></C:prop-filter></C:filter>'
        ) == ["a"]

    def test_collections_do_not_come_in(self) -> None:
        trial = BookTrial()
        assert refused(trial, "MKCOL", BOOK + "sub/", {})[:2] == (403, "valid-resourcetype")
        trial.make_book("other")
        for method in ("COPY", "MOVE"):
            found = refused(trial, method, HOME + "other/", {"Destination": BOOK + "sub/"})
            assert found[:2] == (403, "addressbook-collection-location-ok")
