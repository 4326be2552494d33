"""REPORT: which reports there are, and where.

Verifies: RFC 3253, 3.1.5, 3.6
"""

from __future__ import annotations

from davd.testing.exchange import Trial
from tests.dav.answers import by_href, condition, prop

HOME = "/files/alice/"
FILE = HOME + "a.txt"


def filled() -> Trial:
    made = Trial()
    made.request("PUT", FILE, {}, b"x")
    return made


def test_unknown_reports_are_refused() -> None:
    made = filled()
    response = made.request("REPORT", FILE, {}, b'<version-tree xmlns="DAV:"/>')
    assert (response.status, condition(made, response)) == (403, "{DAV:}supported-report")
    assert made.request("REPORT", FILE, {}, b"").status == 400
    assert made.request("REPORT", FILE, {}, b'<expand-property xmlns="DAV:"/>', "bob").status == 404


def test_reports_are_told_where_they_are_supported() -> None:
    made = filled()
    body = prop("{DAV:}supported-report-set")
    answers = by_href(made, made.request("PROPFIND", HOME, {"Depth": "1"}, body))
    names = {
        href: [report[0][0].tag for report in answer.element("{DAV:}supported-report-set")]
        for href, answer in answers.items()
    }
    assert "{DAV:}sync-collection" in names[HOME]
    assert "{DAV:}sync-collection" not in names[FILE]
    assert "{DAV:}expand-property" in names[FILE]


def test_a_failing_if_header_is_412() -> None:
    made = filled()
    body = b'<expand-property xmlns="DAV:"><property name="owner"/></expand-property>'
    assert made.request("REPORT", FILE, {"If": '(["no such etag"])'}, body).status == 412
