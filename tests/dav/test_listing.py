"""The page for people.

Verifies: RFC 4918, 9.4; docs/architecture.md, Rules
"""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from lxml import html

from davd.dav import listing
from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial

HOME = "/files/alice/"


def page(trial: Trial, path: str = HOME, user: str = "alice"):
    response = trial.request("GET", path, user=user)
    assert response.status == 200
    return html.document_fromstring(trial.read(response))


def links(document) -> list[str]:
    return document.xpath("//tbody//a/@href")


@pytest.fixture
def trial() -> Trial:
    made = Trial()
    made.request("MKCOL", HOME + "dir")
    for name, content in (("a%20b%26%3Cc%3E%22.txt", b"x" * 1536), ("%C3%A9.txt", b"")):
        made.request("PUT", HOME + name, body=content)
    return made


class TestPage:
    """Verifies: RFC 4918, 9.4; RFC 9110, 9.3.1"""

    def test_members(self, trial):
        document = page(trial)
        assert links(document) == [HOME + "a%20b%26%3Cc%3E%22.txt", HOME + "dir/", HOME + "%C3%A9.txt"]
        rows = [[cell.text_content() for cell in row] for row in document.xpath("//tbody/tr")]
        assert rows == [
            ['a b&<c>".txt', "1.5 KiB", "2023-11-14 22:13"],
            ["dir/", "\N{EN DASH}", "2023-11-14 22:13"],
            ["\N{LATIN SMALL LETTER E WITH ACUTE}.txt", "0 bytes", "2023-11-14 22:13"],
        ]

    def test_without_a_slash_the_links_are_as_good(self, trial):
        assert links(page(trial, HOME[:-1])) == links(page(trial, HOME))

    def test_below_a_prefix(self):
        trial = Trial(settings=DavSettings(prefix="/dav"))
        trial.request("PUT", "/dav" + HOME + "note", body=b"x")
        document = page(trial, "/dav" + HOME)
        assert links(document) == ["/dav" + HOME + "note"]
        assert document.xpath("//nav//a/@href") == ["/dav/", "/dav/files/"]

    def test_only_what_the_user_may_see(self, trial):
        assert links(page(trial, "/")) == ["/files/", "/principals/"]
        assert links(page(trial, "/files/")) == [HOME]
        assert links(page(trial, "/files/", "bob")) == ["/files/bob/"]
        assert links(page(trial, "/principals/users/")) == ["/principals/users/alice/"]

    def test_an_empty_one(self, trial):
        document = page(trial, HOME + "dir/")
        assert links(document) == []
        assert document.xpath("//h1")[0].text_content() == "dir"


class TestAccessibility:
    """Verifies: docs/architecture.md, Rules"""

    def test_structure(self, trial):
        document = page(trial)
        assert document.get("lang") == "en"
        for once in ("//h1", "//main", "//table/caption"):
            assert len(document.xpath(once)) == 1
        assert document.findtext(".//title") == "alice"
        assert document.xpath("//nav/@aria-label") == ["Path"]
        assert document.xpath("//thead//th/@scope") == ["col"] * 3
        assert document.xpath("//tbody/tr/th/@scope") == ["row"] * 3
        assert document.xpath("//time/@datetime")[0] == "2023-11-14T22:13:20Z"
        assert document.xpath("//meta/@charset") == ["utf-8"]

    def test_nothing_runs_and_only_the_one_style_counts(self, trial):
        response = trial.request("GET", HOME)
        text = trial.read(response).decode()
        assert not re.search(r"<script|javascript:|\son\w+=|style=", text, re.IGNORECASE)
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        assert response.headers["Content-Security-Policy"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )

    def test_names_are_text(self, trial):
        name = "%3Cscript%3Ealert(1)%3C%2fscript%3E".replace("%2f", "")
        assert trial.request("MKCOL", HOME + name).status == 201
        assert page(trial).xpath("//script") == []
        assert page(trial, HOME + name).xpath("//script") == []


class TestLong:
    """Verifies: docs/architecture.md, One request"""

    @pytest.mark.parametrize("count", [listing.PAGE, listing.PAGE + 1, 2 * listing.PAGE, 2 * listing.PAGE + 3])
    def test_every_member_once_and_in_order(self, count):
        trial = Trial()
        expected = [f"{HOME}{number:05}" for number in range(count)]
        for path in expected:
            trial.request("PUT", path)
        response = trial.request("GET", HOME)
        assert isinstance(response.body, AsyncIterator) == (count > listing.PAGE)
        document = html.document_fromstring(trial.read(response))
        assert links(document) == expected
        head = trial.request("HEAD", HOME)
        assert head.body == b"" and ("Content-Length" in head.headers) == (count <= listing.PAGE)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (1024**2, "1.0 MiB"),
        (5 * 1024**3, "5.0 GiB"),
        (10**18, "888.2 PiB"),
        (2**63, "8192.0 PiB"),
    ],
)
def test_sizes(length, text):
    """Verifies: docs/architecture.md, Rules"""
    assert listing._size(length) == text
