"""Objects that take long to go through are worked on in threads, and what is told of them is the same.

Verifies: RFC 4791, 7.8, 7.9, 7.10, 9.6; docs/architecture.md, Overload
"""

from __future__ import annotations

import pytest

from davd.caldav.extension import make
from davd.caldav.objects import CalendarObjects
from davd.caldav.reports import stream
from davd.caldav.reports.rows import make_reports
from davd.caldav.settings import CalDavSettings
from davd.model.index import FOREVER, ObjectIndex, Span
from davd.testing.exchange import Trial, run
from tests.caldav.reports.questions import (
    DATA,
    WORK,
    answers,
    comp,
    event,
    free_busy,
    multiget,
    prop,
    put,
    query,
    report,
    store,
    text,
    time_range,
    trial,
)
from tests.dav.watched import Watch

RANGE = 'start="20260101T000000Z" end="20260108T000000Z"'
MANY = "\n".join(["X-A:"] * 1300)
WIDE = "DESCRIPTION:" + "x" * 40_000
FORMS = {
    "expand": f"<C:calendar-data><C:expand {RANGE}/></C:calendar-data>",
    "limit": f"<C:calendar-data><C:limit-recurrence-set {RANGE}/></C:calendar-data>",
    "part": '<C:calendar-data><C:comp name="VCALENDAR"><C:comp name="VEVENT"><C:prop name="UID"/></C:comp></C:comp>'
    "</C:calendar-data>",
    "json": '<C:calendar-data content-type="application/calendar+json" version="2.0"/>',
}


def filled(*long: str) -> Trial:
    """Five events a day; those that are named by `long` are long."""
    made = trial()
    for name in "abcde":
        lines = {"b": MANY, "d": WIDE}.get(name, "COMMENT:short") if name in long else "COMMENT:short"
        put(
            made,
            f"{name}.ics",
            event(name, f"DTSTART:20260105T100000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:s{name}\n{lines}"),
        )
    return made


@pytest.mark.parametrize("form", FORMS)
def test_named_ones(form: str) -> None:
    """Both are parsed and written in a thread; the others are told of at once, and all in their order."""
    made = filled("b", "d")
    watch = Watch(made)
    hrefs = [f"{WORK}{name}.ics" for name in "abcde"]
    found = answers(made, multiget(*hrefs, props=FORMS[form]))
    assert [f"{WORK}{name}" for name in found] == hrefs
    assert watch.asides == 4
    for name in "abcde":
        told = found[f"{name}.ics"].text(DATA)
        assert f"UID:{name}" in told or f'"text","{name}"' in told
        assert ("RRULE" in told) == (form == "limit")


def test_whole_ones() -> None:
    """As they are stored they are given at once."""
    made = filled("b", "d")
    watch = Watch(made)
    assert len(answers(made, multiget(*[f"{WORK}{name}.ics" for name in "abcde"]))) == 5
    assert watch.asides == 0


def test_they_are_remembered() -> None:
    """The second time they need not be parsed, and what has been worked out of their times is not shared."""
    memory = CalendarObjects()
    extension = make(CalDavSettings())
    extension.reports = make_reports(CalDavSettings(), memory)
    made = Trial(extension)
    made.request("MKCALENDAR", WORK)
    put(made, "b.ics", event("b", f"DTSTART:20260105T100000Z\n{MANY}"))
    watch = Watch(made)
    asked = multiget(WORK + "b.ics", props=FORMS["expand"])
    for asides in (2, 3):
        assert b"UID:b" in made.read(report(made, asked))
        assert watch.asides == asides


@pytest.mark.parametrize(
    ("content", "asides"),
    [
        (comp("VEVENT", prop("SUMMARY", text("s"))), 4),
        (comp("VEVENT", time_range("20260105T000000Z", "20260106T000000Z") + prop("X-B", "<C:is-not-defined/>")), 4),
        (comp("VEVENT"), 0),
    ],
    ids=["text", "time", "index"],
)
def test_those_that_match(content: str, asides: int) -> None:
    """What the index does not settle is looked into in a thread, where it is long."""
    made = filled("b", "d")
    watch = Watch(made)
    found = answers(made, query(content))
    assert list(found) == [f"{name}.ics" for name in "abcde"]
    assert watch.asides == asides


def test_what_is_none_breaks_nothing() -> None:
    """It is found by no filter that looks into it, is told of as it is, and takes no time."""
    made = filled("b")
    index = ObjectIndex("bad", "VEVENT", (Span(-FOREVER, FOREVER, False),))
    bad = b"BEGIN:VCALENDAR\r\n" + b"X-A:\r\n" * 1300 + b"END:VEVENT\r\n"
    run(store(made, "bad.ics", bad, index))
    watch = Watch(made)
    found = answers(made, query(comp("VEVENT", prop("X-B", "<C:is-not-defined/>"))))
    assert len(found) == 5
    found = answers(made, multiget(WORK + "bad.ics", WORK + "b.ics", props=FORMS["expand"]))
    assert "END:VEVENT" in found["bad.ics"].text(DATA) and "UID:b" in found["b.ics"].text(DATA)
    busy = made.read(report(made, free_busy("20260105T000000Z", "20260106T000000Z")))
    assert busy.count(b"FREEBUSY;") == 1
    page = made.request("GET", WORK, {"Accept": "text/html"})
    assert page.status == 200 and watch.asides == 8


def test_free_busy() -> None:
    """What takes up time is the same, however long the objects are."""
    asked = free_busy("20260105T000000Z", "20260108T000000Z")
    answers_of = []
    for long in ("", "bd"):
        made = filled(*long)
        watch = Watch(made)
        answers_of.append(made.read(report(made, asked)))
        assert watch.asides == len(long)
    assert answers_of[0] == answers_of[1] and b"20260105T100000Z/20260105T110000Z" in answers_of[0]


def test_long_availability() -> None:
    """It is read in a thread too, when the transaction has ended."""
    made = filled()
    zone = "\n".join([f"X-A:{number}" for number in range(1300)])
    value = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VAVAILABILITY\nUID:v\nDTSTAMP:20260101T000000Z\n{zone}\n"
        "BEGIN:AVAILABLE\nUID:w\nDTSTAMP:20260101T000000Z\nDTSTART:20260105T080000Z\nDTEND:20260105T180000Z\n"
        "END:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
    )
    body = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
        f"<C:calendar-availability>{value}</C:calendar-availability></D:prop></D:set></D:propertyupdate>"
    )
    assert b"200 OK" in made.read(made.request("PROPPATCH", WORK, {}, body.encode()))
    watch = Watch(made)
    told = made.read(report(made, free_busy("20260105T000000Z", "20260106T000000Z")))
    assert told.count(b"BUSY-UNAVAILABLE") == 1 and watch.asides == 1


def test_a_batch_ends_when_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many large objects some are read at a time, and all are told of, each once."""
    monkeypatch.setattr(stream, "FIRST_WORK", 0)
    made = trial()
    names = [f"{number:02}.ics" for number in range(20)]
    for name in names:
        put(made, name, event(name, "DTSTART:20260105T100000Z\nSUMMARY:s\nDESCRIPTION:" + "x" * 60_000))
    absent = [WORK + "none.ics", WORK + "gone.ics"]
    reads: list[int] = []
    read = made.store.read

    def counted() -> object:
        reads.append(1)
        return read()

    vars(made.store)["read"] = counted
    hrefs = [WORK + names[0], absent[0], *[WORK + name for name in names[1:]], absent[1]]
    found = answers(made, multiget(*hrefs))
    assert [WORK + name for name in found] == hrefs
    assert [found[name].status for name in ("none.ics", "gone.ics")] == [404, 404]
    # 256 KiB hold four of them.
    assert len(reads) >= 5
    assert list(answers(made, query(comp("VEVENT", time_range("20260105T000000Z", "20260106T000000Z"))))) == names
    whole = query(comp("VEVENT"), props="<D:getetag/><C:calendar-data/>")
    assert list(answers(made, whole)) == names
    looked = query(comp("VEVENT", prop("SUMMARY", text("s"))))
    assert list(answers(made, looked)) == names


@pytest.mark.parametrize("props", ["<C:calendar-data/>", FORMS["json"]])
def test_what_is_very_long_is_told_in_pieces(props: str) -> None:
    """Together they are what they would have been in one."""
    made = trial()
    put(made, "a.ics", event("a", "DTSTART:20260105T100000Z\nDESCRIPTION:" + "x" * 300_000))
    put(made, "b.ics", event("b", "DTSTART:20260105T100000Z"))
    found = answers(made, multiget(WORK + "a.ics", WORK + "b.ics", props="<D:getetag/>" + props + "<D:none/>"))
    told = found["a.ics"].text(DATA)
    assert told.count("x") >= 300_000 and "20260105" in told.replace("-", "")
    assert found["a.ics"].statuses() == found["b.ics"].statuses()
    assert sorted(found["a.ics"].statuses().values()) == [200, 200, 404]
