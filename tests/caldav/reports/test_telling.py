"""Responses about calendar objects.

Verifies: RFC 4791, 7.6, 7.8, 7.9; RFC 8144, 2.1
"""

from __future__ import annotations

import pytest

from davd.testing.exchange import Trial
from tests.caldav.calendars import proppatch
from tests.caldav.reports.questions import (
    DATA,
    ETAG,
    WORK,
    C,
    answers,
    comp,
    event,
    multiget,
    put,
    query,
    report,
    trial,
)
from tests.dav.answers import by_href

DEAD = '<x:note xmlns:x="urn:x">kept</x:note>'
ASKED = '<x:note xmlns:x="urn:x"/>'
LIVE = "<D:getetag/><D:lockdiscovery/><D:displayname/>"


@pytest.fixture
def made() -> Trial:
    tree = trial()
    put(tree, "a.ics", event("a", "DTSTART:20260105T100000Z\nSUMMARY:Text"))
    put(tree, "b.ics", event("b", "DTSTART:20260105T100000Z\nSUMMARY:Text"))
    assert b"200 OK" in tree.read(proppatch(tree, WORK + "a.ics", DEAD))
    return tree


@pytest.mark.parametrize("data", ["", "<C:calendar-data/>"])
@pytest.mark.parametrize("content", [comp("VEVENT"), comp("VEVENT", '<C:prop-filter name="SUMMARY"/>')])
def test_stored_and_live_properties_are_told_of_alike(made: Trial, content: str, data: str) -> None:
    asked = LIVE + ASKED + data
    for found in (
        answers(made, query(content, asked)),
        answers(made, multiget(WORK + "a.ics", WORK + "b.ics", props=asked)),
    ):
        assert found["a.ics"].text("{urn:x}note") == "kept"
        assert found["b.ics"].statuses()["{urn:x}note"] == 404
        for answer in found.values():
            assert answer.statuses()[ETAG] == answer.statuses()["{DAV:}lockdiscovery"] == 200
            assert (DATA in answer.properties) is bool(data)


def test_data_alone_is_a_propstat_of_its_own(made: Trial) -> None:
    found = answers(made, query("", "<C:calendar-data/>"))
    assert [answer.statuses() for answer in found.values()] == [{DATA: 200}, {DATA: 200}]


def test_data_that_cannot_be_given_is_refused_beside_the_properties(made: Trial) -> None:
    put(made, "a.ics", event("a", "DTSTART:20260105T100000Z\nRRULE:FREQ=MINUTELY"))
    expand = "<C:calendar-data><C:expand start='20260101T000000Z' end='20270101T000000Z'/></C:calendar-data>"
    for asked in (LIVE + expand, expand):
        found = answers(made, query("", asked))
        assert found["a.ics"].statuses()[DATA] == 403
        assert found["a.ics"].conditions[DATA] == C + "max-instances"
        assert found["b.ics"].statuses()[DATA] == 200
        if asked != expand:
            assert found["a.ics"].statuses()[ETAG] == 200


def test_large_objects_come_from_where_they_are_kept(made: Trial) -> None:
    put(made, "large.ics", event("large", "DTSTART:20260105T100000Z\nDESCRIPTION:" + "long " * 20_000))
    found = answers(made, query(comp("VEVENT", '<C:prop-filter name="DESCRIPTION"/>'), "<C:calendar-data/>"))
    assert list(found) == ["large.ics"]
    assert found["large.ics"].text(DATA).count("long ") == 20_000


def test_what_takes_long_to_write_leaves_later(made: Trial) -> None:
    put(made, "a.ics", event("a", "DTSTART:20260105T100000Z\nRRULE:FREQ=HOURLY"))
    expand = "<C:calendar-data><C:expand start='20260110T000000Z' end='20260120T000000Z'/></C:calendar-data>"
    response = report(made, multiget(WORK + "a.ics", props=expand))
    assert not isinstance(response.body, (bytes, list))
    (answer,) = by_href(made, response).values()
    assert answer.text(DATA).count("BEGIN:VEVENT") == 240
