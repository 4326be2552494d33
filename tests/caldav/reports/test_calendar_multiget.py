"""calendar-multiget over a memory store.

Verifies: RFC 4791, 7.9
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from davd.caldav.reports import stream
from davd.dav.settings import DavSettings
from davd.model.acl import Ace
from davd.model.index import ObjectIndex
from davd.testing.exchange import Trial, run
from tests.caldav.reports.questions import (
    DATA,
    ETAG,
    WORK,
    C,
    event,
    multiget,
    put,
    report,
    store,
    time_range,
    trial,
)
from tests.caldav.reports.test_calendar_query import grant
from tests.dav.answers import by_href, condition

NAMES = ("a.ics", "b c.ics", "d&é.ics")
HREFS = (WORK + "a.ics", WORK + "b%20c.ics", WORK + "d%26%C3%A9.ics")


def filled(dav: DavSettings | None = None, **settings: int) -> Trial:
    made = trial(dav, **settings)
    for href in HREFS:
        name = href.removeprefix(WORK)
        put(made, name, event(name, "DTSTART:20260105T100000Z\nRRULE:FREQ=DAILY\nSUMMARY:Text"))
    return made


def statuses(made: Trial, *hrefs: str, path: str = WORK, user: str = "alice") -> dict[str, int]:
    """The status of each href: that of its response, or 200 for one that has data."""
    found = by_href(made, report(made, multiget(*hrefs), path, None, user))
    return {href: answer.status or answer.statuses()[DATA] for href, answer in found.items()}


class TestAnswers:
    """Verifies: RFC 4791, 7.9"""

    def test_properties_and_data_of_what_is_named(self) -> None:
        made = filled()
        found = by_href(made, report(made, multiget(*HREFS), depth=None))
        assert list(found) == list(HREFS)
        for href, answer in found.items():
            stored = made.request("GET", href)
            assert answer.text(ETAG) == stored.headers["ETag"]
            assert answer.text(DATA) == made.read(stored).decode().replace("\r\n", "\n")

    def test_the_order_is_that_of_the_question(self) -> None:
        made = filled()
        backwards = [*reversed(HREFS), WORK + "none.ics"]
        assert list(by_href(made, report(made, multiget(*backwards)))) == backwards

    @pytest.mark.parametrize("depth", [None, "0", "1", "infinity"])
    def test_the_depth_does_not_matter(self, depth: str | None) -> None:
        # RFC 4791, 7.9: "the "Depth" header MUST be ignored by the server".
        made = filled()
        assert len(by_href(made, report(made, multiget(*HREFS), depth=depth))) == 3

    @pytest.mark.parametrize("props", ["<D:getetag/>", "", "<D:getetag/><D:nothing/>"])
    def test_data_need_not_be_asked_for(self, props: str) -> None:
        made = filled()
        found = by_href(made, report(made, multiget(*HREFS, props=props)))
        assert list(found) == list(HREFS)
        assert {answer.status for answer in found.values()} == {None}

    def test_instances_and_parts(self) -> None:
        made = filled()
        expand = time_range("20260107T000000Z", "20260109T000000Z", "expand")
        comp = '<C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="DTSTART"/></C:comp></C:comp>'
        body = multiget(*HREFS, props=f"<C:calendar-data>{comp}{expand}</C:calendar-data>")
        for answer in by_href(made, report(made, body)).values():
            assert answer.text(DATA).split() == [
                "BEGIN:VCALENDAR",
                *["BEGIN:VEVENT", "DTSTART:20260107T100000Z", "END:VEVENT"],
                *["BEGIN:VEVENT", "DTSTART:20260108T100000Z", "END:VEVENT"],
                "END:VCALENDAR",
            ]

    def test_floating_times_are_those_of_the_calendar(self) -> None:
        made = trial(time_zone="Asia/Tokyo")
        put(made, "a.ics", event("a", "DTSTART:20260106T050000\nRRULE:FREQ=DAILY;COUNT=2"))
        expand = time_range("20260105T000000Z", "20260106T000000Z", "expand")
        body = multiget(WORK + "a.ics", props=f"<C:calendar-data>{expand}</C:calendar-data>")
        (answer,) = by_href(made, report(made, body)).values()
        assert answer.text(DATA).count("BEGIN:VEVENT") == 1


class TestHrefs:
    """Verifies: RFC 4791, 7.9; RFC 3986, 6.2.2; RFC 4918, 8.3"""

    @pytest.mark.parametrize(
        "href",
        [
            WORK + "a.ics",
            WORK + "%61%2eics",
            WORK + "%61%2Eics",
            "/calendars/%61lice/work/a.ics",
            "/calendars/alice//work/./a.ics",
            "http://dav.example/calendars/alice/work/a.ics",
            "https://DAV.example/calendars/alice/work/a.ics",
            "http://dav.example:80/calendars/alice/work/a.ics",
        ],
    )
    def test_each_spelling_leads_there_and_is_given_back(self, href: str) -> None:
        assert statuses(filled(), href) == {href: 200}

    @pytest.mark.parametrize(
        "href",
        [
            WORK + "none.ics",
            WORK,
            WORK + "a.ics/b.ics",
            "/calendars/alice/calendar/a.ics",
            "/calendars/alice/",
            "/calendars/alice/work",
            "/",
            "a.ics",
            "../work/a.ics",
            WORK + "../work/a.ics",
            WORK + "a.ics?query",
            WORK + "a%zz.ics",
            WORK + "%ff.ics",
            "http://other.example/calendars/alice/work/a.ics",
            "http://user@dav.example/calendars/alice/work/a.ics",
            "mailto:alice@example.com",
            "//dav.example/calendars/alice/work/a.ics",
        ],
    )
    def test_what_leads_to_no_object_within_the_calendar_is_404(self, href: str) -> None:
        assert statuses(filled(), href, HREFS[0]) == {href: 404, HREFS[0]: 200}

    def test_an_empty_href_is_404(self) -> None:
        assert statuses(filled(), "", HREFS[0]) == {"": 404, HREFS[0]: 200}

    def test_hrefs_are_written_as_xml(self) -> None:
        made = filled()
        assert statuses(made, WORK + "a&amp;b.ics", WORK + "d&amp;%C3%A9.ics") == {
            WORK + "a&b.ics": 404,
            WORK + "d&%C3%A9.ics": 200,
        }

    def test_one_that_comes_twice_is_answered_once(self) -> None:
        assert statuses(filled(), HREFS[0], HREFS[0]) == {HREFS[0]: 200}
        assert len(statuses(filled(), HREFS[0], WORK + "%61.ics")) == 2

    def test_with_and_without_the_prefix(self) -> None:
        made = filled(DavSettings(prefix="/dav"))
        hrefs = ["/dav" + HREFS[0], HREFS[0], "http://dav.example/dav" + HREFS[0]]
        assert statuses(made, *hrefs) == dict.fromkeys(hrefs, 200)

    def test_a_home_has_objects_at_any_depth(self) -> None:
        made = filled()
        made.request("MKCALENDAR", "/calendars/alice/second/")
        put(made, "x.ics", event("x", "DTSTART:20260105T100000Z"), "/calendars/alice/second/")
        hrefs = [HREFS[0], "/calendars/alice/second/x.ics", "/calendars/alice/third/x.ics", "/calendars/alice/second/"]
        assert list(statuses(made, *hrefs, path="/calendars/alice/").values()) == [200, 200, 404, 404]
        assert list(statuses(made, *hrefs, path="/").values()) == [200, 200, 404, 404]

    def test_other_files_are_no_objects(self) -> None:
        made = filled()
        made.request("PUT", "/files/alice/a.ics", {"Content-Type": "text/calendar"}, event("f", "X:y").encode())
        assert statuses(made, "/files/alice/a.ics", path="/files/alice/") == {"/files/alice/a.ics": 404}

    def test_one_object_is_asked_about_itself(self) -> None:
        made = filled()
        hrefs = [HREFS[0], HREFS[1], "http://dav.example" + HREFS[0]]
        assert statuses(made, *hrefs, path=HREFS[0]) == {hrefs[0]: 200, hrefs[1]: 404, hrefs[2]: 200}

    def test_what_belongs_to_others_is_404(self) -> None:
        made = filled()
        made.request("MKCALENDAR", "/calendars/bob/own/", user="bob")
        put(made, "x.ics", event("x", "DTSTART:20260105T100000Z"), "/calendars/bob/own/", "bob")
        theirs = "/calendars/bob/own/x.ics"
        assert statuses(made, theirs, HREFS[0], path="/") == {theirs: 404, HREFS[0]: 200}
        run(grant(made, ("calendars", "bob", "own"), Ace("name:alice", ("{DAV:}read",))))
        assert statuses(made, theirs, HREFS[0], path="/") == {theirs: 200, HREFS[0]: 200}
        assert statuses(made, theirs, path="/calendars/bob/own/") == {theirs: 200}


class TestLimits:
    """Verifies: RFC 4791, 7.9, 11"""

    def test_too_many_hrefs_are_refused(self) -> None:
        made = filled(max_multiget=2)
        response = report(made, multiget(*HREFS))
        assert (response.status, condition(made, response)) == (507, "{DAV:}number-of-matches-within-limits")
        assert len(statuses(made, *HREFS[:2], HREFS[0])) == 2

    def test_ranges_outside_of_what_calendars_hold_are_refused(self) -> None:
        made = trial(min_date_time="19700101T000000Z")
        expand = time_range("19600101T000000Z", "19600102T000000Z", "expand")
        response = report(made, multiget(HREFS[0], props=f"<C:calendar-data>{expand}</C:calendar-data>"))
        assert (response.status, condition(made, response)) == (403, C + "min-date-time")

    def test_what_has_too_many_instances_is_told_of_without_them(self) -> None:
        made = filled(max_instances=10)
        expand = time_range("20260101T000000Z", "20260201T000000Z", "expand")
        body = multiget(*HREFS, WORK + "none.ics", props=f"<D:getetag/><C:calendar-data>{expand}</C:calendar-data>")
        found = by_href(made, report(made, body))
        assert found[HREFS[0]].statuses() == {ETAG: 200, DATA: 403}
        assert found[HREFS[0]].conditions[DATA] == C + "max-instances"
        assert found[WORK + "none.ics"].status == 404


class TestBadItems:
    """Verifies: RFC 4791, 7.9"""

    @pytest.mark.parametrize("index", [None, ObjectIndex("bad", "VEVENT")])
    def test_they_are_given_as_they_are(self, index: ObjectIndex | None) -> None:
        made = filled()
        run(store(made, "bad.ics", b"no <calendar>\x0b\xff", index))
        for props in ("", "<C:limit-recurrence-set start='20260101T000000Z' end='20260201T000000Z'/>"):
            body = multiget(WORK + "bad.ics", HREFS[0], props=f"<C:calendar-data>{props}</C:calendar-data>")
            found = by_href(made, report(made, body))
            assert found[WORK + "bad.ics"].text(DATA) == "no <calendar>\ufffd"
            assert found[HREFS[0]].text(DATA).startswith("BEGIN:VCALENDAR")

    def test_they_have_no_other_form(self) -> None:
        made = filled()
        run(store(made, "bad.ics", b"no calendar", None))
        jcal = '<C:calendar-data content-type="application/calendar+json"/>'
        found = by_href(made, report(made, multiget(WORK + "bad.ics", HREFS[0], props=jcal)))
        assert found[WORK + "bad.ics"].conditions == {DATA: C + "supported-calendar-data"}
        assert found[HREFS[0]].text(DATA).startswith('["vcalendar"')

    def test_large_objects_are_given_too(self) -> None:
        made = trial()
        put(made, "large.ics", event("large", "DTSTART:20260105T100000Z\nDESCRIPTION:" + "long " * 20_000))
        (answer,) = by_href(made, report(made, multiget(WORK + "large.ics"))).values()
        assert answer.text(DATA).count("long ") == 20_000


class TestCosts:
    """What takes long is not done in one go.

    Verifies: RFC 4918, 13; docs/architecture.md, Overload
    """

    def test_many_collections(self) -> None:
        made = filled()
        hrefs = [f"/calendars/alice/{number}/a.ics" for number in range(300)]
        response = report(made, multiget(*hrefs), "/calendars/alice/", None)
        assert not isinstance(response.body, (bytes, list))
        assert list(by_href(made, response)) == hrefs

    def test_deep_collections(self) -> None:
        made = filled()
        hrefs = [f"/calendars/alice/{'d/' * 60}{number}/a.ics" for number in range(50)]
        response = report(made, multiget(*hrefs), "/calendars/alice/", None)
        assert not isinstance(response.body, (bytes, list))
        assert list(by_href(made, response)) == hrefs

    def test_what_is_missing(self) -> None:
        made = filled()
        hrefs = [f"{WORK}{number}.ics" for number in range(700)]
        response = report(made, multiget(*hrefs), WORK, None)
        assert not isinstance(response.body, (bytes, list))
        assert list(by_href(made, response)) == hrefs


class TestStreams:
    """Verifies: RFC 4918, 13; docs/architecture.md, Overload"""

    @pytest.fixture(autouse=True)
    def _from_the_start(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(stream, "FIRST_WORK", 0)
        yield

    def test_a_long_answer_leaves_in_pieces(self) -> None:
        made = filled()
        hrefs = [f"{WORK}{number}.ics" for number in range(250)]
        hrefs[120:120] = HREFS
        response = report(made, multiget(*hrefs))
        assert not isinstance(response.body, (bytes, list))
        found = by_href(made, response)
        assert list(found) == hrefs
        assert [href for href, answer in found.items() if answer.status is None] == list(HREFS)

    def test_what_goes_meanwhile_is_404(self) -> None:
        made = filled()
        response = report(made, multiget(*HREFS))
        made.request("DELETE", HREFS[1])
        found = by_href(made, response)
        assert [answer.status for answer in found.values()] == [None, 404, None]

    def test_with_understanding(self) -> None:
        made = filled()
        limit = time_range("20260101T000000Z", "20260201T000000Z", "limit-recurrence-set")
        body = multiget(*HREFS, props=f"<C:calendar-data>{limit}</C:calendar-data>")
        assert len(by_href(made, report(made, body))) == 3
