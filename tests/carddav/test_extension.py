"""The rows of CardDAV together.

Verifies: RFC 6352, 3, 5.2, 6.1
"""

from __future__ import annotations

from lxml import etree

from davd.carddav.extension import make
from davd.carddav.settings import CardDavSettings
from tests.carddav.trial import BOOK, HOME, BookTrial


class TestHomes:
    """Verifies: RFC 6352, 5.2; RFC 4918, 9.1"""

    def listed(self, trial: BookTrial, body: bytes) -> list[str]:
        found = etree.fromstring(trial.read(trial.request("PROPFIND", HOME, {"Depth": "1"}, body)))
        return [href.text or "" for href in found.iter("{DAV:}href")]

    def test_the_default_book_comes_first(self) -> None:
        trial = BookTrial()
        trial.make_book("archive")
        trial.make_book("0")
        trial.request("MKCOL", HOME + "folder/")
        for body in (b"", b'<propfind xmlns="DAV:"><prop><resourcetype/></prop></propfind>'):
            assert self.listed(trial, body) == [HOME, BOOK, HOME + "archive/", HOME + "0/", HOME + "folder/"]

    def test_many_books_come_all(self) -> None:
        trial = BookTrial()
        long = f"<D:displayname>{'x' * 60_000}</D:displayname>"
        for number in range(12):
            assert trial.make_book(f"{number:03}", long).status == 201
        body = b'<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>'
        expected = [HOME, BOOK, *[f"{HOME}{number:03}/" for number in range(12)]]
        assert sorted(self.listed(trial, body)) == sorted(expected)


class TestRows:
    """Verifies: RFC 6352, 3, 6.1, 8.1"""

    def test_what_a_server_that_says_addressbook_has(self) -> None:
        registry = BookTrial().registry
        assert "addressbook" in registry.compliance.split(", ")
        assert {"1", "2", "3"} <= set(registry.compliance.split(", "))
        assert "{DAV:}expand-property" in registry.reports

    def test_settings_reach_the_rows(self) -> None:
        (book,) = make(CardDavSettings(max_resource_size=5000)).collection_types
        assert book.max_bytes == 5000
