"""GET on calendars and on what is in them.

Verifies: RFC 4791, 5.3.4; RFC 7265, 3, 7; RFC 9110, 8.8.3, 9.3.1, 12.5.1, 12.5.5, 13.1.2
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
from lxml import html

from davd.caldav.representation import VARIES
from davd.dav import page
from davd.dav.contents import PAGE
from davd.formats.icalendar.jcal import from_jcal
from davd.formats.icalendar.object import parse
from tests.caldav.calendars import HOME, WORK, event, mkcalendar, proppatch, put, trial_with_calendars

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JCAL = {"Accept": "application/calendar+json"}


@pytest.fixture
def trial():
    made = trial_with_calendars()
    assert mkcalendar(made, WORK, "<D:displayname>Work &amp; play</D:displayname>").status == 201
    return made


def filled(trial, number: int) -> None:
    for uid in range(number):
        assert put(trial, f"{WORK}{uid}.ics", event(str(uid))).status == 201


class TestWhole:
    """Verifies: RFC 5545, 3.4; RFC 9110, 9.3.1, 12.5.1"""

    @pytest.mark.parametrize("accept", [None, "*/*", "text/calendar", "text/calendar, */*;q=0.5", "image/png", "x"])
    def test_one_icalendar_object(self, trial, accept):
        filled(trial, 3)
        response = trial.request("GET", WORK, {} if accept is None else {"Accept": accept})
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert response.headers["Vary"] == VARIES
        assert "work.ics" in response.headers["Content-Disposition"]
        calendar = parse(trial.read(response))
        assert calendar.text("X-WR-CALNAME") == "Work & play"
        assert {sub.text("UID") for sub in calendar.components} == {"0", "1", "2"}

    def test_an_empty_calendar(self, trial):
        assert parse(trial.read(trial.request("GET", WORK))).components == []
        body = trial.read(trial.request("GET", WORK, JCAL))
        assert json.loads(body)[2] == []

    @pytest.mark.parametrize("number", [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 5])
    def test_a_long_one_is_streamed(self, trial, number):
        filled(trial, number)
        response = trial.request("GET", WORK)
        assert isinstance(response.body, AsyncIterator) == (number >= PAGE)
        assert len(parse(trial.read(response)).components) == number
        body = trial.read(trial.request("GET", WORK, JCAL))
        assert len(json.loads(body)[2]) == number
        assert len(parse(from_jcal(body)).components) == number

    def test_who_has_it_is_not_sent_it_again(self, trial):
        filled(trial, 1)
        etag = trial.request("GET", WORK).headers["ETag"]
        assert etag.startswith('W/"')
        response = trial.request("GET", WORK, {"If-None-Match": etag})
        assert (response.status, response.headers["ETag"], response.body) == (304, etag, b"")
        assert trial.request("GET", WORK, {"If-None-Match": etag} | JCAL).status == 200
        assert trial.request("GET", WORK, {"If-Match": '"other"'}).status == 412
        put(trial, WORK + "0.ics", event("0", "SUMMARY:new"))
        changed = trial.request("GET", WORK, {"If-None-Match": etag})
        assert changed.status == 200
        proppatch(trial, WORK, "<D:displayname>New</D:displayname>")
        assert trial.request("GET", WORK, {"If-None-Match": changed.headers["ETag"]}).status == 200

    def test_the_link_of_the_page_leads_to_it(self, trial):
        response = trial.request("GET", WORK + "?export", BROWSER)
        assert response.headers["Content-Type"].startswith("text/calendar")

    def test_a_home_is_listed(self, trial):
        assert trial.request("GET", HOME).headers["Content-Type"].startswith("text/html")

    def test_head(self, trial):
        filled(trial, 2)
        response = trial.request("HEAD", WORK)
        assert (response.status, response.body) == (200, b"")
        assert int(response.headers["Content-Length"]) == len(trial.read(trial.request("GET", WORK)))


class TestObject:
    """Verifies: RFC 7265, 3, 7; RFC 9110, 8.8.3, 12.5.5"""

    ONE = WORK + "0.ics"

    def test_as_it_was_stored(self, trial):
        filled(trial, 1)
        for accept in ({}, BROWSER, {"Accept": "application/json"}, {"Accept": "text/calendar"}):
            response = trial.request("GET", self.ONE, accept)
            assert trial.read(response) == event("0")
            assert response.headers["Vary"] == VARIES

    def test_as_jcal(self, trial):
        filled(trial, 1)
        plain = trial.request("GET", self.ONE)
        response = trial.request("GET", self.ONE, JCAL)
        assert response.headers["Content-Type"] == "application/calendar+json"
        assert (response.headers["ETag"], response.headers["Vary"]) == (plain.headers["ETag"], VARIES)
        assert json.loads(trial.read(response))[0] == "vcalendar"
        etag = plain.headers["ETag"]
        for accept in (JCAL, {}):
            response = trial.request("GET", self.ONE, {"If-None-Match": etag} | accept)
            assert (response.status, response.headers["Vary"]) == (304, VARIES)

    def test_who_has_it_as_jcal_may_change_it(self, trial):
        filled(trial, 1)
        response = trial.request("GET", self.ONE, JCAL)
        headers = {"If-Match": response.headers["ETag"], "Content-Type": "application/calendar+json"}
        assert trial.request("PUT", self.ONE, headers, trial.read(response)).status == 204

    @pytest.mark.parametrize("accept", [None, "text/calendar", "application/calendar+json", "image/png"])
    @pytest.mark.parametrize("sent", ["text/calendar", "application/calendar+json"])
    def test_sent_back_as_it_is_accepted_or_else_as_it_came(self, trial, sent, accept):
        filled(trial, 1)
        as_jcal = trial.read(trial.request("GET", self.ONE, JCAL))
        headers = {"Prefer": "return=representation", "Content-Type": sent}
        if accept is not None:
            headers["Accept"] = accept
        content = as_jcal if "json" in sent else event("0")
        for path, status in ((self.ONE, 200), (WORK + "other.ics", 201)):
            if status == 201:
                assert trial.request("DELETE", self.ONE).status == 204
            response = trial.request("PUT", path, headers, content)
            assert (response.status, response.headers["Content-Location"]) == (status, path)
            expected = sent if accept is None else accept
            kind = response.headers["Content-Type"]
            assert kind.startswith("application/calendar+json") == ("json" in expected), kind
            assert response.body == (as_jcal if "json" in expected else event("0"))
            assert response.headers["ETag"] == trial.request("GET", path).headers["ETag"]

    def test_elsewhere_nothing_is_negotiated(self, trial):
        put(trial, "/files/alice/0.ics", event("0"))
        response = trial.request("GET", "/files/alice/0.ics", JCAL)
        assert (trial.read(response), "Vary" in response.headers) == (event("0"), False)


class TestPage:
    """Verifies: RFC 9110, 9.3.1; docs/architecture.md, Rules"""

    def shown(self, trial, path: str = WORK):
        response = trial.request("GET", path, BROWSER)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Content-Security-Policy"] == page.POLICY
        body = trial.read(response)
        assert b"<script" not in body
        return html.document_fromstring(body)

    def rows(self, document, caption: str) -> list[list[str]]:
        (table,) = [found for found in document.iter("table") if found.findtext("caption").startswith(caption)]
        return [[" ".join(cell.text_content().split()) for cell in row] for row in table.iter("tr")][1:]

    def test_what_comes_next(self, trial):
        trial.now = 1767571200.0  # 2026-01-05T00:00:00Z
        proppatch(trial, WORK, "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>")
        put(trial, WORK + "1.ics", event("1", "DTEND:20260105T113000Z", "SUMMARY:<Lunch>", "LOCATION:A\\, B"))
        long = event("2", "DTEND:20260107T080000Z", "SUMMARY:Long", start="DTSTART:20260106T080000Z")
        put(trial, WORK + "2.ics", long)
        put(trial, WORK + "3.ics", event("3", "DTEND;VALUE=DATE:20260110", start="DTSTART;VALUE=DATE:20260108"))
        put(trial, WORK + "4.ics", event("4", "DTEND:20250105T113000Z", start="DTSTART:20250105T100000Z"))
        put(trial, WORK + "5.ics", event("5", "STATUS:CANCELLED", "DTEND:20260105T113000Z"))
        document = self.shown(trial)
        assert document.findtext(".//h1/bdi") == "Work & play"
        assert self.rows(document, "The next 60 days (Europe/Berlin)") == [
            ["Mon 5 Jan 2026, 11:00\N{EN DASH}12:30", "<Lunch>", "A, B"],
            ["Tue 6 Jan 2026, 09:00\N{EN DASH}Wed 7 Jan 2026, 09:00", "Long", ""],
            ["Thu 8 Jan 2026 \N{EN DASH} Fri 9 Jan 2026", "(no title)", ""],
        ]
        times = [time.get("datetime") for time in document.iter("time")]
        assert times[:2] == ["2026-01-05T10:00:00Z", "2026-01-05T11:30:00Z"]
        assert times[-2:] == ["2026-01-08", "2026-01-09"]

    def test_what_is_to_be_done_and_what_was_written(self, trial):
        put(trial, WORK + "1.ics", event("1", "DUE:20260105T113000Z", "SUMMARY:Due", kind="VTODO"))
        put(trial, WORK + "2.ics", event("2", "SUMMARY:Some day", start="", kind="VTODO"))
        put(trial, WORK + "3.ics", event("3", "STATUS:COMPLETED", kind="VTODO"))
        put(trial, WORK + "4.ics", event("4", "SUMMARY:Old", start="DTSTART;VALUE=DATE:20200101", kind="VJOURNAL"))
        put(trial, WORK + "5.ics", event("5", "SUMMARY:New", kind="VJOURNAL"))
        document = self.shown(trial)
        assert self.rows(document, "To do") == [["Mon 5 Jan 2026, 11:30", "Due", ""], ["", "Some day", ""]]
        assert [row[1] for row in self.rows(document, "Journal")] == ["New", "Old"]

    def test_only_what_the_calendar_is_for(self, trial):
        captions = [table.findtext("caption") for table in self.shown(trial, HOME + "tasks/").iter("table")]
        assert captions == ["To do", "Journal"]
        assert self.rows(self.shown(trial, HOME + "tasks/"), "To do") == [["Nothing"]]

    def test_it_leads_to_the_calendar(self, trial):
        (link,) = [link.get("href") for link in self.shown(trial).iter("a") if "export" in link.get("href")]
        assert link == WORK + "?export"
        assert re.match(r"/calendars/alice/", link)
