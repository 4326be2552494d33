"""What statuses and fields mean, where no server is needed to see it.

Verifies: RFC 9110, 11.6.1, 15; RFC 4918, 9.1
"""

from __future__ import annotations

import pytest

from davd.daemon.doctor.connect import Origin
from davd.daemon.doctor.findings import TABLE, Finding
from davd.daemon.doctor.known import Known, Visit
from davd.daemon.doctor.reply import Reply
from davd.daemon.doctor.steps import Step
from davd.daemon.doctor.symptoms import around, by, challenges, redirected, status_of

LIST = Step("lists", "PROPFIND", "/a/", (("Depth", "1"),))


def known(scheme: str = "https", **more: object) -> Known:
    """What is known at the begin."""
    made = Known(Origin(scheme, "dav.example.org", 443 if scheme == "https" else 80), "A client", 1_700_000_000.0)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def visit(status: int, body: bytes = b"", login: bool = True, **fields: str) -> Visit:
    """A listing answered so."""
    named = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return Visit(LIST, "/a/", Reply(status, named, body), None, login)


def keyed(finding: Finding | None) -> str | None:
    """The key; and the sentences can be made."""
    if finding is not None:
        assert "{" not in finding.sentence + finding.remedy
    return None if finding is None else finding.key


class TestStatus:
    """Verifies: RFC 9110, 15; RFC 4918, 9.1"""

    @pytest.mark.parametrize(
        ("seen", "where", "key"),
        [
            (visit(207), known(), None),
            (visit(401), known(), "login-refused"),
            (visit(401), known(logged_in=True), "login-lost"),
            (visit(403), known(), "method-refused"),
            (visit(403), known("http"), "plain-http-refused"),
            (visit(403, b'<D:error xmlns:D="DAV:"><D:need-privileges/></D:error>'), known(), "forbidden"),
            (visit(403, b'<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>'), known(), "depth-lost"),
            (visit(400, b"The plain HTTP request was sent to HTTPS port"), known("http"), "tls-wanted"),
            (visit(400), known(), "unexpected"),
            (visit(404), known(), "missing"),
            (visit(503), known(), "gateway"),
            (visit(503, Retry_After="9"), known(), "rate-limited"),
            (visit(507), known(), "server-error"),
            (visit(418), known(), "unexpected"),
        ],
    )
    def test_means(self, seen: Visit, where: Known, key: str | None) -> None:
        assert keyed(status_of(seen, where)) == key

    def test_who_says_it(self) -> None:
        assert by(Reply(405, (("Server", "nginx"),)), known(server="davd")) == (
            "Something in front of the server (Server: nginx)"
        )
        assert by(Reply(405, (("Server", "nginx"),)), known()) == "The server (Server: nginx)"
        page = Reply(405, (("Server", "nginx"),), b"<hr><center>nginx</center>")
        assert by(page, known(server="nginx")).startswith("Something in front")


class TestAround:
    """Verifies: RFC 9110, 11.6.1, 15.4"""

    def test_a_slow_answer(self) -> None:
        (finding,) = around(Visit(LIST, "/a/", Reply(207, seconds=12.3)), known())
        assert (keyed(finding), finding.sentence) == ("slow", "PROPFIND /a/ took 12 s.")

    @pytest.mark.parametrize("offered", ['Basic realm="a"', 'Digest realm="a", Basic realm="b"', "basic"])
    def test_basic_is_offered(self, offered: str) -> None:
        assert list(challenges(visit(401, WWW_Authenticate=offered), known())) == []

    @pytest.mark.parametrize(
        ("offered", "schemes"), [("Negotiate", "Negotiate"), ('Bearer realm="basic one"', "Bearer")]
    )
    def test_basic_is_not_offered(self, offered: str, schemes: str) -> None:
        (finding,) = challenges(visit(401, WWW_Authenticate=offered), known())
        assert keyed(finding) == "challenge-without-basic"
        assert f"only {schemes} to" in finding.sentence

    @pytest.mark.parametrize(
        ("location", "key"),
        [
            ("/b/", None),
            ("https://dav.example.org/b/", None),
            ("https://DAV.example.org:443/b/", None),
            ("https://dav.example.org:8443/b/", "redirect-elsewhere"),
            ("https://backend/b/", "redirect-elsewhere"),
            ("http://dav.example.org/b/", "redirect-to-http"),
        ],
    )
    def test_where_it_leads(self, location: str, key: str | None) -> None:
        assert keyed(redirected(visit(301, Location=location), known())) == key


def test_every_row_can_be_said() -> None:
    """Each key in the sources is in the table."""
    assert all(row.severity in ("fault", "warning", "hint") for row in TABLE.values())
    assert all(row.sentence.endswith(".") and row.remedy.endswith((".", "}")) for row in TABLE.values())
