"""calendar-query over a memory store.

Verifies: RFC 4791, 7.2, 7.3, 7.8; RFC 7809, 3.1.6; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from davd.caldav.reports import calendar_query, limits, stream
from davd.dav.settings import DavSettings
from davd.model.acl import Ace, write
from davd.model.index import FOREVER, ObjectIndex, Span
from davd.testing.exchange import Trial, run
from tests.caldav.reports.questions import (
    DATA,
    ETAG,
    WORK,
    C,
    answers,
    comp,
    event,
    multiget,
    names,
    prop,
    put,
    query,
    report,
    store,
    text,
    time_range,
    trial,
)
from tests.dav.answers import by_href, condition

TOO_MANY = "{DAV:}number-of-matches-within-limits"
WITH_DATA = "<D:getetag/><C:calendar-data/>"
JANUARY = ("20260101T000000Z", "20260201T000000Z")


def at(hour: int, content: str = "") -> str:
    return f"DTSTART:20260105T{hour:02}0000Z\nDURATION:PT1H{content}"


def filled(count: int = 3, **settings: int) -> Trial:
    made = trial(**settings)
    for number in range(count):
        put(made, f"{number}.ics", event(f"uid-{number}", at(number % 24, f"\nSUMMARY:Number {number}")))
    return made


class TestAnswers:
    """Verifies: RFC 4791, 7.8; RFC 4918, 14.24"""

    def test_properties_and_data_of_what_matches(self) -> None:
        made = filled()
        found = by_href(made, report(made, query(comp("VEVENT"), WITH_DATA + "<D:nothing/>")))
        assert list(found) == [f"{WORK}{number}.ics" for number in range(3)]
        for href, answer in found.items():
            stored = made.request("GET", href)
            assert answer.text(ETAG) == stored.headers["ETag"]
            assert answer.text(DATA) == made.read(stored).decode().replace("\r\n", "\n")
            assert answer.statuses()["{DAV:}nothing"] == 404

    def test_nothing_is_an_empty_multistatus(self) -> None:
        made = trial()
        response = report(made, query(comp("VEVENT")))
        assert (response.status, answers(made, query(comp("VEVENT")))) == (207, {})
        assert answers(filled(), query(comp("VEVENT") + comp("VTODO"))) == {}

    @pytest.mark.parametrize("props", ["<D:getetag/>", WITH_DATA, "<C:calendar-data/>", ""])
    @pytest.mark.parametrize("content", ["", comp("VEVENT"), comp("VEVENT", prop("SUMMARY", text("umber")))])
    def test_each_way_to_ask_finds_the_same(self, content: str, props: str) -> None:
        found = answers(filled(), query(content, props))
        assert list(found) == ["0.ics", "1.ics", "2.ics"]
        assert {answer.status for answer in found.values()} == {None}

    def test_without_properties_it_is_told_that_an_object_is_there(self) -> None:
        found = answers(filled(1), query(comp("VEVENT"), ""))
        assert found["0.ics"].properties == {}

    def test_all_properties_and_their_names(self) -> None:
        made = filled(1)
        body = query(comp("VEVENT"), "")
        everything = answers(made, body.replace(b"<C:filter>", b"<D:allprop/><C:filter>"))["0.ics"]
        assert everything.text("{DAV:}getcontenttype").startswith("text/calendar")
        assert DATA not in everything.properties
        named = answers(made, body.replace(b"<C:filter>", b"<D:propname/><C:filter>"))["0.ics"]
        assert ETAG in named.found()

    def test_what_is_missing_is_left_out_where_little_is_wanted(self) -> None:
        made = filled(1)
        response = report(made, query(comp("VEVENT"), WITH_DATA + "<D:nothing/>"), headers={"Prefer": "return=minimal"})
        assert response.headers["Preference-Applied"] == "return=minimal"
        (answer,) = by_href(made, response).values()
        assert answer.statuses() == {ETAG: 200, DATA: 200}

    def test_calendar_data_is_no_property(self) -> None:
        made = filled(1)
        asked = f'<D:propfind xmlns:D="DAV:" xmlns:C="{C[1:-1]}"><D:prop><C:calendar-data/></D:prop></D:propfind>'
        response = made.request("PROPFIND", WORK + "0.ics", {"Depth": "0"}, asked.encode())
        (answer,) = by_href(made, response).values()
        assert answer.statuses() == {DATA: 404}

    def test_names_are_written_as_references(self) -> None:
        made = trial()
        put(made, "a%20b&c%C3%A9.ics", event("1", at(1)))
        (href,) = by_href(made, report(made, query(comp("VEVENT"), WITH_DATA)))
        assert href == WORK + "a%20b%26c%C3%A9.ics"

    def test_the_prefix_is_part_of_references(self) -> None:
        made = trial(DavSettings(prefix="/dav"))
        put(made, "a.ics", event("1", at(1)))
        for props in ("<D:getetag/>", WITH_DATA):
            assert list(by_href(made, report(made, query(comp("VEVENT"), props)))) == [f"/dav{WORK}a.ics"]


class TestPlaces:
    """Verifies: RFC 4791, 7.2, 7.8"""

    def places(self) -> Trial:
        made = trial()
        put(made, "a.ics", event("a", at(1)))
        assert made.request("MKCOL", "/calendars/alice/more/").status == 201
        assert made.request("MKCALENDAR", "/calendars/alice/more/deep/").status == 201
        put(made, "b.ics", event("b", at(2)), "/calendars/alice/more/deep/")
        assert made.request("MKCALENDAR", "/calendars/bob/own/", user="bob").status == 201
        put(made, "c.ics", event("c", at(3)), "/calendars/bob/own/", "bob")
        made.request("PUT", "/files/alice/d.ics", {"Content-Type": "text/calendar"}, event("d", at(4)).encode())
        return made

    @pytest.mark.parametrize(
        ("path", "depth", "expected"),
        [
            (WORK, "1", ["a.ics"]),
            (WORK, "infinity", ["a.ics"]),
            (WORK, "0", []),
            (WORK, None, []),
            ("/calendars/alice/", "0", []),
            ("/calendars/alice/", "1", []),
            ("/calendars/alice/", "infinity", ["a.ics", "b.ics"]),
            ("/calendars/alice/more/", "1", []),
            ("/calendars/alice/more/", "infinity", ["b.ics"]),
            ("/", "infinity", ["a.ics", "b.ics"]),
            ("/files/alice/", "infinity", []),
            (WORK + "a.ics", "0", ["a.ics"]),
            (WORK + "a.ics", None, ["a.ics"]),
            (WORK + "a.ics", "infinity", ["a.ics"]),
        ],
    )
    def test_the_depth_tells_how_deep_objects_are(self, path: str, depth: str | None, expected: list[str]) -> None:
        assert list(answers(self.places(), query(comp("VEVENT")), path=path, depth=depth)) == expected

    def test_a_home_has_two_levels_of_objects(self) -> None:
        # Its calendars are members, and the objects in them are not.
        made = self.places()
        put(made, "z.ics", event("z", at(5)))
        found = by_href(made, report(made, query(comp("VEVENT"), WITH_DATA), "/calendars/alice/", "infinity"))
        assert list(found) == [WORK + "a.ics", WORK + "z.ics", "/calendars/alice/more/deep/b.ics"]

    def test_one_object_is_asked_like_many(self) -> None:
        made = self.places()
        path = WORK + "a.ics"
        assert names(made, comp("VEVENT", time_range(*JANUARY)), path=path) == ["a"]
        assert names(made, comp("VEVENT", time_range("20270101T000000Z")), path=path) == []
        assert names(made, comp("VEVENT", prop("UID", text("A"))), path=path) == ["a"]
        assert names(made, comp("VEVENT", prop("UID", text("b"))), path=path) == []
        assert names(made, comp("VTODO"), path=path) == []
        assert names(made, comp("VEVENT") + comp("VTODO"), path=path) == []
        (answer,) = by_href(made, report(made, query("", WITH_DATA), path)).values()
        assert answer.href == path and answer.text(DATA)

    def test_other_files_are_no_objects(self) -> None:
        response = report(self.places(), query(comp("VEVENT")), "/files/alice/d.ics")
        assert response.status == 403

    def test_what_belongs_to_others_is_not_there(self) -> None:
        made = self.places()
        assert report(made, query(comp("VEVENT")), "/calendars/bob/own/").status == 404
        assert report(made, query(comp("VEVENT")), "/calendars/none/own/").status == 404

    def test_what_others_share_is(self) -> None:
        made = self.places()
        run(grant(made, ("calendars", "bob", "own"), Ace("name:alice", ("{DAV:}read",))))
        assert list(answers(made, query(comp("VEVENT")), path="/calendars/bob/own/")) == ["c.ics"]
        # The way there leads through a home that is not shared.
        everywhere = query(comp("VEVENT"))
        assert sorted(answers(made, everywhere, path="/", depth="infinity")) == ["a.ics", "b.ics"]
        run(grant(made, ("calendars", "bob"), Ace("name:alice", ("{DAV:}read",))))
        assert sorted(answers(made, everywhere, path="/", depth="infinity")) == ["a.ics", "b.ics", "c.ics"]

    def test_too_many_collections_are_not_looked_through(self) -> None:
        made = trial(DavSettings(max_propfind_nodes=3))
        for number in range(4):
            made.request("MKCOL", f"/calendars/alice/{number}/")
        response = report(made, query(comp("VEVENT")), "/calendars/alice/", "infinity")
        assert (response.status, condition(made, response)) == (507, TOO_MANY)


async def grant(made: Trial, segments: tuple[str, ...], *entries: Ace) -> None:
    async with made.store.write() as transaction:
        chain = await transaction.resolve(segments)
        await transaction.set_acl(chain[-1], write(entries), made.now)


class TestZones:
    """Verifies: RFC 4791, 7.3; RFC 7809, 3.1.6"""

    EVENING = comp("VEVENT", time_range("20260105T200000Z", "20260105T210000Z"))

    def floating(self, zone: str = "") -> Trial:
        made = trial()
        body = ""
        if zone:
            body = (
                f'<C:mkcalendar xmlns:C="{C[1:-1]}" xmlns:D="DAV:"><D:set><D:prop><C:calendar-timezone-id>{zone}'
                "</C:calendar-timezone-id></D:prop></D:set></C:mkcalendar>"
            )
        assert made.request("MKCALENDAR", "/calendars/alice/zone/", {}, body.encode()).status == 201
        put(made, "a.ics", event("1", "DTSTART:20260106T050000\nDURATION:PT1H"), "/calendars/alice/zone/")
        return made

    def found(self, made: Trial, rest: str = "") -> list[str]:
        return names(made, self.EVENING, rest, path="/calendars/alice/zone/")

    def test_the_zone_of_the_question_comes_first(self) -> None:
        made = self.floating("America/New_York")
        assert self.found(made) == []
        assert self.found(made, "<C:timezone-id>Asia/Tokyo</C:timezone-id>") == ["a"]

    def test_then_that_of_the_calendar(self) -> None:
        made = self.floating("Asia/Tokyo")
        assert self.found(made) == ["a"]
        assert self.found(made, "<C:timezone-id>UTC</C:timezone-id>") == []

    def test_then_that_of_the_settings(self) -> None:
        assert self.found(self.floating()) == []
        made = trial(time_zone="Asia/Tokyo")
        put(made, "a.ics", event("1", "DTSTART:20260106T050000\nDURATION:PT1H"))
        assert names(made, self.EVENING) == ["a"]
        assert names(made, self.EVENING, path=WORK + "a.ics") == ["a"]


class TestRefusals:
    """Verifies: RFC 4791, 7.5, 7.8"""

    @pytest.mark.parametrize(
        ("body", "name"),
        [
            (query(comp("VTODO", comp("VEVENT"))), "valid-filter"),
            (query(comp("VEVENT", prop("X-Y", time_range(JANUARY[0])))), "supported-filter"),
            (query(comp("VEVENT", prop("UID", text("a", 'collation="i;basic"')))), "supported-collation"),
            (query("", '<C:calendar-data content-type="text/plain"/>'), "supported-calendar-data"),
            (query(rest="<C:timezone>Berlin</C:timezone>"), "valid-calendar-data"),
            (query(rest="<C:timezone-id>Nowhere</C:timezone-id>"), "valid-timezone"),
            (query(comp("VEVENT", time_range("19691231T235959Z"))), "min-date-time"),
            (query(comp("VEVENT", time_range("", "20380101T000001Z"))), "max-date-time"),
            (query(comp("VEVENT", comp("VALARM", time_range("19691231T235959Z")))), "min-date-time"),
            (
                query("", f"<C:calendar-data>{time_range(JANUARY[0], '20400101T000000Z', 'expand')}</C:calendar-data>"),
                "max-date-time",
            ),
        ],
    )
    def test_each_precondition_has_its_name(self, body: bytes, name: str) -> None:
        made = trial(min_date_time="19700101T000000Z", max_date_time="20380101T000000Z")
        response = report(made, body)
        assert (response.status, condition(made, response)) == (403, C + name)

    def test_what_is_malformed_is_400(self) -> None:
        made = trial()
        assert report(made, f'<C:calendar-query xmlns:C="{C[1:-1]}"/>'.encode()).status == 400

    def test_the_ends_of_all_time_may_be_asked_about(self) -> None:
        made = filled(1, min_date_time="19700101T000000Z", max_date_time="20380101T000000Z")
        assert names(made, comp("VEVENT", time_range("19700101T000000Z", "20380101T000000Z"))) == ["0"]


class TestLimits:
    """Verifies: RFC 4791, 7.8"""

    def test_of_more_than_may_be_told_of_by_name_as_many_are(self) -> None:
        made = filled(3, max_query_names=2)
        found = by_href(made, report(made, query(comp("VEVENT"))))
        assert list(found) == [WORK + "0.ics", WORK + "1.ics", WORK]
        assert (found[WORK].status, found[WORK].condition) == (507, TOO_MANY)
        assert len(answers(made, query(comp("VEVENT", time_range("", "20260105T020000Z"))))) == 2

    def test_of_more_than_may_be_given_as_many_are(self) -> None:
        made = filled(3, max_query_results=2)
        found = by_href(made, report(made, query(comp("VEVENT"), WITH_DATA)))
        assert [answer.status for answer in found.values()] == [None, None, 507]
        assert len(answers(made, query(comp("VEVENT")))) == 3

    @pytest.mark.parametrize("props", ["<D:getetag/>", WITH_DATA])
    def test_what_is_found_out_late_is_the_last_response(self, props: str) -> None:
        made = filled(4, max_query_results=2, max_query_names=2)
        found = by_href(made, report(made, query(comp("VEVENT", prop("SUMMARY", text("umber"))), props)))
        assert list(found) == [WORK + "0.ics", WORK + "1.ics", WORK]
        assert (found[WORK].status, found[WORK].condition) == (507, TOO_MANY)
        exact = query(comp("VEVENT", prop("SUMMARY", text("umber 2"))), props)
        assert list(answers(made, exact)) == ["2.ics"]

    def test_more_than_may_be_looked_at_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(calendar_query, "MOST_CANDIDATES", 2)
        made = filled(3)
        response = report(made, query(comp("VEVENT", prop("SUMMARY"))))
        assert (response.status, condition(made, response)) == (507, TOO_MANY)

    @pytest.mark.parametrize("first", ["a", "z"])
    def test_more_than_the_index_may_give_are_cut_off(self, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
        monkeypatch.setattr(calendar_query, "MOST_CANDIDATES", 3)
        made = filled(3)
        home = "/calendars/alice/"
        assert len(answers(made, query(comp("VEVENT")))) == 3
        made.request("MKCALENDAR", f"{home}{first}/")
        for name in ("b", "c"):
            put(made, f"{name}.ics", event(name, at(1)), f"{home}{first}/")
        found = by_href(made, report(made, query(comp("VEVENT")), home, "infinity"))
        assert [answer.status for answer in found.values()] == [None, None, None, 507]
        assert found[home].condition == TOO_MANY

    def test_what_exceptions_leave_nothing_of_is_not_found(self) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(1, "\nEXDATE:20260105T010000Z")))
        put(made, "b.ics", event("b", at(1)))
        assert names(made, comp("VEVENT", time_range(*JANUARY))) == ["b"]

    @pytest.mark.parametrize("asked", [time_range(*JANUARY), ""])
    def test_what_has_no_instance_where_they_are_asked_for(self, asked: str) -> None:
        made = trial()
        put(made, "b.ics", event("b", at(1)))
        index = ObjectIndex("a", "VEVENT", (Span(1767225600, 1767312000, True),))
        run(store(made, "a.ics", event("a", at(1, "\nEXDATE:20260105T010000Z")).replace("\n", "\r\n").encode(), index))
        expand = f"<C:calendar-data>{time_range(*JANUARY, 'expand')}</C:calendar-data>"
        found = list(answers(made, query(comp("VEVENT", asked), expand)))
        assert found == (["b.ics"] if asked else ["a.ics", "b.ics"])
        # Who names an object is told of it.
        assert len(answers(made, multiget(WORK + "a.ics", props=expand))) == 1

    def test_a_report_ends_when_it_has_cost_too_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = filled(3)
        monkeypatch.setattr(limits, "MOST_WORK", 40)
        found = by_href(made, report(made, query(comp("VEVENT", prop("SUMMARY")))))
        assert found[WORK].status == 507
        assert 0 < len(found) < 4

    def test_what_has_too_many_instances_is_told_of_without_them(self) -> None:
        made = trial(max_instances=10)
        put(made, "many.ics", event("many", at(1, "\nRRULE:FREQ=DAILY")))
        put(made, "one.ics", event("one", at(2)))
        expand = f"<D:getetag/><C:calendar-data>{time_range(*JANUARY, 'expand')}</C:calendar-data>"
        found = answers(made, query(comp("VEVENT"), expand))
        assert found["many.ics"].statuses() == {ETAG: 200, DATA: 403}
        assert found["many.ics"].conditions == {DATA: C + "max-instances"}
        assert found["one.ics"].statuses() == {ETAG: 200, DATA: 200}

    def test_what_has_too_many_instances_to_be_told_matches(self) -> None:
        alarm = "\nRRULE:FREQ=HOURLY\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-P1D\nEND:VALARM"
        asked = comp("VEVENT", comp("VALARM", time_range("20260205T103000Z", "20260205T103001Z")))
        for most, expected in ((1000, []), (1, ["a"])):
            made = trial(max_instances=most)
            put(made, "a.ics", event("a", at(1, alarm)))
            assert names(made, asked) == expected


class TestBadItems:
    """Verifies: RFC 4791, 7.8"""

    SPAN = (Span(-FOREVER, FOREVER, True),)

    def bad(self, content: bytes = b"no calendar", spans: tuple[Span, ...] = SPAN) -> Trial:
        made = filled(1)
        run(store(made, "bad.ics", content, ObjectIndex("bad", "VEVENT", spans)))
        return made

    def test_what_cannot_be_read_matches_nothing_that_has_to_look(self) -> None:
        made = self.bad()
        assert names(made, comp("VEVENT", prop("UID"))) == ["0"]
        assert names(self.bad(spans=(Span(0, FOREVER, False),)), comp("VEVENT", time_range(*JANUARY))) == ["0"]

    def test_what_the_index_knows_of_it_is_enough(self) -> None:
        found = answers(self.bad(), query(comp("VEVENT", time_range(*JANUARY)), WITH_DATA))
        assert found["bad.ics"].text(DATA) == "no calendar"
        assert list(found) == ["0.ics", "bad.ics"]

    def test_its_parts_are_all_of_it(self) -> None:
        parts = '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/></C:comp></C:calendar-data>'
        found = answers(self.bad(), query(comp("VEVENT"), parts))
        assert found["bad.ics"].text(DATA) == "no calendar"
        assert found["0.ics"].text(DATA) == "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"

    def test_it_has_no_other_form(self) -> None:
        jcal = '<C:calendar-data content-type="application/calendar+json"/>'
        found = answers(self.bad(), query(comp("VEVENT"), jcal))
        assert found["bad.ics"].conditions == {DATA: C + "supported-calendar-data"}
        assert found["0.ics"].text(DATA).startswith('["vcalendar"')

    def test_broken_times_are_given_as_they_are(self) -> None:
        content = event("bad", "DTSTART:soon").encode()
        expand = f"<C:calendar-data>{time_range(*JANUARY, 'expand')}</C:calendar-data>"
        found = answers(self.bad(content), query(comp("VEVENT"), expand))
        assert "DTSTART:soon" in found["bad.ics"].text(DATA)
        assert names(self.bad(content), comp("VEVENT", time_range(*JANUARY) + prop("UID"))) == ["0"]

    def test_members_without_an_index_are_not_found(self) -> None:
        made = filled(1)
        run(store(made, "unknown.ics", event("unknown", at(2)).encode(), None))
        assert names(made, "") == ["0"]


class TestStreams:
    """Verifies: RFC 4918, 13; docs/architecture.md, Overload"""

    @pytest.fixture(autouse=True)
    def _from_the_start(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(stream, "FIRST_WORK", 0)
        yield

    @pytest.mark.parametrize("props", ["<D:getetag/>", WITH_DATA])
    @pytest.mark.parametrize("content", [comp("VEVENT"), comp("VEVENT", prop("SUMMARY", text("umber")))])
    def test_a_long_answer_leaves_in_pieces(self, props: str, content: str) -> None:
        made = filled(60)
        response = report(made, query(content, props))
        assert not isinstance(response.body, (bytes, list))
        assert list(by_href(made, response)) == sorted([f"{WORK}{number}.ics" for number in range(60)])

    def test_several_calendars_follow_each_other(self) -> None:
        made = filled(30)
        made.request("MKCALENDAR", "/calendars/alice/second/")
        put(made, "x.ics", event("x", "DTSTART:20260105T100000"), "/calendars/alice/second/")
        content = comp("VEVENT", time_range(*JANUARY))
        assert len(answers(made, query(content, WITH_DATA), path="/calendars/alice/", depth="infinity")) == 31

    def test_what_goes_meanwhile_is_left_out(self) -> None:
        made = filled(3)
        response = report(made, query(comp("VEVENT"), WITH_DATA))
        made.request("DELETE", WORK + "1.ics")
        made.request("MOVE", WORK + "2.ics", {"Destination": "http://dav.example/calendars/alice/calendar/2.ics"})
        assert list(by_href(made, response)) == [WORK + "0.ics"]

    def test_a_calendar_that_goes_meanwhile_leaves_nothing(self) -> None:
        made = filled(3)
        response = report(made, query(comp("VEVENT"), WITH_DATA))
        made.request("DELETE", WORK)
        assert by_href(made, response) == {}

    def test_one_object(self) -> None:
        made = filled(1)
        assert list(answers(made, query(comp("VEVENT"), WITH_DATA), path=WORK + "0.ics")) == ["0.ics"]

    def test_instances_too(self) -> None:
        made = trial()
        put(made, "a.ics", event("a", at(1, "\nRRULE:FREQ=HOURLY")))
        expand = f"<C:calendar-data>{time_range(*JANUARY, 'expand')}</C:calendar-data>"
        found = answers(made, query(comp("VEVENT"), expand))
        assert found["a.ics"].text(DATA).count("BEGIN:VEVENT") == 27 * 24 - 1
