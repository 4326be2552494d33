"""Calendaring reports in the words of clients: first a question for names, then one for contents, as each of them asks.

Verifies: RFC 4791, 7.8, 7.9, 7.10, 8.2.1.3
"""

from __future__ import annotations

import pytest

from davd.testing.exchange import Trial
from tests.caldav.reports.questions import DATA, ETAG, WORK, C, event, put, report, trial
from tests.dav.answers import Answer, by_href

SOON = "DTSTART;TZID=Europe/Berlin:20260105T100000\nDTEND;TZID=Europe/Berlin:20260105T110000\nSUMMARY:Dentist"
LATE = "DTSTART:20280105T100000Z\nDTEND:20280105T110000Z\nSUMMARY:Later"
WEEKLY = "DTSTART:20250106T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=MO\nSUMMARY:Standup"
OPEN = "DUE:20260110T100000Z\nSUMMARY:Open\nSTATUS:NEEDS-ACTION"
DONE = "COMPLETED:20260102T100000Z\nSUMMARY:Done\nSTATUS:COMPLETED"
NOTE = "DTSTART;VALUE=DATE:20260105\nSUMMARY:Diary"


@pytest.fixture(scope="module")
def made() -> Trial:
    tree = trial()
    for name, content in (("soon", SOON), ("late", LATE), ("weekly", WEEKLY)):
        put(tree, f"{name}.ics", event(f"{name}@example.com", content))
    for name, content in (("open", OPEN), ("done", DONE)):
        put(tree, f"{name}.ics", event(f"{name}@example.com", content, "VTODO"))
    put(tree, "note.ics", event("note@example.com", NOTE, "VJOURNAL"))
    return tree


def ask(made: Trial, body: str, depth: str | None = "1", **headers: str) -> dict[str, Answer]:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = report(made, body.strip().encode(), depth=depth, headers=fields)
    return {href.removeprefix(WORK): answer for href, answer in by_href(made, response).items()}


def summaries(found: dict[str, Answer]) -> dict[str, str]:
    lines = {name: answer.text(DATA).splitlines() for name, answer in found.items()}
    return {name: next(line for line in text if line.startswith("SUMMARY:"))[8:] for name, text in lines.items()}


class TestDAVx5:
    """Verifies: RFC 4791, 7.8, 7.9"""

    LIST = (
        "<?xml version='1.0' encoding='UTF-8' ?>"
        '<CAL:calendar-query xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav"><prop><getetag /></prop>'
        '<CAL:filter><CAL:comp-filter name="VCALENDAR"><CAL:comp-filter name="{}">{}</CAL:comp-filter>'
        "</CAL:comp-filter></CAL:filter></CAL:calendar-query>"
    )
    PAST = '<CAL:time-range start="20251006T100000Z" />'

    def test_events_from_three_months_ago_on(self, made: Trial) -> None:
        found = ask(made, self.LIST.format("VEVENT", self.PAST))
        assert sorted(found) == ["late.ics", "soon.ics", "weekly.ics"]
        assert all(answer.text(ETAG).startswith('"') for answer in found.values())

    def test_tasks_and_journals(self, made: Trial) -> None:
        assert sorted(ask(made, self.LIST.format("VTODO", ""))) == ["done.ics", "open.ics"]
        assert sorted(ask(made, self.LIST.format("VJOURNAL", ""))) == ["note.ics"]

    def test_contents(self, made: Trial) -> None:
        body = (
            "<?xml version='1.0' encoding='UTF-8' ?>"
            '<CAL:calendar-multiget xmlns="DAV:" xmlns:CAL="urn:ietf:params:xml:ns:caldav"><prop><getcontenttype />'
            '<getetag /><CAL:schedule-tag /><CAL:calendar-data content-type="text/calendar" version="2.0" /></prop>'
            f"<href>{WORK}soon.ics</href><href>{WORK}weekly.ics</href></CAL:calendar-multiget>"
        )
        found = ask(made, body, None)
        assert summaries(found) == {"soon.ics": "Dentist", "weekly.ics": "Standup"}
        assert "component=vevent" in found["soon.ics"].text("{DAV:}getcontenttype")


class TestAppleCalendar:
    """Verifies: RFC 4791, 7.8, 7.9"""

    def test_names_by_time(self, made: Trial) -> None:
        body = """
<?xml version="1.0" encoding="UTF-8"?>
<B:calendar-query xmlns:B="urn:ietf:params:xml:ns:caldav">
  <A:prop xmlns:A="DAV:">
    <A:getetag/>
    <A:getcontenttype/>
  </A:prop>
  <B:filter>
    <B:comp-filter name="VCALENDAR">
      <B:comp-filter name="VEVENT">
        <B:time-range start="20251205T000000Z"/>
      </B:comp-filter>
    </B:comp-filter>
  </B:filter>
</B:calendar-query>
"""
        assert sorted(ask(made, body, brief="t", prefer="return=minimal")) == ["late.ics", "soon.ics", "weekly.ics"]

    def test_contents(self, made: Trial) -> None:
        body = f"""
<?xml version="1.0" encoding="UTF-8"?>
<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav">
  <A:prop xmlns:A="DAV:">
    <A:getetag/>
    <C:calendar-data/>
    <B:created-by xmlns:B="http://calendarserver.org/ns/"/>
    <B:updated-by xmlns:B="http://calendarserver.org/ns/"/>
    <C:schedule-tag/>
  </A:prop>
  <A:href xmlns:A="DAV:">{WORK}soon.ics</A:href>
  <A:href xmlns:A="DAV:">{WORK}gone.ics</A:href>
</C:calendar-multiget>
"""
        found = ask(made, body, None, brief="t")
        assert found["gone.ics"].status == 404
        assert found["soon.ics"].statuses() == {ETAG: 200, DATA: 200}


class TestThunderbird:
    """Verifies: RFC 4791, 7.9"""

    def test_contents(self, made: Trial) -> None:
        hrefs = "".join([f"<D:href>{WORK}{name}.ics</D:href>" for name in ("late", "open")])
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<C:calendar-multiget xmlns:D="DAV:" '
            'xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/><C:calendar-data/></D:prop>'
            f"{hrefs}</C:calendar-multiget>"
        )
        assert summaries(ask(made, body)) == {"late.ics": "Later", "open.ics": "Open"}


class TestEvolution:
    """Verifies: RFC 4791, 7.8"""

    QUERY = """
<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:">
 <D:prop><D:getetag/>{}</D:prop>
 <C:filter>
  <C:comp-filter name="VCALENDAR">
   <C:comp-filter name="{}">{}</C:comp-filter>
  </C:comp-filter>
 </C:filter>
</C:calendar-query>
"""

    def test_names(self, made: Trial) -> None:
        span = '<C:time-range start="20260101T000000Z" end="20260201T000000Z"/>'
        assert sorted(ask(made, self.QUERY.format("", "VEVENT", span))) == ["soon.ics", "weekly.ics"]
        assert sorted(ask(made, self.QUERY.format("", "VTODO", ""))) == ["done.ics", "open.ics"]

    def test_one_by_its_uid(self, made: Trial) -> None:
        match = '<C:text-match collation="i;octet">soon@example.com</C:text-match>'
        uid = f'<C:prop-filter name="UID">{match}</C:prop-filter>'
        found = ask(made, self.QUERY.format("<C:calendar-data/>", "VEVENT", uid))
        assert summaries(found) == {"soon.ics": "Dentist"}


class TestOutlookCalDavSynchronizer:
    """Verifies: RFC 4791, 7.8, 7.9"""

    def test_names_by_time(self, made: Trial) -> None:
        body = """
<?xml version="1.0"?>
<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav">
    <D:prop xmlns:D="DAV:">
        <D:getetag/>
    </D:prop>
    <C:filter>
        <C:comp-filter name="VCALENDAR">
            <C:comp-filter name="VEVENT">
                <C:time-range start="20251106T000000Z" end="20270105T000000Z"/>
            </C:comp-filter>
        </C:comp-filter>
    </C:filter>
</C:calendar-query>
"""
        assert sorted(ask(made, body)) == ["soon.ics", "weekly.ics"]

    def test_contents(self, made: Trial) -> None:
        body = f"""
<?xml version="1.0"?>
<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
    <D:prop>
        <D:getetag/>
        <D:displayname/>
        <C:calendar-data/>
    </D:prop>
    <D:href>{WORK}soon.ics</D:href>
</C:calendar-multiget>
"""
        assert summaries(ask(made, body)) == {"soon.ics": "Dentist"}


class TestOthers:
    """Verifies: RFC 4791, 7.6, 7.8, 7.8.9, 7.10"""

    def test_vdirsyncer_lists_items(self, made: Trial) -> None:
        body = """<?xml version="1.0" encoding="utf-8" ?>
            <C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
                <D:prop><D:getcontenttype/><D:getetag/></D:prop>
                <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO"></C:comp-filter>
                </C:comp-filter></C:filter>
            </C:calendar-query>"""
        assert sorted(ask(made, body)) == ["done.ics", "open.ics"]

    def test_python_caldav_looks_for_instances(self, made: Trial) -> None:
        body = """
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop>
    <C:calendar-data>
      <C:expand start="20260105T000000Z" end="20260120T000000Z"/>
    </C:calendar-data>
  </D:prop>
  <C:filter>
    <C:comp-filter name="VCALENDAR">
      <C:comp-filter name="VEVENT">
        <C:time-range start="20260105T000000Z" end="20260120T000000Z"/>
      </C:comp-filter>
    </C:comp-filter>
  </C:filter>
</C:calendar-query>
"""
        found = ask(made, body)
        counts = {name: answer.text(DATA).count("BEGIN:VEVENT") for name, answer in found.items()}
        assert counts == {"soon.ics": 1, "weekly.ics": 3}

    def test_python_caldav_looks_for_what_is_to_be_done(self, made: Trial) -> None:
        body = """
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><C:calendar-data/></D:prop>
  <C:filter>
    <C:comp-filter name="VCALENDAR">
      <C:comp-filter name="VTODO">
        <C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>
        <C:prop-filter name="STATUS">
          <C:text-match negate-condition="yes">COMPLETED</C:text-match>
        </C:prop-filter>
        <C:prop-filter name="STATUS">
          <C:text-match negate-condition="yes">CANCELLED</C:text-match>
        </C:prop-filter>
      </C:comp-filter>
    </C:comp-filter>
  </C:filter>
</C:calendar-query>
"""
        assert list(ask(made, body)) == ["open.ics"]

    def test_tsdav_fetches_objects(self, made: Trial) -> None:
        body = (
            '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" '
            'xmlns:ca="http://apple.com/ns/ical/" xmlns:d="DAV:"><d:prop><d:getetag/><c:calendar-data/></d:prop>'
            '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range '
            'start="20260101T000000Z" end="20260108T000000Z"/></c:comp-filter></c:comp-filter></c:filter>'
            "</c:calendar-query>"
        )
        assert summaries(ask(made, body)) == {"soon.ics": "Dentist", "weekly.ics": "Standup"}

    def test_a_phone_asks_when_somebody_is_busy(self, made: Trial) -> None:
        body = (
            f'<C:free-busy-query xmlns:C="{C[1:-1]}">'
            '<C:time-range start="20260105T000000Z" end="20260106T000000Z"/></C:free-busy-query>'
        )
        content = made.read(report(made, body.encode()))
        # The two events of that day are one stretch of time.
        assert b"FREEBUSY;FBTYPE=BUSY:20260105T090000Z/20260105T100000Z\r\n" in content
