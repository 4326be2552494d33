"""The examples of RFC 4791, as they are printed but for what is listed here as wrong in them.

The objects are those of Appendix B, with what only the examples show: the second overridden instance of Event #2, and
X-ABC-GUID of Event #3.

Verifies: RFC 4791, 7.8.1, 7.8.2, 7.8.3, 7.8.4, 7.8.5, 7.8.6, 7.8.7, 7.8.8, 7.8.9, 7.8.10, 7.9.1, 7.10.1, Appendix B
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from davd.formats.icalendar.freebusy import Busy, FreeBusyType, busy_steps
from davd.formats.icalendar.object import Component, parse
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.values import moment
from davd.formats.icalendar.zones.zone import UTC
from davd.testing.exchange import Trial
from tests.caldav.reports.questions import DATA, ETAG, WORK, answers, put, report, trial
from tests.dav.answers import Answer, by_href

FOLDER = Path(__file__).parents[2] / "corpus" / "rfc4791"
OBJECTS = [f"abcd{number}.ics" for number in range(1, 9)]

EVENT_3 = "UID:DC6C50A017428C5216A2F1CD@example.com"
BIS = "SUMMARY:Event #2 bis\nUID:00959BC664CA650E933C892C@example.com\nEND:VEVENT\n"
BIS_BIS = (
    "BEGIN:VEVENT\nDTSTAMP:20060206T001121Z\nDTSTART;TZID=US/Eastern:20060106T140000\nDURATION:PT1H\n"
    "RECURRENCE-ID;TZID=US/Eastern:20060106T120000\nSUMMARY:Event #2 bis bis\n"
    "UID:00959BC664CA650E933C892C@example.com\nEND:VEVENT\n"
)

# What an example prints, and what it has to be by the text around it, by Appendix B or by the question.
ERRATA: dict[str, list[tuple[str, str]]] = {
    # Of the VCALENDAR nothing but VERSION is asked for.
    "7.8.1": [("VERSION:2.0\nPRODID:-//Example Corp.//CalDAV Client//EN", "VERSION:2.0")],
    # "Date and local time with reference to time zone information MUST be converted into date with UTC time."
    "7.8.3": [
        ("0103T170000\n", "0103T170000Z\n"),
        ("0104T170000\n", "0104T170000Z\n"),
        ("0104T190000\n", "0104T190000Z\n"),
        ("0104T150000\n", "0104T150000Z\n"),
    ],
    "7.8.4": [("DTSTART:20060101T100000Z", "DTSTART:20060101T000000Z"), ("20060108T100000Z", "20060108T000000Z")],
    # It is the other to-do whose alarm goes off.
    "7.8.5": [("abcd4.ics", "abcd5.ics")],
    # What the examples show of these two objects, and Appendix B does not.
    "B": [
        (BIS + "END:VCALENDAR", BIS + BIS_BIS + "END:VCALENDAR"),
        (f"{EVENT_3}\n", f"{EVENT_3}\nX-ABC-GUID:E1CX5Dr-0007ym-Hz@example.com\n"),
    ],
}
# Questions that ask for nothing but calendar data, and are answered with ETags.
WITHOUT_ETAG = ("7.8.2", "7.8.3", "7.8.4")


@pytest.fixture(scope="module")
def made() -> Trial:
    tree = trial()
    for name in OBJECTS:
        put(tree, name, (FOLDER / name).read_bytes())
    return tree


def question(example: str) -> bytes:
    return (FOLDER / f"{example}.request.xml").read_bytes().replace(b"/bernard/work/", WORK.encode())


def expected(example: str) -> dict[str, str | None]:
    """The calendar data of each answer by name, None where it is not there."""
    printed = (FOLDER / f"{example}.response.xml").read_text()
    for wrong, right in ERRATA.get(example, ()):
        assert wrong in printed
        printed = printed.replace(wrong, right)
    found: dict[str, str | None] = {}
    for response in etree.fromstring(printed.encode()).findall("{DAV:}response"):
        name = (response.findtext("{DAV:}href") or "").rpartition("/")[2]
        found[name] = response.findtext(f".//{DATA}")
    return found


def told(component: Component) -> object:
    """What a component says, whatever the order of its properties."""
    lines = sorted([(line.name, sorted(line.params.items()), line.value) for line in component.lines])
    return component.name, lines, [told(inner) for inner in component.components]


def check(made: Trial, example: str, found: dict[str, Answer]) -> None:
    wanted = expected(example)
    assert list(found) == list(wanted)
    for name, text in wanted.items():
        answer = found[name]
        if text is None:
            assert answer.status == 404
            continue
        assert told(parse(answer.text(DATA).encode())) == told(parse(text.encode()))
        if example in WITHOUT_ETAG:
            assert answer.found() == [DATA]
        else:
            assert answer.text(ETAG) == made.request("GET", WORK + name).headers["ETag"]


@pytest.mark.parametrize("example", ["7.8.1", "7.8.2", "7.8.3", "7.8.4", "7.8.6", "7.8.7", "7.8.8", "7.8.9", "B"])
def test_calendar_query(made: Trial, example: str) -> None:
    check(made, example, answers(made, question(example)))


def test_calendar_query_by_the_time_of_an_alarm(made: Trial) -> None:
    # The to-do of Appendix B is due on a day, so its alarm goes off at another time than that of the example.
    assert not answers(made, question("7.8.5"))
    text = (FOLDER / "abcd5.ics").read_bytes()
    put(made, "abcd5.ics", text.replace(b"DUE;VALUE=DATE:20060106", b"DUE;TZID=US/Eastern:20060106T120000"))
    check(made, "7.8.5", answers(made, question("7.8.5")))
    put(made, "abcd5.ics", text)


def test_a_property_that_is_in_no_standard_is_searched(made: Trial) -> None:
    # RFC 4791, 7.7: "Servers MAY support the use of non-standard component, property, or parameter names". Nothing has
    # the text of the example in it.
    assert not answers(made, question("7.8.10"))
    assert list(answers(made, question("7.8.10").replace(b">ABC<", b">E1CX5Dr<"))) == ["abcd3.ics"]


def test_what_cannot_be_searched_is_named_as_in_the_example(made: Trial) -> None:
    timed = question("7.8.10").replace(b"<C:text-match>ABC</C:text-match>", b'<C:time-range start="20060104T000000Z"/>')
    response = report(made, timed)
    assert response.status == 403
    printed = (FOLDER / "7.8.10.response.xml").read_bytes()
    assert shape(made.read(response)) == shape(printed)


def shape(document: bytes) -> list[tuple[str, dict[str, str]]]:
    return [(str(element.tag), dict(element.attrib)) for element in etree.fromstring(document).iter()]


def test_calendar_multiget(made: Trial) -> None:
    check(made, "7.9.1", answers(made, question("7.9.1"), depth=None))
    assert list(by_href(made, report(made, question("7.9.1")))) == [WORK + "abcd1.ics", WORK + "mtg1.ics"]


def busy(made: Trial, body: bytes) -> tuple[Component, list[Busy]]:
    response = report(made, body)
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/calendar")
    calendar = parse(made.read(response))
    return calendar, busy_of(calendar)


def busy_of(calendar: Component) -> list[Busy]:
    start, end = moment("20000101T000000Z").wall, moment("20300101T000000Z").wall
    found = filter(None, busy_steps(calendar, start, end, UTC, Budget()))
    return sorted(found, key=lambda one: one.start)


def test_free_busy_query(made: Trial) -> None:
    # The question means the afternoon of January 4; by its letter it ends a day later, on which the user is busy too.
    printed = busy_of(parse((FOLDER / "7.10.1.response.ics").read_bytes()))
    calendar, found = busy(made, question("7.10.1").replace(b"20060105T220000Z", b"20060104T220000Z"))
    assert found == printed
    (component,) = calendar.components
    assert component.name == "VFREEBUSY"
    assert component.text("DTSTART") == "20060104T140000Z"
    assert component.text("DTEND") == "20060104T220000Z"
    _, found = busy(made, question("7.10.1"))
    morning = Busy(moment("20060105T100000Z").wall, moment("20060105T120000Z").wall, FreeBusyType.UNAVAILABLE)
    noon = Busy(moment("20060105T170000Z").wall, moment("20060105T180000Z").wall, FreeBusyType.BUSY)
    assert found == [*printed, morning, noon]
